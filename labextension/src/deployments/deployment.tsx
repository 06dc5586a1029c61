import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { IDocumentProps } from '../core/documents';
import { Contract } from '../models/view';
import { Chip, StateText } from '../parts/looks';
import { Ago, Code, Facts, Grid, Part, Shown } from '../parts/pieces';
import { Tabs } from '../parts/tabs';
import { IDeployment } from '../records';
import { Changes } from './changes';
import { Routes, routesOf } from './routes';
import { Service, TrafficNow } from './service';
import { TryIt } from './try';

const HURRY = 1500; // ms between two looks while something is loaded

/** A name that answers requests: where they go, how that is, and what can be changed. */
export function DeploymentDocument({
  args
}: IDocumentProps): React.JSX.Element {
  const name = String(args.name);
  const found = useAnswer(
    'deployments/{name}',
    { name },
    { on: ['deployment', 'model', 'agent'], every: 15 }
  );
  const busy = found.value !== null && isLoading(found.value);
  React.useEffect(() => {
    if (!busy) {
      return undefined;
    }
    const timer = window.setInterval(found.refresh, HURRY);
    return () => window.clearInterval(timer);
  }, [busy]);
  return (
    <Shown answer={found}>
      {deployment => <Deployment deployment={deployment} />}
    </Shown>
  );
}

/** Whether a version is being loaded in the place of, or beside, those that answer. */
function isLoading(deployment: IDeployment): boolean {
  return (
    deployment.state === 'starting' ||
    (deployment.state !== 'stopped' &&
      deployment.routes.some(route => route.state === 'loading'))
  );
}

function Deployment({
  deployment
}: {
  readonly deployment: IDeployment;
}): React.JSX.Element {
  const { trans } = useFace();
  const live = deployment.state !== 'stopped';
  const routes = deployment.routes;
  return (
    <>
      <div className="mlops-nb-Top">
        <h1>{deployment.name}</h1>
        <StateText state={deployment.state} />
        <Chip>{trans.__('revision %1', deployment.revision)}</Chip>
      </div>
      {deployment.note && <p>{deployment.note}</p>}
      <Changes deployment={deployment} />
      {isLoading(deployment) && <Progress deployment={deployment} />}
      <Part title={trans.__('Where requests go')}>
        <Routes deployment={deployment} />
      </Part>
      {live && <TrafficNow deployment={deployment} />}
      <Service name={deployment.name} />
      {live && deployment.example && <Try deployment={deployment} />}
      {live && <Snippets name={deployment.name} />}
      <Part title={trans.__('How it answers')}>
        <Facts
          rows={[
            [trans.__('Keeps'), logWords(deployment.log, trans)],
            [trans.__('Answers'), deployment.options.output],
            [
              trans.__('Threshold'),
              deployment.options.threshold === null
                ? trans.__('the model’s own')
                : deployment.options.threshold
            ],
            [
              trans.__('Contract'),
              deployment.options.contract === 'enforce'
                ? trans.__('input that breaks it is refused')
                : deployment.options.contract === 'log'
                  ? trans.__('input that breaks it is answered, and counted')
                  : trans.__('as the settings of the workspace say')
            ],
            ...(routes.length > 1
              ? [
                  [
                    trans.__('Split'),
                    deployment.options.sticky
                      ? trans.__(
                          'requests of one %1 go to one version',
                          deployment.options.sticky
                        )
                      : trans.__('by chance')
                  ] as const
                ]
              : [])
          ]}
        />
      </Part>
      <History name={deployment.name} />
    </>
  );
}

function logWords(
  log: IDeployment['log'],
  trans: ReturnType<typeof useFace>['trans']
): string {
  switch (log) {
    case 'features':
      return trans.__('features and answers');
    case 'profile':
      return trans.__('only their profiles');
    default:
      return trans.__('nothing: it cannot be watched');
  }
}

/** A swap goes on: what is loaded, and that what answers now goes on. */
function Progress({
  deployment
}: {
  readonly deployment: IDeployment;
}): React.JSX.Element {
  const { trans } = useFace();
  const { routes } = deployment;
  const ready = routes.filter(route => route.state === 'ready').length;
  return (
    <div className="mlops-nb-Progress" role="status">
      <p>
        <StateText state="loading" />{' '}
        {trans.__(
          'Revision %1: %2 of %3 versions are ready. Requests are answered as before until all are.',
          deployment.revision,
          ready,
          routes.length
        )}
      </p>
      <progress
        max={routes.length}
        value={ready}
        aria-label={trans.__('Versions that are ready')}
      />
    </div>
  );
}

/** The form knows the types of columns from the version that answers most. */
function Try({
  deployment
}: {
  readonly deployment: IDeployment;
}): React.JSX.Element | null {
  const live = deployment.routes.find(route => route.role === 'live');
  const [name, number] = (live?.version ?? '').split('/');
  return name && number ? (
    <TryVersion deployment={deployment} name={name} version={Number(number)} />
  ) : null;
}

function TryVersion({
  deployment,
  name,
  version
}: {
  readonly deployment: IDeployment;
  readonly name: string;
  readonly version: number;
}): React.JSX.Element {
  const { trans } = useFace();
  const document = useAnswer('models/{name}/versions/{version}', {
    name,
    version
  });
  return (
    <Part title={trans.__('Try it')}>
      <TryIt
        example={deployment.example ?? {}}
        contract={(document.value?.contract ?? {}) as Contract}
        deployment={deployment.name}
      />
    </Part>
  );
}

type Word = 'curl' | 'python' | 'javascript';

/** Its two addresses, and what to type. */
function Snippets({ name }: { readonly name: string }): React.JSX.Element {
  const { trans } = useFace();
  const snippets = useAnswer(
    'deployments/{name}/snippets',
    { name },
    { on: ['deployment'] }
  );
  return (
    <Part title={trans.__('Ask it from elsewhere')}>
      <Shown answer={snippets}>
        {found => (
          <>
            <div className="mlops-nb-Address">
              <span>{trans.__('Its own address')}</span>
              <Code
                code={`${String(found.url)}/invocations`}
                label={trans.__('Copy its own address')}
              />
            </div>
            <div className="mlops-nb-Address">
              <span>
                {trans.__('Through Jupyter, with its token or its cookie')}
              </span>
              <Code
                code={new URL(String(found.proxy), location.href).href}
                label={trans.__('Copy the address through Jupyter')}
              />
            </div>
            <Tabs<Word>
              label={trans.__('Language')}
              tabs={[
                ['curl', 'curl'],
                ['python', 'Python'],
                ['javascript', 'JavaScript']
              ]}
            >
              {word => <Code code={String(found[word] ?? '')} />}
            </Tabs>
          </>
        )}
      </Shown>
    </Part>
  );
}

/** Every revision: who made it, when and why. */
function History({ name }: { readonly name: string }): React.JSX.Element {
  const { trans } = useFace();
  const history = useAnswer(
    'deployments/{name}/history',
    { name },
    { on: ['deployment'] }
  );
  return (
    <Part title={trans.__('Revisions')}>
      <Shown answer={history}>
        {page => (
          <Grid
            label={trans.__('Revisions')}
            head={[
              trans.__('revision'),
              trans.__('when'),
              trans.__('who'),
              trans.__('routes'),
              trans.__('reason')
            ]}
            numbers={[0]}
            rows={page.items.map(one => [
              one.revision,
              <Ago key="at" at={one.at} />,
              one.actor?.id ?? '',
              one.state === 'stopped'
                ? trans.__('stopped')
                : routesOf(one, trans),
              one.reason
            ])}
          />
        )}
      </Shown>
    </Part>
  );
}
