import { literal, numberOf, parts } from './literal';

/** How a parameter is to be read: one value, a run for each of some, a run for each from one to another. */
export type Mode = 'one' | 'list' | 'range';

export type Wrong =
  | ''
  | 'empty'
  | 'int'
  | 'float'
  | 'bool'
  | 'list'
  | 'dict'
  | 'range'
  | 'step'
  | 'many';

export interface IRead {
  /** What the run gets; of a grid one of `values` each. */
  readonly values: readonly unknown[];
  /** What is wrong; empty: nothing. */
  readonly problem: Wrong;
}

/** Runs of one grid that a form starts; more go with the command line. */
export const MOST = 10_000;

const BOUND = String.raw`[+-]?(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?`;
const RANGE = new RegExp(
  String.raw`^\s*(${BOUND})\s*(?:\.\.\.?|…|–|\bto\b)\s*(${BOUND})\s*(?:(?::|\bby\b|\bstep\b)\s*(${BOUND}))?\s*$`
);

function one(value: unknown): IRead {
  return { values: [value], problem: '' };
}

function no(problem: Wrong): IRead {
  return { values: [], problem };
}

/** The types that a form knows; everything else is a text. */
export type Type = 'int' | 'float' | 'bool' | 'str' | 'list' | 'dict';
const TYPES: Readonly<Record<string, Type>> = {
  int: 'int',
  float: 'float',
  bool: 'bool',
  str: 'str',
  list: 'list',
  tuple: 'list',
  dict: 'dict'
};

/** The type of a parameter: what the notebook says, else what its default looks like. */
export function typeOf(text: string, said: string): Type {
  const named = said
    .toLowerCase()
    .replace(/\s*\|\s*none$/, '')
    .replace(/^optional\[(.*)\]$/, '$1')
    .replace(/\[.*$/, '')
    .trim();
  const known = TYPES[named];
  if (known) {
    return known;
  }
  const word = text.trim();
  if (/^[+-]?\d[\d_]*$/.test(word)) {
    return 'int';
  }
  if (numberOf(word) !== null) {
    return 'float';
  }
  if (/^(True|False)$/.test(word)) {
    return 'bool';
  }
  return /^[[(]/.test(word) ? 'list' : word.startsWith('{') ? 'dict' : 'str';
}

/** What a field shows of a default: a text without its quotes. */
export function shownDefault(text: string, type: Type): string {
  if (type !== 'str' || !/^\s*['"]/.test(text)) {
    return text;
  }
  try {
    const value = literal(text);
    return typeof value === 'string' ? value : text;
  } catch {
    return text; // an expression that only the notebook can work out
  }
}

function scalar(text: string, type: Type): IRead {
  const word = text.trim();
  if (word === 'None' || word === 'null') {
    return one(null);
  }
  switch (type) {
    case 'int':
    case 'float': {
      const number = numberOf(word);
      return number === null || (type === 'int' && !Number.isInteger(number))
        ? no(type)
        : one(number);
    }
    case 'bool':
      return /^(true|false)$/i.test(word)
        ? one(word.toLowerCase() === 'true')
        : no('bool');
    case 'list':
    case 'dict':
      try {
        const value = literal(word);
        const fits =
          type === 'list'
            ? Array.isArray(value)
            : typeof value === 'object' &&
              value !== null &&
              !Array.isArray(value);
        return fits ? one(value) : no(type);
      } catch {
        return no(type);
      }
    case 'str':
      return one(quoted(word) ?? text);
  }
}

/** What stands between quotes; null: there are none around it. */
function quoted(word: string): string | null {
  if (!/^(['"]).*\1$/s.test(word) || word.length < 2) {
    return null;
  }
  try {
    const value = literal(word);
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}

function range(text: string, type: Type): IRead {
  const found = RANGE.exec(text);
  if (!found) {
    return no('range');
  }
  const [from, to] = [numberOf(found[1] ?? ''), numberOf(found[2] ?? '')];
  if (from === null || to === null) {
    return no('range');
  }
  const given = found[3] === undefined ? 1 : numberOf(found[3]);
  if (given === null || given === 0) {
    return no('step');
  }
  const step = to < from ? -Math.abs(given) : given;
  if (step < 0 && to > from) {
    return no('step'); // it would never arrive
  }
  if (type === 'int' && ![from, step].every(Number.isInteger)) {
    return no('int');
  }
  const count = Math.floor((to - from) / step + 1e-9) + 1;
  if (count > MOST) {
    return no('many');
  }
  return {
    values: Array.from({ length: count }, (_, at) =>
      Number((from + at * step).toPrecision(12))
    ),
    problem: ''
  };
}

/** What a person typed for a parameter, as the values of a run or of a grid. */
export function read(text: string, type: Type, mode: Mode): IRead {
  if (mode === 'one') {
    return scalar(text, type);
  }
  if (mode === 'range') {
    return range(text, type);
  }
  const words = parts(text);
  if (words.length === 0) {
    return no('empty');
  }
  const found = words.map(word => scalar(word, type));
  const wrong = found.find(value => value.problem !== '');
  return wrong ?? { values: found.flatMap(value => value.values), problem: '' };
}

/**
 * The mode that what is typed asks for, where that is plain: `3..12` is a
 * range and `3, 4` a list where a number is wanted. Else it stays.
 */
export function modeOf(text: string, type: Type, mode: Mode): Mode {
  if (type !== 'int' && type !== 'float') {
    return mode;
  }
  if (RANGE.test(text)) {
    return 'range';
  }
  return text.includes(',')
    ? 'list'
    : numberOf(text) !== null && mode !== 'list'
      ? 'one'
      : mode;
}

/** How many runs a grid makes. */
export function runsOf(reads: readonly IRead[]): number {
  return reads.reduce(
    (count, value) => count * Math.max(1, value.values.length),
    1
  );
}

const UNITS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  min: 60,
  h: 3600,
  d: 86_400
};

/** Seconds of “90”, “10m” or “1h 30m”; 0: nothing is typed; null: it is no span of time. */
export function secondsOf(text: string): number | null {
  const word = text.trim().toLowerCase();
  if (word === '') {
    return 0;
  }
  if (/^\d+(?:\.\d+)?$/.test(word)) {
    return Number(word);
  }
  let seconds = 0;
  const rest = word.replace(
    /(\d+(?:\.\d+)?)\s*(min|[smhd])(?![a-z])\s*/g,
    (_, amount: string, unit: string) => {
      seconds += Number(amount) * (UNITS[unit] ?? 0);
      return '';
    }
  );
  return rest === '' && seconds > 0 ? seconds : null;
}
