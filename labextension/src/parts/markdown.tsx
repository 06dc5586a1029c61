import { Widget } from '@lumino/widgets';
import React from 'react';
import { useFace } from '../core/context';
import { Code } from './pieces';

const TYPE = 'text/markdown';

/** Markdown as JupyterLab shows it, cleaned of what could run. */
export function Markdown({
  text
}: {
  readonly text: string;
}): React.JSX.Element {
  const { rendermime } = useFace().shared;
  const box = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    if (!box.current || !rendermime) {
      return undefined;
    }
    const renderer = rendermime.createRenderer(TYPE);
    Widget.attach(renderer, box.current);
    void renderer.renderModel(
      rendermime.createModel({ data: { [TYPE]: text }, trusted: false })
    );
    return () => renderer.dispose();
  }, [rendermime, text]);
  return rendermime ? (
    <div ref={box} className="mlops-nb-Markdown" />
  ) : (
    <Code code={text} />
  );
}
