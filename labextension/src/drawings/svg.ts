/*
 * Drawings know nothing of React, JupyterLab or the network: plain data in, an
 * element out. They are the same in the sidebar and in widgets. Colours are
 * variables with a fallback, and what a colour says stands in words beside it.
 */

type Value = string | number | undefined;
type Child = Node | string | null;

const SVG = 'http://www.w3.org/2000/svg';

function put(
  node: Element,
  values: Readonly<Record<string, Value>>,
  children: readonly Child[]
): void {
  for (const [name, value] of Object.entries(values)) {
    if (value !== undefined) {
      node.setAttribute(name, String(value));
    }
  }
  node.append(
    ...children.filter((child): child is Node | string => child !== null)
  );
}

/** An SVG element: `svg('rect', {x: 0, width: 10})`. */
export function svg(
  tag: string,
  values: Readonly<Record<string, Value>> = {},
  ...children: readonly Child[]
): SVGElement {
  const node = document.createElementNS(SVG, tag);
  put(node, values, children);
  return node;
}

/** An HTML element: `html('div', {class: 'x'}, 'text')`. */
export function html(
  tag: string,
  values: Readonly<Record<string, Value>> = {},
  ...children: readonly Child[]
): HTMLElement {
  const node = document.createElement(tag);
  put(node, values, children);
  return node;
}

/** A picture with a name that screen readers say. */
export function picture(
  width: number,
  height: number,
  name: string,
  ...children: readonly Child[]
): SVGElement {
  return svg(
    'svg',
    {
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      role: 'img',
      'aria-label': name
    },
    svg('title', {}, name),
    ...children
  );
}
