import React from 'react';
import { band, IBand } from '../drawings/band';

/** A drawing over windows that is as wide as there is room. */
export function Chart({
  data,
  onMark
}: {
  readonly data: IBand;
  readonly onMark?: (mark: number) => void;
}): React.JSX.Element {
  const box = React.useRef<HTMLDivElement>(null);
  const [width, setWidth] = React.useState(0);
  const told = React.useRef(onMark);
  told.current = onMark;
  const clickable = onMark !== undefined;
  React.useEffect(() => {
    const node = box.current;
    if (!node) {
      return undefined;
    }
    const watch = new ResizeObserver(() => setWidth(node.clientWidth));
    watch.observe(node);
    setWidth(node.clientWidth);
    return () => watch.disconnect();
  }, []);
  const key = JSON.stringify(data);
  React.useEffect(() => {
    if (width > 0) {
      box.current?.replaceChildren(
        band(
          { ...data, width },
          clickable ? mark => told.current?.(mark) : undefined
        )
      );
    }
  }, [key, width, clickable]);
  return <div ref={box} className="mlops-nb-Chart" />;
}
