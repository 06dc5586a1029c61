import { Contract, IRuleOfColumn } from '../models/view';

/** A value of a request, as a person types it. */
export interface Cell {
  readonly name: string;
  readonly text: string;
  readonly type: 'number' | 'boolean' | 'text';
  /** Values to choose from; others may be typed. */
  readonly choices: readonly string[];
}

const CHOICES = 200; // in a list

function typeOf(value: unknown, rule: IRuleOfColumn): Cell['type'] {
  const declared = rule.type ?? '';
  if (['int', 'float', 'integer', 'number', 'double'].includes(declared)) {
    return 'number';
  }
  if (['bool', 'boolean'].includes(declared)) {
    return 'boolean';
  }
  return typeof value === 'number'
    ? 'number'
    : typeof value === 'boolean'
      ? 'boolean'
      : 'text';
}

/** A value as a person would type it: 0.1, not 0.1000000000000001. */
function asTyped(value: unknown): string {
  if (value === null || value === undefined) {
    return '';
  }
  return typeof value === 'number'
    ? String(Number(value.toPrecision(12)))
    : String(value);
}

/** The first row of a request in the form `dataframe_split`; types are those of the contract, where there is one. */
export function asRow(
  example: Readonly<Record<string, unknown>>,
  contract: Contract = {}
): Cell[] {
  const split = example.dataframe_split as
    | { columns?: readonly string[]; data?: readonly (readonly unknown[])[] }
    | undefined;
  const row = split?.data?.[0] ?? [];
  return (split?.columns ?? []).map((name, at) => {
    const value = row[at];
    const rule = contract[name] ?? {};
    return {
      name,
      text: asTyped(value),
      type: typeOf(value, rule),
      choices: (rule.categories ?? []).slice(0, CHOICES)
    };
  });
}

/** What a person means; undefined: a number was wanted and something else was typed. */
export function typed(cell: Cell): unknown {
  const text = cell.text.trim();
  if (text === '') {
    return null;
  }
  if (cell.type === 'boolean') {
    return text === 'true' ? true : text === 'false' ? false : undefined;
  }
  if (cell.type === 'text') {
    return cell.text;
  }
  const number = Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** How a value breaks the contract; empty when it does not. */
export type Breach = '' | 'missing' | 'low' | 'high' | 'unseen';

export function breach(cell: Cell, rule: IRuleOfColumn | undefined): Breach {
  const value = typed(cell);
  if (!rule || value === undefined) {
    return '';
  }
  if (value === null) {
    return rule.max_null_ratio === 0 ? 'missing' : '';
  }
  if (typeof value === 'number') {
    return typeof rule.min === 'number' && value < rule.min
      ? 'low'
      : typeof rule.max === 'number' && value > rule.max
        ? 'high'
        : '';
  }
  return rule.categories && !rule.categories.includes(String(value))
    ? 'unseen'
    : '';
}

/** A request with one row. */
export function asBody(row: readonly Cell[]): unknown {
  return {
    dataframe_split: {
      columns: row.map(cell => cell.name),
      data: [row.map(cell => typed(cell) ?? null)]
    }
  };
}
