import { TranslationBundle } from '@jupyterlab/translation';
import { asText } from '../parts/words';
import { IStanding } from './entries';

/** Parameters in a line: month = 3, model = delay/2. */
export function inShort(values: Readonly<Record<string, unknown>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} = ${asText(value)}`)
    .join(', ');
}

/** How far a grid is: 12 of 20 · 1 failed · 2 drifted. */
export function howFar(
  found: IStanding,
  trans: TranslationBundle
): readonly string[] {
  const words = [
    found.ended < found.runs
      ? trans.__('%1 of %2', found.ended, found.runs)
      : trans._n('%1 run', '%1 runs', found.runs)
  ];
  const counted: readonly (readonly [number, string])[] = [
    [found.failed, trans.__('%1 failed', found.failed)],
    [found.cancelled, trans.__('%1 cancelled', found.cancelled)],
    [found.drifted, trans.__('%1 drifted', found.drifted)],
    [found.changed, trans.__('%1 changed', found.changed)]
  ];
  for (const [count, text] of counted) {
    if (count > 0) {
      words.push(text);
    }
  }
  return words;
}
