import {
  Button,
  ToolbarButtonComponent,
  caretDownIcon,
  caretRightIcon,
  refreshIcon
} from '@jupyterlab/ui-components';
import React from 'react';
import {
  FaceContext,
  VisibleContext,
  useAnswer,
  useChanges,
  useFace
} from '../core/context';
import { Face, IShared } from '../core/face';
import { DeploymentsSection } from '../deployments/section';
import { ModelsSection } from '../models/section';
import { DashboardsSection } from '../pages/section';
import { FirstTutorial, TutorialsSection } from '../pages/tutorials';
import { Code, Problem } from '../parts/pieces';
import { RunsSection } from '../runs/section';
import { WatchSection } from '../watch/section';
import { LoadDemo } from './demo';
import { Header } from './header';

/** What a section of the panel gets. */
export interface ISectionProps {
  /** What the person looks for; empty: everything. */
  readonly q: string;
  /** Says what stands beside the section's name: how many, or what needs attention. */
  readonly badge: (badge: React.ReactNode) => void;
}

interface ISectionKind {
  readonly id: string;
  readonly name: string;
  readonly component: React.ComponentType<ISectionProps>;
}

/** Everything inside the panel. */
export function Contents({
  shared,
  visible
}: {
  readonly shared: IShared;
  readonly visible: boolean;
}): React.JSX.Element {
  useChanges(shared.places.changed, shared.rights.changed);
  const workspace = shared.places.current;
  if (workspace === null) {
    return (
      <p className="mlops-nb-Quiet mlops-nb-Padded" role="status">
        {shared.trans.__('Looking for the workspace…')}
      </p>
    );
  }
  return (
    <FaceContext.Provider value={Face.of(shared, workspace)}>
      <VisibleContext.Provider value={visible}>
        <Workspace key={workspace} />
      </VisibleContext.Provider>
    </FaceContext.Provider>
  );
}

function Workspace(): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const [q, search] = React.useState('');
  const overview = useAnswer('workspace', {}, { on: ['model', 'run'] });
  const isNew = overview.value !== null && face.place === null;
  React.useEffect(() => {
    if (isNew) {
      void face.shared.places.look(); // it was made since the last look
    }
  }, [face, isNew]);
  const others = useLater(60); // the models are asked for first, and stand there soon
  const kinds: ISectionKind[] = [
    { id: 'models', name: trans.__('Models'), component: ModelsSection },
    {
      id: 'deployments',
      name: trans.__('Deployments'),
      component: DeploymentsSection
    },
    { id: 'runs', name: trans.__('Runs'), component: RunsSection },
    { id: 'watch', name: trans.__('Watch'), component: WatchSection },
    {
      id: 'dashboards',
      name: trans.__('Dashboards'),
      component: DashboardsSection
    },
    ...(face.may('write')
      ? [
          {
            id: 'tutorials',
            name: trans.__('Tutorials'),
            component: TutorialsSection
          }
        ]
      : [])
  ];
  if (overview.error?.code === 'workspace_not_found') {
    return <NoWorkspace refresh={overview.refresh} />;
  }
  return (
    <div className="mlops-nb-View">
      <Header q={q} search={search} />
      {overview.error && (
        <Problem error={overview.error} retry={overview.refresh} />
      )}
      {(overview.value !== null || overview.error === null) && (
        <div className="mlops-nb-Sections">
          {kinds.map((kind, place) => (
            <Section
              key={kind.id}
              kind={kind}
              q={q}
              asks={place === 0 || others}
            />
          ))}
        </div>
      )}
    </div>
  );
}

const CLOSED = 'mlops-nb:closed-sections';
const AT_FIRST = ['tutorials'];

function closedSections(): string[] {
  try {
    const kept = localStorage.getItem(CLOSED);
    return kept === null ? AT_FIRST : (JSON.parse(kept) as string[]);
  } catch {
    return AT_FIRST;
  }
}

/** Whether so many milliseconds have passed. */
function useLater(ms: number): boolean {
  const [late, setLate] = React.useState(false);
  React.useEffect(() => {
    const timer = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(timer);
  }, [ms]);
  return late;
}

function Section({
  kind,
  q,
  asks
}: {
  readonly kind: ISectionKind;
  readonly q: string;
  readonly asks: boolean;
}): React.JSX.Element {
  const [open, setOpen] = React.useState(
    () => !closedSections().includes(kind.id)
  );
  const [badge, setBadge] = React.useState<React.ReactNode>(null);
  const toggle = () => {
    const others = closedSections().filter(id => id !== kind.id);
    localStorage.setItem(
      CLOSED,
      JSON.stringify(open ? [...others, kind.id] : others)
    );
    setOpen(!open);
  };
  const Component = kind.component;
  const Caret = open ? caretDownIcon : caretRightIcon;
  return (
    <section
      className="mlops-nb-Section"
      data-open={open}
      data-section={kind.id}
      aria-labelledby={`mlops-nb-head-${kind.id}`}
    >
      <h3>
        <button
          type="button"
          id={`mlops-nb-head-${kind.id}`}
          className="mlops-nb-SectionHead"
          aria-expanded={open}
          aria-controls={`mlops-nb-body-${kind.id}`}
          onClick={toggle}
        >
          <Caret.react
            tag="span"
            width="16px"
            height="16px"
            aria-hidden="true"
          />
          <span>{kind.name}</span>
          <span className="mlops-nb-Badge">{badge}</span>
        </button>
      </h3>
      <div
        id={`mlops-nb-body-${kind.id}`}
        className="mlops-nb-SectionBody"
        hidden={!open}
      >
        <VisibleContext.Provider
          value={React.useContext(VisibleContext) && open}
        >
          {asks && <Component q={q} badge={setBadge} />}
        </VisibleContext.Provider>
      </div>
    </section>
  );
}

/** There is no workspace in the folder that JupyterLab shows. */
function NoWorkspace({
  refresh
}: {
  readonly refresh: () => void;
}): React.JSX.Element {
  const { trans } = useFace();
  return (
    <div className="mlops-nb-Padded" role="status">
      <div className="mlops-nb-Header">
        <h2 className="mlops-nb-Title">{trans.__('MLOps')}</h2>
        <ToolbarButtonComponent
          icon={refreshIcon}
          tooltip={trans.__('Refresh')}
          onClick={refresh}
        />
      </div>
      <p>{trans.__('There is no workspace in this folder yet.')}</p>
      <p>{trans.__('Make one from a notebook:')}</p>
      <Code code={'from mlops_nb import Workspace\n\nws = Workspace()'} />
      <Button small onClick={refresh}>
        {trans.__('Look again')}
      </Button>
      <FirstTutorial />
      <LoadDemo />
    </div>
  );
}
