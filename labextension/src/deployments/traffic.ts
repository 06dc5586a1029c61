import { TranslationBundle } from '@jupyterlab/translation';
import { ITraffic } from '../records';

/** Counters of all versions at one moment. */
export interface ILook {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly counters: readonly ITraffic[];
}

/** What happened between two looks. */
export interface IRate {
  /** Requests a second. */
  readonly requests: number;
  /** Share of requests that failed, 0 to 1; null without requests. */
  readonly errors: number | null;
  /** 95 of 100 requests took at most so many ms; null without requests. */
  readonly p95_ms: number | null;
}

/** The quantile of what fell between two looks into buckets with these upper bounds (seconds). */
export function quantile(
  share: number,
  bounds: readonly (number | null)[],
  counts: readonly number[]
): number | null {
  const total = counts.reduce((sum, one) => sum + one, 0);
  if (total <= 0) {
    return null;
  }
  let below = 0;
  for (let at = 0; at < counts.length; at++) {
    const here = counts[at] ?? 0;
    if (below + here >= share * total && here > 0) {
      const low = at > 0 ? (bounds[at - 1] ?? 0) : 0;
      const high = bounds[at] ?? low; // the last bucket has no end
      return low + ((share * total - below) / here) * (high - low);
    }
    below += here;
  }
  return null;
}

/** Rates of the versions of a deployment from two looks; null where the counters began anew. */
export function rate(
  before: ILook,
  after: ILook,
  versions: readonly string[]
): IRate | null {
  const seconds = (after.at - before.at) / 1000;
  if (seconds <= 0) {
    return null;
  }
  let requests = 0;
  let errors = 0;
  let bounds: readonly (number | null)[] = [];
  const fell: number[] = [];
  for (const now of after.counters) {
    if (!versions.includes(now.version)) {
      continue;
    }
    const then = before.counters.find(one => one.version === now.version);
    const more = (now.requests ?? 0) - (then?.requests ?? 0);
    if (more < 0) {
      return null;
    }
    requests += more;
    errors += (now.errors ?? 0) - (then?.errors ?? 0);
    bounds = now.bounds;
    now.buckets.forEach((count, at) => {
      fell[at] = (fell[at] ?? 0) + (count ?? 0) - (then?.buckets[at] ?? 0);
    });
  }
  const p95 = quantile(0.95, bounds, fell);
  return {
    requests: requests / seconds,
    errors: requests > 0 ? errors / requests : null,
    p95_ms: p95 === null ? null : 1000 * p95
  };
}

/** Requests a second, with as many digits as are known: 0.4, 12. */
export function asRate(value: number): string {
  return Number(value.toPrecision(2)).toLocaleString();
}

/** A time in milliseconds: 0.24 ms, 12 ms. */
export function asMs(
  value: number | null | undefined,
  trans: TranslationBundle
): string {
  return value === null || value === undefined
    ? '–'
    : trans.__('%1 ms', Number(value.toPrecision(2)).toLocaleString());
}

/** How many requests versions have answered since their counters began. */
export function total(
  counters: readonly ITraffic[],
  versions: readonly string[]
): number {
  return counters
    .filter(one => versions.includes(one.version))
    .reduce((sum, one) => sum + (one.requests ?? 0), 0);
}

const KEPT = 60; // looks

/** A short memory of counters: what a sparkline shows. */
export class Traffic {
  add(look: ILook): void {
    const last = this._looks[this._looks.length - 1];
    if (last && look.at <= last.at) {
      return;
    }
    this._looks = [...this._looks.slice(-KEPT + 1), look];
  }

  /** Rates between each look and the one before. */
  rates(versions: readonly string[]): (IRate | null)[] {
    return this._looks
      .slice(1)
      .map((look, at) => rate(this._looks[at] as ILook, look, versions));
  }

  /** The newest counters. */
  get counters(): readonly ITraffic[] {
    return this._looks[this._looks.length - 1]?.counters ?? [];
  }

  private _looks: readonly ILook[] = [];
}
