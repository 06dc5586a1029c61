import React from 'react';

export interface IRowsProps<T> {
  readonly items: readonly T[];
  readonly label: string;
  readonly keyOf: (item: T) => string;
  /** What a row shows. All rows have the same height. */
  readonly row: (item: T) => React.ReactNode;
  readonly onOpen: (item: T) => void;
  /** What a screen reader says of a row; default: its text. */
  readonly nameOf?: (item: T) => string;
  readonly rowHeight?: number;
  /** Asks for the rows that follow. */
  readonly more?: (() => void) | null;
}

const SPARE = 6; // rows above and below what is seen

/**
 * A list of any length: only rows in sight are in the page. Arrow keys, Home,
 * End and Page keys move, Enter opens.
 */
export function Rows<T>(props: IRowsProps<T>): React.JSX.Element {
  const { items, keyOf, more } = props;
  const height = props.rowHeight ?? 44;
  const box = React.useRef<HTMLDivElement>(null);
  const [top, setTop] = React.useState(0);
  const [seen, setSeen] = React.useState(400);
  const [chosen, choose] = React.useState<string | null>(null);
  const index = Math.max(
    0,
    items.findIndex(item => keyOf(item) === chosen)
  );

  React.useEffect(() => {
    const node = box.current;
    if (!node) {
      return undefined;
    }
    const watch = new ResizeObserver(() => setSeen(node.clientHeight));
    watch.observe(node);
    setSeen(node.clientHeight);
    return () => watch.disconnect();
  }, []);

  const first = Math.max(0, Math.floor(top / height) - SPARE);
  const last = Math.min(items.length, Math.ceil((top + seen) / height) + SPARE);

  React.useEffect(() => {
    if (more && last >= items.length - 2) {
      more();
    }
  }, [more, last, items.length]);

  const move = (to: number) => {
    const target = Math.min(items.length - 1, Math.max(0, to));
    const item = items[target];
    const node = box.current;
    if (item === undefined || !node) {
      return;
    }
    choose(keyOf(item));
    if (target * height < node.scrollTop) {
      node.scrollTop = target * height;
    } else if ((target + 1) * height > node.scrollTop + node.clientHeight) {
      node.scrollTop = (target + 1) * height - node.clientHeight;
    }
    window.requestAnimationFrame(() =>
      node
        .querySelector<HTMLElement>(`[data-index="${target}"]`)
        ?.focus({ preventScroll: true })
    );
  };

  const onKey = (event: React.KeyboardEvent) => {
    const page = Math.max(1, Math.floor(seen / height) - 1);
    const steps: Record<string, number> = {
      ArrowDown: index + 1,
      ArrowUp: index - 1,
      PageDown: index + page,
      PageUp: index - page,
      Home: 0,
      End: items.length - 1
    };
    const to = steps[event.key];
    if (to !== undefined && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      move(to);
    } else if (
      event.key === 'Enter' &&
      (event.target as HTMLElement).getAttribute('role') === 'listitem'
    ) {
      const item = items[index];
      if (item !== undefined) {
        event.preventDefault();
        props.onOpen(item);
      }
    }
  };

  return (
    <div
      ref={box}
      className="mlops-nb-Rows"
      role="list"
      aria-label={props.label}
      onScroll={event => setTop(event.currentTarget.scrollTop)}
      onKeyDown={onKey}
    >
      <div
        role="presentation"
        style={{ height: items.length * height, position: 'relative' }}
      >
        {items.slice(first, last).map((item, at) => {
          const place = first + at;
          const name = props.nameOf?.(item);
          return (
            <div
              key={keyOf(item)}
              role="listitem"
              className="mlops-nb-Row"
              data-index={place}
              data-key={keyOf(item)}
              aria-posinset={place + 1}
              aria-setsize={more ? -1 : items.length}
              {...(name !== undefined && { 'aria-label': name })}
              tabIndex={place === index ? 0 : -1}
              style={{ height, position: 'absolute', top: place * height }}
              onClick={() => {
                choose(keyOf(item));
                props.onOpen(item);
              }}
            >
              {props.row(item)}
            </div>
          );
        })}
      </div>
    </div>
  );
}
