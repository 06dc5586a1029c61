import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { Face } from '../core/face';
import { IRate, Traffic, total } from './traffic';

const kept = new WeakMap<Face, Traffic>();

interface ISeen {
  /** Rates between each look and the one before. */
  (versions: readonly string[]): (IRate | null)[];
  /** How many requests they have answered since their counters began; null: nobody looked yet. */
  readonly total: (versions: readonly string[]) => number | null;
}

/** What was seen of the traffic so far; asked every few seconds while it is on screen. */
export function useTraffic(): ISeen {
  const face = useFace();
  let seen = kept.get(face);
  if (seen === undefined) {
    seen = new Traffic();
    kept.set(face, seen);
  }
  const traffic = seen;
  const answer = useAnswer('traffic', {}, { every: 5 });
  return React.useMemo(() => {
    if (answer.value) {
      traffic.add({ at: answer.at, counters: answer.value.items });
    }
    return Object.assign(
      (versions: readonly string[]) => traffic.rates(versions),
      {
        total: (versions: readonly string[]) =>
          answer.value === null ? null : total(traffic.counters, versions)
      }
    );
  }, [answer.at]);
}
