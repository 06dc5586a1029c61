import { html } from './svg';

export interface IWeight {
  /** delay/2 */
  readonly version: string;
  /** What was asked for, where no version is known: delay@champion. */
  readonly ref?: string;
  readonly role: 'live' | 'canary' | 'shadow';
  /** Per cent of the requests; a shadow gets copies of all. */
  readonly weight: number | null;
}

/** Shares of a deployment's requests as a bar; each part says what it is. */
export function weightBar(routes: readonly IWeight[]): HTMLElement {
  const named = (one: IWeight) => one.version || one.ref || '';
  const said = routes
    .map(one =>
      [
        named(one),
        one.role,
        ...(one.role === 'shadow' ? [] : [`${one.weight ?? 0} %`])
      ].join(' ')
    )
    .join(', ');
  const parts = routes.filter(
    one => one.role !== 'shadow' && (one.weight ?? 0) > 0
  );
  return html(
    'div',
    { class: 'mlops-nb-Weights', role: 'img', 'aria-label': said, title: said },
    ...parts.map(one =>
      html(
        'span',
        { 'data-role': one.role, style: `flex-grow:${one.weight ?? 0}` },
        // A narrow part says how much, a wide one also of what.
        (one.weight ?? 0) < 40
          ? `${one.weight ?? 0} %`
          : `${named(one)} ${one.weight ?? 0} %`
      )
    )
  );
}
