import { picture, svg } from './svg';

export interface ISparkline {
  /** From old to new; null: nothing is known of that moment. */
  readonly values: readonly (number | null)[];
  readonly name: string;
  readonly width?: number;
  readonly height?: number;
}

const COLOUR = 'var(--jp-brand-color1, #1976d2)';

/** A line without axes: where a number comes from. Gaps stay gaps. */
export function sparkline(data: ISparkline): SVGElement {
  const width = data.width ?? 96;
  const height = data.height ?? 20;
  const known = data.values.filter((value): value is number => value !== null);
  const low = Math.min(0, ...known);
  const high = Math.max(...known, low + 1e-9);
  const x = (at: number) =>
    2 + (at * (width - 4)) / Math.max(1, data.values.length - 1);
  const y = (value: number) =>
    height - 2 - ((value - low) * (height - 4)) / (high - low);
  let line = '';
  let pen = false;
  data.values.forEach((value, at) => {
    if (value === null) {
      pen = false;
      return;
    }
    line += `${pen ? 'L' : 'M'}${x(at).toFixed(1)} ${y(value).toFixed(1)}`;
    pen = true;
  });
  // A value between two gaps makes no line.
  const alone = data.values.flatMap((value, at) =>
    value !== null &&
    (data.values[at - 1] ?? null) === null &&
    (data.values[at + 1] ?? null) === null
      ? [svg('circle', { cx: x(at), cy: y(value), r: 1.5, fill: COLOUR })]
      : []
  );
  const last = data.values[data.values.length - 1];
  return picture(
    width,
    height,
    data.name,
    svg('path', {
      d: line,
      fill: 'none',
      stroke: COLOUR,
      'stroke-width': 1.5,
      'stroke-linejoin': 'round'
    }),
    ...alone,
    typeof last === 'number'
      ? svg('circle', {
          cx: x(data.values.length - 1),
          cy: y(last),
          r: 2,
          fill: COLOUR
        })
      : null
  );
}
