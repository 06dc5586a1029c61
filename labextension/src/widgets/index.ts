import { band, IBand } from '../drawings/band';
import { heatMap, IHeatMap } from '../drawings/heatmap';
import { IIntervals, intervals } from '../drawings/interval';
import { IShapeData, shape } from '../drawings/shapes';
import { ISparkline, sparkline } from '../drawings/sparkline';
import { html } from '../drawings/svg';
import { IWeight, weightBar } from '../drawings/weights';

/*
 * The drawings in a notebook, without JupyterLab around them: one ES module that
 * anywidget loads. `kind` says which drawing, `data` is what it draws, and what
 * is chosen in it goes back as `chosen`.
 */

/** What anywidget gives: the traits of a `Drawing` in the kernel. */
export interface IModel {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, act: () => void): void;
  off(event: string, act: () => void): void;
}

/** A cell of a heat map, or a mark on a band. */
export type Chosen =
  { readonly row: number; readonly column: number } | { readonly mark: number };

type Choose = (what: Chosen) => void;
type Draw = (data: unknown, choose: Choose) => Element;

const DRAWINGS: Readonly<Record<string, Draw>> = {
  heat: (data, choose) =>
    heatMap(data as IHeatMap, (row, column) => choose({ row, column })),
  band: (data, choose) => band(data as IBand, mark => choose({ mark })),
  shapes: data => shapes(data as IShapes),
  intervals: data => figure(intervals(data as IIntervals)),
  sparkline: data => sparkline(data as ISparkline),
  weights: data =>
    weightBar((data as { readonly routes: readonly IWeight[] }).routes)
};

/** Columns beside each other; `note` stands below a column: 2 % missing. */
export interface IShapes {
  readonly shapes: readonly (IShapeData & { readonly note?: string })[];
}

function shapes(data: IShapes): Element {
  return html(
    'div',
    { class: 'mlops-nb-Shapes' },
    ...data.shapes.map(one =>
      html(
        'figure',
        { 'aria-label': one.name },
        html('figcaption', {}, one.name),
        shape(one),
        one.seen
          ? html(
              'div',
              { class: 'mlops-nb-ShapeKey' },
              key('reference', one.words.reference),
              key('seen', one.words.seen)
            )
          : null,
        one.note ? html('div', { class: 'mlops-nb-ShapeKey' }, one.note) : null
      )
    )
  );
}

function key(kind: string, words: string): HTMLElement {
  return html(
    'span',
    {},
    html('span', { class: 'mlops-nb-ShapeBar', 'data-kind': kind }),
    words
  );
}

function figure(drawn: Element): Element {
  return html('div', { class: 'mlops-nb-Intervals' }, drawn);
}

/** Draws, and again when what is drawn changes. Answers with what ends that. */
function render({
  model,
  el
}: {
  readonly model: IModel;
  readonly el: HTMLElement;
}): () => void {
  el.classList.add('mlops-nb-Drawing');
  // Arrow keys in a heat map are not the notebook's.
  el.setAttribute('data-lm-suppress-shortcuts', 'true');
  const choose: Choose = what => {
    model.set('chosen', what);
    model.save_changes();
  };
  const draw = () => {
    const data = model.get('data') as Readonly<Record<string, unknown>>;
    const how = DRAWINGS[String(model.get('kind'))];
    const empty = Object.keys(data).length === 0;
    el.replaceChildren(...(how && !empty ? [how(data, choose)] : []));
  };
  model.on('change:data', draw);
  model.on('change:kind', draw);
  draw();
  return () => {
    model.off('change:data', draw);
    model.off('change:kind', draw);
  };
}

export default { render };
