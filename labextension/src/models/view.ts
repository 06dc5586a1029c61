import { IInterval } from '../drawings/interval';
import { ICheckReport, IModelVersion, IVersionDocument } from '../records';

/** The newest check of a version, as its record. */
export function reportOf(document: IVersionDocument): ICheckReport | null {
  return document.check as unknown as ICheckReport | null;
}

/** A metric of a version beside that of the champion. */
export interface IMetricRow {
  readonly name: string;
  readonly value: number | null;
  readonly other: number | null;
  readonly difference: number | null;
}

/** Metrics of a version, beside those of the champion when that is another one. */
export function metricRows(
  version: IModelVersion,
  champion: IModelVersion | null
): IMetricRow[] {
  return Object.entries(version.metrics).map(([name, value]) => {
    const other = champion?.metrics[name] ?? null;
    return {
      name,
      value,
      other,
      difference: value === null || other === null ? null : value - other
    };
  });
}

/** The metric that the gate compares by. */
export function gateMetric(report: ICheckReport | null): string {
  const champion = report?.gate.champion as { metric?: string } | undefined;
  return champion?.metric ?? '';
}

/** What is compared by, or the first that there is. */
export function mainMetric(document: IVersionDocument): string {
  return (
    gateMetric(reportOf(document)) ||
    Object.keys(document.version.metrics)[0] ||
    ''
  );
}

const SEGMENTS = 8; // in the picture, the worst first

/** Differences to the other version with their intervals: of all rows, then of segments. */
export function differences(
  report: ICheckReport,
  all: string
): { rows: IInterval[]; bound: number | null } {
  const whole = report.checks.find(one => one.name === 'champion');
  if (!whole || whole.value === null) {
    return { rows: [], bound: null };
  }
  const rows: IInterval[] = [
    { name: all, value: whole.value, low: whole.low, high: whole.high }
  ];
  const parts = report.checks.find(one => one.name === 'segments')?.parts ?? [];
  for (const part of parts.slice(0, SEGMENTS)) {
    if (typeof part.difference === 'number') {
      rows.push({
        name: String(part.segment ?? ''),
        value: part.difference,
        low: numberOf(part.low),
        high: numberOf(part.high)
      });
    }
  }
  return { rows, bound: whole.bound };
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}

/** What a contract asks of a column. */
export interface IRuleOfColumn {
  readonly type?: string;
  readonly required?: boolean;
  readonly max_null_ratio?: number | null;
  readonly min?: number | null;
  readonly max?: number | null;
  readonly categories?: readonly string[] | null;
  readonly unique?: boolean;
  readonly note?: string;
}

export type Contract = Readonly<Record<string, IRuleOfColumn>>;

/** A column of the contract, and how much the model leans on it. */
export interface IContractRow {
  readonly name: string;
  readonly rule: IRuleOfColumn;
  readonly importance: number | null;
  /** 0 to 1, of the most important one. */
  readonly share: number;
}

/** Columns, those first that the model leans on most. */
export function contractRows(document: IVersionDocument): IContractRow[] {
  const { importance, features } = document.version;
  const contract = (document.contract ?? {}) as Contract;
  const names = new Set([...features, ...Object.keys(contract)]);
  const top = Math.max(
    0,
    ...Object.values(importance).map(value => value ?? 0)
  );
  return [...names]
    .map(name => {
      const value = importance[name] ?? null;
      return {
        name,
        rule: contract[name] ?? {},
        importance: value,
        share: top > 0 ? Math.max(0, value ?? 0) / top : 0
      };
    })
    .sort((one, other) => other.share - one.share);
}

/** A model card without what is meant for machines at its top. */
export function cardText(markdown: string): string {
  return markdown.replace(/^---\n[\s\S]*?\n---\n+/, '');
}

/** What a person is told of the first of a list of answers; empty when there is none. */
export function firstAnswer(answer: unknown): string {
  const list = (answer as { predictions?: unknown } | null)?.predictions;
  const first: unknown = Array.isArray(list) ? list[0] : undefined;
  if (first === undefined || first === null) {
    return '';
  }
  if (Array.isArray(first)) {
    return first.map(short).join(', ');
  }
  return short(first);
}

function short(value: unknown): string {
  if (typeof value === 'number') {
    return Number.isInteger(value)
      ? String(value)
      : String(Number(value.toPrecision(6)));
  }
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** Checks that did not let a version pass: the failed ones, and those that could not be judged but had to be. */
export function inTheWay(report: ICheckReport): ICheckReport['checks'] {
  const needed = (report.gate.required as readonly string[] | undefined) ?? [];
  return report.checks.filter(
    one =>
      one.state === 'fail' ||
      (one.state === 'skipped' && needed.includes(one.name.split(' ')[0] ?? ''))
  );
}

const FIRST = ['champion', 'challenger'];

/** Aliases, those first that everybody looks for. */
export function inOrder(aliases: readonly string[]): string[] {
  return [
    ...FIRST.filter(one => aliases.includes(one)),
    ...aliases.filter(one => !FIRST.includes(one))
  ];
}
