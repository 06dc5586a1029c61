import { picture, svg } from './svg';

/** A number that is known only so well: it lies between `low` and `high`. */
export interface IInterval {
  readonly name: string;
  readonly value: number;
  readonly low: number | null;
  readonly high: number | null;
}

export interface IIntervals {
  /** What the numbers are: difference in auc to delay/1. */
  readonly name: string;
  readonly rows: readonly IInterval[];
  /** What the numbers had to keep to. */
  readonly bound: number | null;
  readonly words: { readonly bound: string; readonly zero: string };
}

const INK = 'var(--jp-ui-font-color1, #333)';
const SOFT = 'var(--jp-ui-font-color2, #616161)';
const COLOUR = 'var(--jp-brand-color1, #1976d2)';
const BAD = 'var(--jp-error-color1, #d32f2f)';
const WIDTH = 560;
const LEFT = 150;
const HIGH = 24; // of a row

/** Differences with their intervals on one scale; the dashed line is what they had to keep to. */
export function intervals(data: IIntervals): SVGElement {
  const ends = data.rows
    .flatMap(row => [row.value, row.low, row.high])
    .concat([0, data.bound])
    .filter((one): one is number => one !== null);
  const pad = (Math.max(...ends) - Math.min(...ends)) * 0.08 || 0.01;
  const low = Math.min(...ends) - pad;
  const high = Math.max(...ends) + pad;
  const x = (value: number) =>
    LEFT + ((value - low) / (high - low)) * (WIDTH - LEFT - 8);
  const tall = HIGH * data.rows.length + 22;
  const line = (at: number, dash: string | undefined) =>
    svg('line', {
      x1: x(at),
      x2: x(at),
      y1: 2,
      y2: tall - 18,
      stroke: SOFT,
      'stroke-dasharray': dash
    });
  const text = (
    at: number,
    y: number,
    anchor: string,
    words: string,
    fill = SOFT
  ) =>
    svg(
      'text',
      { x: at, y, fill, 'font-size': 11, 'text-anchor': anchor },
      words
    );
  // The two words below stand on either side, so that they never meet.
  const left = data.bound !== null && data.bound < 0;
  return picture(
    WIDTH,
    tall,
    `${data.name}: ${data.rows.map(said).join('; ')}`,
    line(0, undefined),
    text(x(0), tall - 5, left ? 'start' : 'end', data.words.zero),
    ...(data.bound === null || data.bound === 0
      ? []
      : [
          line(data.bound, '4 3'),
          text(
            x(data.bound),
            tall - 5,
            left ? 'end' : 'start',
            data.words.bound
          )
        ]),
    ...data.rows.flatMap((row, at) => {
      const y = 14 + HIGH * at;
      const bad = row.high !== null && row.high < 0;
      const colour = bad ? BAD : COLOUR;
      const short =
        row.name.length > 24 ? `${row.name.slice(0, 23)}…` : row.name;
      return [
        svg(
          'g',
          {},
          svg('title', {}, said(row)),
          text(LEFT - 10, y + 4, 'end', short, INK),
          row.low !== null && row.high !== null
            ? svg('line', {
                x1: x(row.low),
                x2: x(row.high),
                y1: y,
                y2: y,
                stroke: colour,
                'stroke-width': 3,
                'stroke-linecap': 'round',
                opacity: 0.55
              })
            : null,
          bad
            ? svg('rect', {
                x: x(row.value) - 4,
                y: y - 4,
                width: 8,
                height: 8,
                fill: colour
              })
            : svg('circle', { cx: x(row.value), cy: y, r: 4.5, fill: colour })
        )
      ];
    })
  );
}

function signed(value: number): string {
  return `${value < 0 ? '−' : '+'}${Math.abs(value).toPrecision(3)}`;
}

/** auc +0.0322 (−0.00333 to +0.0655) */
function said(row: IInterval): string {
  return row.low === null || row.high === null
    ? `${row.name} ${signed(row.value)}`
    : `${row.name} ${signed(row.value)} (${signed(row.low)} to ${signed(row.high)})`;
}
