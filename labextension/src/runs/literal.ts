/** What could not be read as a value. */
export class NoLiteral extends Error {}

const WORDS: Readonly<Record<string, unknown>> = {
  None: null,
  null: null,
  True: true,
  true: true,
  False: false,
  false: false
};
const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  b: '\b',
  f: '\f',
  0: '\0'
};
const NUMBER = /^[+-]?(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?/;

/** Reads a value as Python or JSON writes it: numbers, texts, lists, tuples, dictionaries. Throws NoLiteral. */
export function literal(text: string): unknown {
  const reading = new Reading(text);
  const value = reading.value();
  reading.end();
  return value;
}

/** A number as Python writes it; null: it is none. */
export function numberOf(text: string): number | null {
  const word = text.trim();
  const found = NUMBER.exec(word)?.[0];
  if (found === undefined || found.length !== word.length) {
    return null;
  }
  const value = Number(found.replace(/_/g, ''));
  return Number.isFinite(value) ? value : null;
}

/** Parts between commas; those within brackets and quotes are not between. */
export function parts(text: string): string[] {
  const found: string[] = [];
  let [depth, quote, begin] = [0, '', 0];
  for (let at = 0; at < text.length; at++) {
    const mark = text.charAt(at);
    if (quote) {
      if (mark === '\\') {
        at += 1;
      } else if (mark === quote) {
        quote = '';
      }
    } else if (
      (mark === '"' || mark === "'") &&
      text.slice(begin, at).trim() === ''
    ) {
      quote = mark; // one within a word, as in o'clock, is a letter
    } else if (depth > 0 && (mark === '"' || mark === "'")) {
      quote = mark;
    } else if ('[({'.includes(mark)) {
      depth += 1;
    } else if ('])}'.includes(mark)) {
      depth -= 1;
    } else if (mark === ',' && depth <= 0) {
      found.push(text.slice(begin, at));
      begin = at + 1;
    }
  }
  return [...found, text.slice(begin)]
    .map(part => part.trim())
    .filter(part => part !== '');
}

class Reading {
  constructor(private readonly _text: string) {}

  value(): unknown {
    this._space();
    const mark = this._text.charAt(this._at);
    if (mark === '[' || mark === '(') {
      return this._items(mark === '[' ? ']' : ')');
    }
    if (mark === '{') {
      return this._pairs();
    }
    if (mark === '"' || mark === "'") {
      return this._quoted(mark);
    }
    const rest = this._text.slice(this._at);
    const word = /^[A-Za-z]+/.exec(rest)?.[0];
    if (word !== undefined && word in WORDS) {
      this._at += word.length;
      return WORDS[word];
    }
    const digits = NUMBER.exec(rest)?.[0];
    const number = digits === undefined ? null : numberOf(digits);
    if (digits === undefined || number === null) {
      throw new NoLiteral(rest);
    }
    this._at += digits.length;
    return number;
  }

  end(): void {
    this._space();
    if (this._at < this._text.length) {
      throw new NoLiteral(this._text.slice(this._at));
    }
  }

  private _items(close: string): unknown[] {
    const found: unknown[] = [];
    this._at += 1;
    for (;;) {
      if (this._take(close)) {
        return found;
      }
      found.push(this.value());
      if (!this._take(',')) {
        this._need(close);
        return found;
      }
    }
  }

  private _pairs(): Record<string, unknown> {
    const found: [string, unknown][] = [];
    this._at += 1;
    for (;;) {
      if (this._take('}')) {
        return Object.fromEntries(found);
      }
      const name = this.value();
      this._need(':');
      found.push([String(name), this.value()]);
      if (!this._take(',')) {
        this._need('}');
        return Object.fromEntries(found);
      }
    }
  }

  private _quoted(quote: string): string {
    let found = '';
    for (this._at += 1; this._at < this._text.length; this._at++) {
      const mark = this._text.charAt(this._at);
      if (mark === quote) {
        this._at += 1;
        return found;
      }
      if (mark === '\\') {
        found += this._escape();
      } else {
        found += mark;
      }
    }
    throw new NoLiteral(quote);
  }

  private _escape(): string {
    this._at += 1;
    const mark = this._text.charAt(this._at);
    const size = { x: 2, u: 4, U: 8 }[mark];
    if (size === undefined) {
      return ESCAPES[mark] ?? mark;
    }
    const code = this._text.slice(this._at + 1, this._at + 1 + size);
    if (!new RegExp(`^[0-9a-fA-F]{${size}}$`).test(code)) {
      throw new NoLiteral(code);
    }
    this._at += size;
    return String.fromCodePoint(parseInt(code, 16));
  }

  private _space(): void {
    while (/\s/.test(this._text.charAt(this._at))) {
      this._at += 1;
    }
  }

  private _take(mark: string): boolean {
    this._space();
    const there = this._text.charAt(this._at) === mark;
    this._at += there ? 1 : 0;
    return there;
  }

  private _need(mark: string): void {
    if (!this._take(mark)) {
      throw new NoLiteral(this._text.slice(this._at));
    }
  }

  private _at = 0;
}
