import { IGridSummary, IRun } from '../records';

const ON = ['queued', 'running'];

/** Whether a run has not come to its end. */
export function isOn(run: Pick<IRun, 'status'>): boolean {
  return ON.includes(run.status);
}

/** A run's notebook without its folder. */
export function nameOf(run: Pick<IRun, 'notebook'>): string {
  return run.notebook.split(/[\\/]/).pop() ?? run.notebook;
}

/** How a grid stands: what a row of the list and the head of its document say. */
export interface IStanding {
  readonly runs: number;
  readonly ended: number;
  readonly running: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly drifted: number;
  readonly changed: number;
  /** As `lookOf` knows it: the worst that there is. */
  readonly state: 'running' | 'queued' | 'failed' | 'cancelled' | 'finished';
}

export function standing(summary: IGridSummary): IStanding {
  const of = (state: string) => summary.status[state] ?? 0;
  const [failed, cancelled, running] = [
    of('failed'),
    of('cancelled'),
    of('running')
  ];
  const ended = of('finished') + failed + cancelled;
  return {
    runs: summary.runs,
    ended,
    running,
    failed,
    cancelled,
    drifted: summary.verdict.drifted ?? 0,
    changed: summary.verdict.changed ?? 0,
    state:
      ended < summary.runs
        ? running > 0
          ? 'running'
          : 'queued'
        : failed > 0
          ? 'failed'
          : cancelled > 0
            ? 'cancelled'
            : 'finished'
  };
}

const AGAIN = 'resumes ';

/** Ids of runs that were begun again: a later run stands in their place. */
export function begunAgain(runs: readonly IRun[]): ReadonlySet<string> {
  return new Set(
    runs
      .filter(run => run.because.startsWith(AGAIN))
      .map(run => run.because.slice(AGAIN.length))
  );
}

/** Runs of a grid, counted as the server counts them: of one that was begun again the newest attempt. */
export function counted(grid: string, runs: readonly IRun[]): IGridSummary {
  const old = begunAgain(runs);
  const now = runs.filter(run => !old.has(run.id));
  const of = (words: readonly string[]) => {
    const found: Record<string, number> = {};
    for (const word of words) {
      found[word] = (found[word] ?? 0) + 1;
    }
    return found;
  };
  return {
    grid,
    runs: now.length,
    status: of(now.map(run => run.status)),
    verdict: of(now.map(run => run.verdict))
  };
}

/** The run that another one repeats to prove it; empty: it repeats none. */
export function reproduces(run: Pick<IRun, 'because'>): string {
  return run.because.startsWith('reproduces ')
    ? run.because.slice('reproduces '.length)
    : '';
}

/** Names of parameters: those that differ between these runs, and those that all have alike. */
export function columns(runs: readonly Pick<IRun, 'parameters'>[]): {
  readonly differ: readonly string[];
  readonly alike: readonly string[];
} {
  const names = [...new Set(runs.flatMap(run => Object.keys(run.parameters)))];
  const several = (name: string) =>
    new Set(runs.map(run => JSON.stringify(run.parameters[name]))).size > 1;
  return {
    differ: names.filter(several),
    alike: names.filter(name => !several(name))
  };
}

/** Two values in order: numbers by size, texts by letters, what is missing last. */
export function inOrder(one: unknown, other: unknown): number {
  const missing = (value: unknown) => value === null || value === undefined;
  if (missing(one) || missing(other)) {
    return Number(missing(one)) - Number(missing(other));
  }
  if (typeof one === 'number' && typeof other === 'number') {
    return one - other;
  }
  const text = (value: unknown) =>
    typeof value === 'string' ? value : JSON.stringify(value);
  return text(one).localeCompare(text(other), undefined, { numeric: true });
}
