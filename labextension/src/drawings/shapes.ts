import { html, picture, svg } from './svg';

/** How a column was distributed, as shares of rows; `seen` is a window held against it. */
export interface IShapeData {
  readonly name: string;
  /** Borders of numeric bins, one more than bars; empty for categories. */
  readonly edges: readonly (number | null)[];
  /** Categories. */
  readonly names: readonly string[];
  readonly reference: readonly (number | null)[];
  readonly seen?: readonly (number | null)[];
  readonly words: { readonly reference: string; readonly seen: string };
  /** Of numbers: the share of rows up to each value, instead of bars. */
  readonly cumulative?: boolean;
}

const REFERENCE = 'var(--jp-layout-color4, #9e9e9e)';
const SEEN = 'var(--jp-brand-color1, #1976d2)';
const LINE = 'var(--jp-ui-font-color2, #616161)';
const INK = 'var(--jp-ui-font-color1, #333)';

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

/** Bars of a reference, and of a window beside them; or both as curves. */
export function shape(data: IShapeData): Element {
  return data.names.length > 0
    ? categories(data)
    : data.cumulative
      ? curves(data)
      : histogram(data);
}

/** Shares of rows up to each edge, 0 to 1. */
export function cumulated(shares: readonly (number | null)[]): number[] {
  const total = shares.reduce<number>((sum, one) => sum + (one ?? 0), 0);
  let sum = 0;
  return [0, ...shares.map(one => (sum += one ?? 0) / (total > 0 ? total : 1))];
}

/** Where two curves lie furthest apart. */
export function widest(a: readonly number[], b: readonly number[]): number {
  const gaps = a.map((one, at) => Math.abs(one - (b[at] ?? one)));
  return gaps.indexOf(Math.max(...gaps));
}

/** The room of a drawing, where a value stands in it, and words below. */
function axis(data: IShapeData) {
  const width = 320;
  const height = 96;
  const edges = data.edges.map(edge => edge ?? 0);
  const low = edges[0] ?? 0;
  const high = edges[edges.length - 1] ?? 1;
  const x = (value: number) =>
    high > low ? ((value - low) / (high - low)) * width : 0;
  const text = (at: number, anchor: string, words: string) =>
    svg(
      'text',
      {
        x: at,
        y: height + 12,
        'text-anchor': anchor,
        fill: INK,
        'font-size': 10
      },
      words
    );
  return { width, height, edges, low, high, x, text };
}

/** The reference dashed, the window drawn through, and the widest gap. */
function curves(data: IShapeData): Element {
  const { width, height, edges, low, high, x, text } = axis(data);
  const y = (share: number) => height - share * (height - 4);
  const path = (shares: readonly number[]) =>
    shares
      .map((one, at) => `${at ? 'L' : 'M'}${x(edges[at] ?? 0)} ${y(one)}`)
      .join('');
  const line = (d: string, stroke: string, dash?: string) =>
    svg('path', {
      d,
      stroke,
      fill: 'none',
      'stroke-width': 2,
      'stroke-dasharray': dash
    });
  const before = cumulated(data.reference);
  const after = data.seen ? cumulated(data.seen) : null;
  const at = after ? widest(before, after) : 0;
  const gap = after ? (after[at] ?? 0) - (before[at] ?? 0) : 0;
  const here = edges[at] ?? 0;
  const says = gap
    ? `${short(here)}: ${percent(before[at] ?? 0)} → ${percent(after?.[at] ?? 0)}`
    : '';
  const name = after
    ? `${data.name}: ${data.words.reference} ↔ ${data.words.seen}`
    : data.name;
  return picture(
    width,
    height + 16,
    says ? `${name}; ≤ ${says}` : name,
    svg('path', {
      d: `M0 ${y(0.5)}H${width}`,
      stroke: INK,
      opacity: 0.2
    }),
    line(path(before), LINE, '5 3'),
    after ? line(path(after), SEEN) : null,
    gap
      ? line(
          `M${x(here)} ${y(before[at] ?? 0)}V${y(after?.[at] ?? 0)}`,
          INK,
          '2 2'
        )
      : null,
    text(0, 'start', short(low)),
    says ? text(width / 2, 'middle', `≤ ${says}`) : null,
    text(width, 'end', short(high))
  );
}

function histogram(data: IShapeData): Element {
  const { width, height, edges, low, high, x, text } = axis(data);
  // Bins may differ in width: height is share per width.
  const dense = (shares: readonly (number | null)[]) =>
    shares.map((share, at) => {
      const wide = (edges[at + 1] ?? 0) - (edges[at] ?? 0);
      return wide > 0 ? (share ?? 0) / wide : 0;
    });
  const all = [dense(data.reference), dense(data.seen ?? [])];
  const top = Math.max(1e-12, ...all.flat());
  const bars = (shares: readonly number[], fill: string, opacity: number) =>
    shares.map((share, at) =>
      svg('rect', {
        x: x(edges[at] ?? 0),
        width: Math.max(1, x(edges[at + 1] ?? 0) - x(edges[at] ?? 0) - 0.5),
        y: height - (share / top) * (height - 4),
        height: (share / top) * (height - 4),
        fill,
        opacity
      })
    );
  return picture(
    width,
    height + 16,
    data.seen
      ? `${data.name}: ${data.words.reference} ↔ ${data.words.seen}`
      : data.name,
    ...bars(all[0] ?? [], REFERENCE, 1),
    ...bars(all[1] ?? [], SEEN, 0.55),
    // Bins of whole numbers are named by them.
    text(0, 'start', short(whole(edges) ? low + 0.5 : low)),
    text(width, 'end', short(whole(edges) ? high - 0.5 : high))
  );
}

/** Whether each bin holds one whole number: 0.5 to 1.5. */
function whole(edges: readonly number[]): boolean {
  return edges.every(
    (edge, at) => edge === (edges[0] ?? 0) + at && !Number.isInteger(edge)
  );
}

function short(value: number): string {
  return Number(value.toPrecision(4)).toLocaleString();
}

function categories(data: IShapeData): Element {
  const top = Math.max(
    1e-9,
    ...[...data.reference, ...(data.seen ?? [])].map(share => share ?? 0)
  );
  const bar = (share: number | null, kind: string) =>
    html('span', {
      class: 'mlops-nb-ShapeBar',
      'data-kind': kind,
      style: `width:${((100 * (share ?? 0)) / top).toFixed(1)}%`
    });
  return html(
    'table',
    { class: 'mlops-nb-Shape' },
    html('caption', {}, data.name),
    ...data.names.map((name, at) => {
      const was = data.reference[at] ?? 0;
      const is = data.seen?.[at];
      return html(
        'tr',
        {},
        html('th', { scope: 'row', title: name }, name),
        html(
          'td',
          {},
          bar(was, 'reference'),
          is === undefined ? null : bar(is, 'seen')
        ),
        html(
          'td',
          { class: 'mlops-nb-Number' },
          is === undefined
            ? percent(was)
            : `${percent(was)} → ${percent(is ?? 0)}`
        )
      );
    })
  );
}
