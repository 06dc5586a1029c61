import { html, picture, svg } from './svg';

export interface IBandPoint {
  readonly label: string;
  readonly value: number | null;
  readonly low: number | null;
  readonly high: number | null;
  /** Not all is known yet: the point stays hollow. */
  readonly unsettled?: boolean;
  /** What else it says on hover. */
  readonly says?: string;
}

export interface IBandLine {
  readonly name: string;
  readonly points: readonly IBandPoint[];
  /** Estimates are dashed. */
  readonly dashed?: boolean;
  /** Bars that stand on zero, in place of a line. */
  readonly bars?: boolean;
}

export interface IBandMark {
  /** Where on the axis of windows; 2.5 is in the middle of the third. */
  readonly at: number;
  readonly kind: 'alert' | 'change';
  readonly says: string;
}

export interface IBand {
  readonly name: string;
  readonly lines: readonly IBandLine[];
  /** What is expected, and what that is called. */
  readonly reference: { readonly value: number; readonly name: string } | null;
  readonly marks?: readonly IBandMark[];
  /** Values are shares. */
  readonly percent?: boolean;
  readonly width?: number;
  readonly height?: number;
}

const COLOURS = [
  'var(--jp-brand-color1, #1976d2)',
  'var(--jp-warn-color1, #f57c00)'
] as const;
const INK = 'var(--jp-ui-font-color2, #616161)';
const PALE = 'var(--jp-border-color2, #e0e0e0)';
const LEFT = 52; // px for the numbers
const MANY = 40; // points, from which on they show on hover alone
const FOOT = 20; // px for the windows' names
const LETTER = 6.4; // px of a letter of them

/**
 * Lines over windows, each with the interval that holds it; marks where
 * something was raised or changed. `select` is told which mark was clicked.
 */
export function band(
  data: IBand,
  select?: (mark: number) => void
): HTMLElement {
  const width = Math.max(240, data.width ?? 640);
  const marks = data.marks ?? [];
  const top = marks.length > 0 ? 20 : 6;
  const height = data.height ?? 180;
  const bottom = height - FOOT;
  const labels = data.lines[0]?.points ?? [];
  const count = Math.max(1, ...data.lines.map(line => line.points.length));
  const scale = scaleOf(data);
  const step = (width - LEFT - 4) / count;
  // A window is as wide as it lasts: its point lies in its middle.
  const x = (at: number) => LEFT + (at + 0.5) * step;
  const y = (value: number) =>
    bottom -
    ((value - scale.low) / (scale.high - scale.low)) * (bottom - top - 4);
  const children: SVGElement[] = [];
  for (const tick of scale.ticks) {
    children.push(
      svg('line', {
        x1: LEFT,
        x2: width,
        y1: y(tick),
        y2: y(tick),
        stroke: PALE
      }),
      words(LEFT - 6, y(tick) + 3, 'end', shown(tick, data.percent))
    );
  }
  if (data.reference) {
    const { value, name } = data.reference;
    children.push(
      svg(
        'line',
        {
          x1: LEFT,
          x2: width,
          y1: y(value),
          y2: y(value),
          stroke: INK,
          'stroke-dasharray': '2 3'
        },
        svg('title', {}, `${name}: ${shown(value, data.percent)}`)
      )
    );
  }
  data.lines.forEach((line, which) => {
    const colour = COLOURS[which % COLOURS.length] as string;
    children.push(
      ...(line.bars
        ? bars(line, colour, x, y, step, bottom, data.percent)
        : curve(line, colour, x, y, data.percent))
    );
  });
  marks.forEach((mark, index) => {
    children.push(markOf(mark, index, x(mark.at - 0.5), bottom, select));
  });
  // Counted from the newest, which always has its name and may stand further left.
  const broad = Math.max(1, ...labels.map(one => one.label.length)) * LETTER;
  const every = step > broad + 8 ? 1 : Math.ceil((1.5 * broad + 8) / step);
  labels.forEach((one, at) => {
    const middle = Math.min(x(at), width - broad / 2);
    if ((labels.length - 1 - at) % every === 0 && middle > broad / 2) {
      children.push(words(middle, height - 6, 'middle', one.label));
    }
  });
  const drawn = picture(width, height, data.name, ...children);
  if (select && marks.length > 0) {
    drawn.setAttribute('role', 'group'); // what can be opened is inside
  }
  return html('div', { class: 'mlops-nb-Band' }, legend(data), drawn);
}

interface IScale {
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** Round numbers around all that is drawn; bars begin at zero. */
function scaleOf(data: IBand): IScale {
  const numbers = data.lines
    .flatMap(line => line.points.flatMap(one => [one.value, one.low, one.high]))
    .concat([data.reference?.value ?? null])
    .concat(data.lines.some(line => line.bars) ? [0] : [])
    .filter((one): one is number => one !== null && Number.isFinite(one));
  const low = numbers.length > 0 ? Math.min(...numbers) : 0;
  const high = numbers.length > 0 ? Math.max(...numbers) : 1;
  const range = high - low || Math.abs(high) || 1;
  const rough = range / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step =
    ([1, 2, 2.5, 5, 10].find(one => one * power >= rough) ?? 10) * power;
  const begin = Math.floor(low / step) * step;
  const ticks: number[] = [];
  for (let tick = begin; tick < high + step * 0.999; tick += step) {
    ticks.push(Number(tick.toPrecision(12)));
  }
  if (ticks.length < 2) {
    ticks.push(begin + step);
  }
  return { low: begin, high: ticks[ticks.length - 1] as number, ticks };
}

type Scale = (value: number) => number;

function curve(
  line: IBandLine,
  colour: string,
  x: Scale,
  y: Scale,
  percent: boolean | undefined
): SVGElement[] {
  const found: SVGElement[] = [];
  for (const piece of pieces(line.points)) {
    const banded = piece.filter(
      ([, one]) => one.low !== null && one.high !== null
    );
    if (banded.length > 1) {
      const up = banded.map(([at, one]) => `${x(at)},${y(one.high as number)}`);
      const down = banded
        .map(([at, one]) => `${x(at)},${y(one.low as number)}`)
        .reverse();
      found.push(
        svg('polygon', {
          points: [...up, ...down].join(' '),
          fill: colour,
          opacity: 0.16
        })
      );
    } else {
      found.push(
        ...banded.map(([at, one]) =>
          svg('line', {
            x1: x(at),
            x2: x(at),
            y1: y(one.low as number),
            y2: y(one.high as number),
            stroke: colour,
            'stroke-width': 4,
            opacity: 0.3
          })
        )
      );
    }
    found.push(
      svg('polyline', {
        points: piece
          .map(([at, one]) => `${x(at)},${y(one.value as number)}`)
          .join(' '),
        fill: 'none',
        stroke: colour,
        'stroke-width': 2,
        'stroke-linejoin': 'round',
        'stroke-dasharray': line.dashed ? '5 4' : undefined
      })
    );
  }
  const many = line.points.length > MANY;
  line.points.forEach((one, at) => {
    if (one.value !== null) {
      found.push(
        svg(
          'circle',
          {
            cx: x(at),
            cy: y(one.value),
            r: 3,
            opacity: many && !one.unsettled ? 0 : undefined,
            fill: one.unsettled ? 'var(--jp-layout-color1, white)' : colour,
            stroke: colour
          },
          svg('title', {}, told(line, one, percent))
        )
      );
    }
  });
  return found;
}

function bars(
  line: IBandLine,
  colour: string,
  x: Scale,
  y: Scale,
  step: number,
  bottom: number,
  percent: boolean | undefined
): SVGElement[] {
  const broad = Math.max(1, Math.min(48, step * 0.8));
  return line.points.flatMap((one, at) =>
    one.value === null
      ? []
      : [
          svg(
            'rect',
            {
              x: x(at) - broad / 2,
              width: broad,
              y: y(one.value),
              height: Math.max(0.5, bottom - y(one.value)),
              fill: colour,
              opacity: one.unsettled ? 0.35 : 0.75
            },
            svg('title', {}, told(line, one, percent))
          )
        ]
  );
}

function told(
  line: IBandLine,
  one: IBandPoint,
  percent: boolean | undefined
): string {
  const held =
    one.low !== null && one.high !== null
      ? ` (${shown(one.low, percent)} – ${shown(one.high, percent)})`
      : '';
  const more = one.says ? `. ${one.says}` : '';
  return `${line.name}, ${one.label}: ${shown(one.value ?? 0, percent)}${held}${more}`;
}

function markOf(
  mark: IBandMark,
  index: number,
  at: number,
  bottom: number,
  select: ((mark: number) => void) | undefined
): SVGElement {
  const colour =
    mark.kind === 'alert'
      ? 'var(--jp-error-color1, #d32f2f)'
      : 'var(--jp-success-color1, #388e3c)';
  const group = svg(
    'g',
    {
      class: 'mlops-nb-BandMark',
      'data-kind': mark.kind,
      'aria-label': mark.says,
      ...(select ? { role: 'button', tabindex: 0 } : { role: 'img' })
    },
    svg('title', {}, mark.says),
    svg('line', {
      x1: at,
      x2: at,
      y1: 14,
      y2: bottom,
      stroke: colour,
      'stroke-dasharray': '1 3'
    }),
    svg('path', {
      d:
        mark.kind === 'alert'
          ? `M${at} 3l6 11h-12z`
          : `M${at} 2l6 6.5l-6 6.5l-6 -6.5z`,
      fill: colour
    })
  );
  if (select) {
    group.addEventListener('click', () => select(index));
    group.addEventListener('keydown', event => {
      if (event.key === 'Enter' || event.key === ' ') {
        event.preventDefault();
        select(index);
      }
    });
  }
  return group;
}

function legend(data: IBand): HTMLElement {
  const sample = (colour: string, dash: string | undefined, bar = false) =>
    svg(
      'svg',
      { width: 24, height: 10, 'aria-hidden': 'true' },
      svg('line', {
        x1: 0,
        x2: 24,
        y1: 5,
        y2: 5,
        stroke: colour,
        'stroke-width': bar ? 8 : 2,
        'stroke-dasharray': dash
      })
    );
  const entries = data.lines.map((line, which) =>
    html(
      'span',
      {},
      sample(
        COLOURS[which % COLOURS.length] as string,
        line.dashed ? '5 4' : undefined,
        line.bars
      ),
      line.name
    )
  );
  if (data.reference) {
    entries.push(
      html(
        'span',
        {},
        sample(INK, '2 3'),
        `${data.reference.name}: ${shown(data.reference.value, data.percent)}`
      )
    );
  }
  return html('div', { class: 'mlops-nb-BandLegend' }, ...entries);
}

function words(
  at: number,
  up: number,
  anchor: string,
  text: string
): SVGElement {
  return svg(
    'text',
    { x: at, y: up, fill: INK, 'font-size': 11, 'text-anchor': anchor },
    text
  );
}

function shown(value: number, percent = false): string {
  const short = Number((percent ? 100 * value : value).toPrecision(4));
  return percent ? `${short} %` : short.toLocaleString();
}

type Piece = [number, IBandPoint][];

/** Stretches without a gap. */
function pieces(points: readonly IBandPoint[]): Piece[] {
  const found: Piece[] = [];
  let open = false;
  points.forEach((one, at) => {
    if (one.value === null) {
      open = false;
      return;
    }
    if (!open) {
      found.push([]);
    }
    found[found.length - 1]?.push([at, one]);
    open = true;
  });
  return found;
}
