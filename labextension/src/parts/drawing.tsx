import React from 'react';

/** Puts a drawing, made without React, onto the screen; it is drawn again when `data` changes. */
export function Drawing<T>({
  draw,
  data,
  className
}: {
  readonly draw: (data: T) => Element;
  readonly data: T;
  readonly className?: string;
}): React.JSX.Element {
  const box = React.useRef<HTMLDivElement>(null);
  const key = JSON.stringify(data);
  React.useEffect(() => {
    box.current?.replaceChildren(draw(data));
  }, [key, draw]);
  return <div ref={box} className={className} />;
}
