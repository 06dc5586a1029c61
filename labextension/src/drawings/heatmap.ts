import { html } from './svg';

export interface IHeatCell {
  readonly verdict: 'ok' | 'changed' | 'drifted' | 'none';
  /** 0 to 1: how much of the heaviest it is. */
  readonly severity: number;
  /** What it says on hover, and to screen readers. */
  readonly says: string;
  /** Stands beside the glyph where cells are wide: 5/31. */
  readonly text?: string;
}

export interface IHeatRow {
  readonly name: string;
  /** Beside the name: 24 % of the model's attention. */
  readonly note: string;
  readonly cells: readonly IHeatCell[];
}

export interface IHeatMap {
  readonly label: string;
  readonly columns: readonly string[];
  readonly rows: readonly IHeatRow[];
  /** What the names are. */
  readonly corner: string;
  /** Words of the verdicts, for the legend. */
  readonly words: Readonly<Record<IHeatCell['verdict'], string>>;
  /** The cell that is in sight at first; default: the newest of the first row. */
  readonly at?: { readonly row: number; readonly column: number };
}

const GLYPHS = { ok: '', changed: '▲', drifted: '■', none: '–' } as const;
const HEIGHT = 24; // px of a row
const NAME = 168; // px of the names
const WIDE = 60; // px of a cell, where there are few
const NARROW = 28;
const FEW = 16; // columns
const LETTER = 6.2; // px of a letter of a column's label
const SPARE = 3; // rows and columns around those in sight

/**
 * Features by windows. Arrow keys move, Enter or a click selects. Only cells in
 * sight are in the page, and the one that keys are at.
 */
export function heatMap(
  data: IHeatMap,
  select: (row: number, column: number) => void
): HTMLElement {
  const { rows, columns } = data;
  const wide = columns.length <= FEW;
  const width = wide ? WIDE : NARROW;
  const longest = Math.max(1, ...columns.map(name => name.length));
  const every = Math.ceil((longest * LETTER + 8) / width); // columns a label
  const newest = columns.length - 1;
  let at = {
    row: clamp(data.at?.row ?? 0, rows.length - 1),
    column: clamp(data.at?.column ?? newest, newest)
  };
  let chosen: typeof at | null = null;
  let drawn = '';
  let made = new Map<number, HTMLElement>(); // rows that are in the page
  let across = ''; // columns of them

  const scroll = html('div', { class: 'mlops-nb-HeatScroll' });
  const grid = html('div', {
    class: 'mlops-nb-Heat',
    role: 'grid',
    'aria-label': data.label,
    'aria-rowcount': rows.length + 1,
    'aria-colcount': columns.length + 1,
    style: `width:${NAME + columns.length * width}px`
  });
  const head = html('div', {
    class: 'mlops-nb-HeatRow mlops-nb-HeatHead',
    role: 'row',
    'aria-rowindex': 1
  });
  const body = html('div', {
    role: 'rowgroup',
    class: 'mlops-nb-HeatBody',
    style: `height:${rows.length * HEIGHT}px`
  });
  const place = (column: number, broad = width) =>
    `left:${NAME + column * width}px;width:${broad}px`;

  const headCells = (shown: readonly number[]) => [
    html(
      'span',
      {
        role: 'columnheader',
        class: 'mlops-nb-HeatName',
        'aria-colindex': 1
      },
      data.corner
    ),
    ...shown.map(column => {
      // Counted from the newest, which always has its label.
      const labelled = (newest - column) % every === 0;
      return html(
        'span',
        {
          role: 'columnheader',
          class: 'mlops-nb-HeatLabel',
          'aria-colindex': column + 2,
          title: columns[column],
          style: place(column)
        },
        html(
          'span',
          labelled ? {} : { class: 'mlops-nb-HeatUnseen' },
          columns[column] ?? ''
        )
      );
    })
  ];

  const cellOf = (index: number, column: number): HTMLElement => {
    const row = rows[index] as IHeatRow;
    const cell = row.cells[column] ?? {
      verdict: 'none' as const,
      severity: 0,
      says: data.words.none
    };
    const here = index === at.row && column === at.column;
    return html(
      'span',
      {
        role: 'gridcell',
        class: 'mlops-nb-HeatCell',
        'data-verdict': cell.verdict,
        'data-row': index,
        'data-column': column,
        'aria-colindex': column + 2,
        'aria-selected': String(
          chosen?.row === index && chosen.column === column
        ),
        tabindex: here ? 0 : -1,
        title: `${row.name}, ${columns[column] ?? ''}: ${cell.says}`,
        'aria-label': `${row.name}, ${columns[column] ?? ''}: ${cell.says}`,
        style: `${place(column)};--mlops-nb-heat:${(0.2 + 0.8 * Math.min(1, Math.max(0, cell.severity))).toFixed(2)}`
      },
      wide && cell.text
        ? `${GLYPHS[cell.verdict]} ${cell.text}`
        : GLYPHS[cell.verdict]
    );
  };

  const rowOf = (index: number, shown: readonly number[]): HTMLElement => {
    const row = rows[index] as IHeatRow;
    return html(
      'div',
      {
        class: 'mlops-nb-HeatRow',
        role: 'row',
        'aria-rowindex': index + 2,
        style: `top:${index * HEIGHT}px`
      },
      html(
        'span',
        {
          role: 'rowheader',
          class: 'mlops-nb-HeatName',
          'aria-colindex': 1,
          title: row.note ? `${row.name}: ${row.note}` : row.name
        },
        html('span', { class: 'mlops-nb-HeatWord' }, row.name),
        html('span', { class: 'mlops-nb-HeatNote' }, row.note)
      ),
      ...shown.map(column => cellOf(index, column))
    );
  };

  const draw = (again = false) => {
    const high = scroll.clientHeight || 420;
    const broad = scroll.clientWidth || 800;
    const shownRows = inSight(
      scroll.scrollTop / HEIGHT,
      high / HEIGHT,
      rows.length,
      at.row
    );
    const shown = inSight(
      scroll.scrollLeft / width,
      broad / width,
      columns.length,
      at.column
    );
    const key = `${shownRows.join()} ${shown.join()}`;
    if (key === drawn && !again) {
      return;
    }
    drawn = key;
    const focused = body.contains(document.activeElement);
    head.replaceChildren(...headCells(shown));
    // Rows that stay in sight are kept, as long as their columns are the same.
    const kept: typeof made =
      again || across !== shown.join() ? new Map<number, HTMLElement>() : made;
    across = shown.join();
    made = new Map(
      shownRows.map(index => [index, kept.get(index) ?? rowOf(index, shown)])
    );
    body.replaceChildren(...made.values());
    if (focused) {
      focus();
    }
  };

  const focus = () =>
    body
      .querySelector<HTMLElement>(
        `[data-row="${at.row}"][data-column="${at.column}"]`
      )
      ?.focus({ preventScroll: true });

  /** Scrolls as little as it takes to have the cell in sight, beside names and labels. */
  const reveal = () => {
    const top = at.row * HEIGHT;
    const left = at.column * width;
    const high = scroll.clientHeight - HEIGHT;
    const broad = scroll.clientWidth - NAME;
    if (top < scroll.scrollTop) {
      scroll.scrollTop = top;
    } else if (high > 0 && top + HEIGHT > scroll.scrollTop + high) {
      scroll.scrollTop = top + HEIGHT - high;
    }
    if (left < scroll.scrollLeft) {
      scroll.scrollLeft = left;
    } else if (broad > 0 && left + width > scroll.scrollLeft + broad) {
      scroll.scrollLeft = left + width - broad;
    }
  };

  const go = (row: number, column: number) => {
    at = {
      row: clamp(row, rows.length - 1),
      column: clamp(column, newest)
    };
    reveal();
    draw(true);
    focus();
  };

  const take = () => {
    chosen = at;
    draw(true);
    focus();
    select(at.row, at.column);
  };

  grid.addEventListener('keydown', event => {
    const page = Math.max(1, Math.floor(scroll.clientHeight / HEIGHT) - 2);
    const steps: Record<string, readonly [number, number]> = {
      ArrowDown: [at.row + 1, at.column],
      ArrowUp: [at.row - 1, at.column],
      ArrowLeft: [at.row, at.column - 1],
      ArrowRight: [at.row, at.column + 1],
      Home: [event.ctrlKey ? 0 : at.row, 0],
      End: [event.ctrlKey ? rows.length - 1 : at.row, newest],
      PageDown: [at.row + page, at.column],
      PageUp: [at.row - page, at.column]
    };
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      event.stopPropagation();
      go(step[0], step[1]);
    } else if (event.key === 'Enter' || event.key === ' ') {
      event.preventDefault();
      event.stopPropagation();
      take();
    }
  });
  grid.addEventListener('click', event => {
    const cell = (event.target as Element).closest<HTMLElement>('[data-row]');
    if (cell) {
      at = {
        row: Number(cell.dataset.row),
        column: Number(cell.dataset.column)
      };
      take();
    }
  });
  scroll.addEventListener('scroll', () => draw());
  let seen = false;
  new ResizeObserver(() => {
    if (!seen && scroll.clientWidth > 0) {
      seen = true;
      reveal();
    }
    draw();
  }).observe(scroll);
  grid.append(head, body);
  scroll.append(grid);
  draw();
  return html('div', {}, scroll, legend(data));
}

function clamp(value: number, most: number): number {
  return Math.min(most, Math.max(0, value));
}

/** Places in sight and some around them; and the one that keys are at, wherever it is. */
function inSight(
  first: number,
  count: number,
  of: number,
  also: number
): number[] {
  const begin = Math.max(0, Math.floor(first) - SPARE);
  const end = Math.min(of, Math.ceil(first + count) + SPARE);
  const found: number[] = [];
  for (let index = begin; index < end; index++) {
    found.push(index);
  }
  if (also < begin && also >= 0) {
    found.unshift(also);
  } else if (also >= end && also < of) {
    found.push(also);
  }
  return found;
}

function legend(data: IHeatMap): HTMLElement {
  return html(
    'div',
    { class: 'mlops-nb-HeatLegend', 'aria-hidden': 'true' },
    ...(['ok', 'changed', 'drifted', 'none'] as const).map(verdict =>
      html(
        'span',
        {},
        html(
          'span',
          {
            class: 'mlops-nb-HeatCell',
            'data-verdict': verdict,
            style: '--mlops-nb-heat:.7'
          },
          GLYPHS[verdict]
        ),
        data.words[verdict]
      )
    )
  );
}
