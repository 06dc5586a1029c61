import { URLExt } from '@jupyterlab/coreutils';
import React from 'react';
import { IDocumentProps } from '../core/documents';
import { useAnswer, useFace } from '../core/context';
import { Shown } from '../parts/pieces';

const THEME = 'data-jp-theme-light';

/** A dashboard of the workspace: the page that `mlops-nb dashboard` shows, behind Jupyter's own door. */
export function DashboardDocument({
  args,
  rename
}: IDocumentProps): React.JSX.Element {
  const { trans } = useFace();
  const known = useAnswer('dashboards', {}, { every: 300 });
  const name = String(args.name);
  return (
    <Shown answer={known} waiting={trans.__('Opening the dashboard…')}>
      {() => (
        <Frame name={name} model={String(args.model ?? '')} rename={rename} />
      )}
    </Shown>
  );
}

function Frame({
  name,
  model,
  rename
}: {
  readonly name: string;
  readonly model: string;
  readonly rename: (title: string) => void;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const frame = React.useRef<HTMLIFrameElement>(null);
  const [title, setTitle] = React.useState(name);
  const place = URLExt.join(
    face.client.settings.baseUrl,
    'mlops-nb/dashboards',
    encodeURIComponent(name)
  );
  const query = URLExt.objectToQueryString({
    ...(model && { name: model }),
    ...(face.workspace && { workspace: face.workspace })
  });

  // The page follows JupyterLab's theme, wherever its own links have led.
  const dress = React.useCallback(() => {
    const light = document.body.getAttribute(THEME) ?? 'true';
    frame.current?.contentDocument?.documentElement.setAttribute(THEME, light);
  }, []);
  React.useEffect(() => {
    const watch = new MutationObserver(dress);
    watch.observe(document.body, { attributeFilter: [THEME] });
    return () => watch.disconnect();
  }, [dress]);

  const loaded = () => {
    dress();
    const said = frame.current?.contentDocument?.title.split(' · ')[0];
    if (said) {
      setTitle(said);
      rename(said);
    }
  };
  return (
    <div className="mlops-nb-Page jp-IFrame">
      <iframe
        ref={frame}
        title={trans.__('Dashboard: %1', title)}
        src={`${place}${query}`}
        onLoad={loaded}
      />
    </div>
  );
}
