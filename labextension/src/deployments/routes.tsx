import { Button } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { useFace } from '../core/context';
import { asError } from '../core/face';
import { RequestError } from '../core/request';
import { weightBar } from '../drawings/weights';
import { confirm } from '../parts/confirm';
import { Drawing } from '../parts/drawing';
import { StateText } from '../parts/looks';
import { Grid, Problem } from '../parts/pieces';
import { IDeployment, IRoute } from '../records';

/** delay/1 live 80 %, delay/2 canary 20 %, delay/3 shadow */
export function routesOf(
  deployment: Pick<IDeployment, 'routes'>,
  trans: TranslationBundle
): string {
  return deployment.routes
    .map(route =>
      route.role === 'shadow'
        ? trans.__('%1 shadow', route.version || route.ref)
        : trans.__(
            '%1 %2 %3 %',
            route.version || route.ref,
            route.role,
            route.weight ?? 0
          )
    )
    .join(', ');
}

/** A version that opens: delay/2. */
export function VersionLink({
  version
}: {
  readonly version: string;
}): React.JSX.Element {
  const face = useFace();
  const [name, number] = version.split('/');
  return name && number ? (
    <button
      type="button"
      className="mlops-nb-Link"
      onClick={() => face.open('version', { name, version: Number(number) })}
    >
      {version}
    </button>
  ) : (
    <>{version || '–'}</>
  );
}

/** Shares of the requests, and how each version stands. */
export function Routes({
  deployment
}: {
  readonly deployment: IDeployment;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const { routes, state } = deployment;
  const canary = routes.find(route => route.role === 'canary');
  if (state === 'stopped') {
    return (
      <p className="mlops-nb-Quiet">
        {trans.__(
          'Nowhere: it has stopped. It was %1.',
          routesOf(deployment, trans)
        )}
      </p>
    );
  }
  return (
    <>
      <Drawing draw={weightBar} data={routes} />
      <Grid
        label={trans.__('Routes')}
        head={[
          trans.__('version'),
          trans.__('role'),
          trans.__('share'),
          trans.__('state'),
          trans.__('asked for')
        ]}
        numbers={[2]}
        rows={routes.map(route => [
          <VersionLink key="version" version={route.version} />,
          route.role === 'shadow'
            ? trans.__('shadow: gets copies, answers nobody')
            : route.role,
          route.role === 'shadow' ? '–' : `${route.weight ?? 0} %`,
          <How key="state" route={route} />,
          route.ref === route.version
            ? trans.__('this version')
            : trans.__('%1, whatever it is', route.ref)
        ])}
      />
      {canary && face.may('write') && (
        <Share
          key={`${canary.ref} ${canary.weight ?? 0}`}
          deployment={deployment}
          canary={canary}
        />
      )}
    </>
  );
}

function How({ route }: { readonly route: IRoute }): React.JSX.Element {
  const { trans } = useFace();
  return (
    <>
      {route.state ? (
        <StateText state={route.state} title={route.reason} />
      ) : (
        '–'
      )}
      {route.compiled && (
        <span
          className="mlops-nb-Quiet"
          title={trans.__('It answers without the training libraries.')}
        >
          {' '}
          {trans.__('compiled')}
        </span>
      )}
      {route.reason && <div>{route.reason}</div>}
    </>
  );
}

/** How much the canary gets: a slider and a number that say the same. */
function Share({
  deployment,
  canary
}: {
  readonly deployment: IDeployment;
  readonly canary: IRoute;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const { name, routes } = deployment;
  const now = canary.weight ?? 0;
  const [text, setText] = React.useState(String(now));
  const [error, setError] = React.useState<RequestError | null>(null);
  const live = routes.find(route => route.role === 'live');
  const others = routes.filter(route => route.role === 'canary');
  const share = Number(text);
  const rest = others
    .filter(route => route !== canary)
    .reduce((sum, route) => sum + (route.weight ?? 0), 0);
  const fits = text.trim() !== '' && share > 0 && share + rest < 100;
  const change = async () => {
    setError(null);
    const version = canary.version || canary.ref;
    const reason = await confirm(
      {
        title: trans.__('Change the canary’s share?'),
        says: trans.__(
          '%1: %2 % of the requests go to %3, in place of %4 %. The others go to %5.',
          name,
          share,
          version,
          now,
          live?.version || live?.ref || '–'
        ),
        accept: trans.__('Change'),
        reason: 'wanted'
      },
      trans
    );
    if (reason === null || !live) {
      return;
    }
    try {
      await face.act(
        'deployments',
        {
          name,
          target: live.ref,
          canary: Object.fromEntries(
            others.map(route => [
              route.ref,
              route === canary ? share : route.weight
            ])
          ),
          shadow: routes
            .filter(route => route.role === 'shadow')
            .map(route => route.ref),
          expected_revision: deployment.revision,
          reason
        },
        {
          doing: trans.__('Changing the share of %1…', version),
          done: () =>
            trans.__('%1 answers %2 % of the requests.', version, share)
        }
      );
    } catch (problem) {
      setError(asError(problem));
    }
  };
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        void change();
      }}
    >
      <div className="mlops-nb-Range">
        <label>
          {trans.__('Share of the canary %1', canary.version || canary.ref)}
          <input
            type="range"
            min={1}
            max={99 - rest}
            value={share || 1}
            onChange={event => setText(event.target.value)}
          />
        </label>
        <label>
          <input
            className="jp-mod-styled"
            type="number"
            min={0}
            max={100 - rest}
            step="any"
            aria-label={trans.__('Per cent of the requests')}
            aria-invalid={!fits}
            value={text}
            onChange={event => setText(event.target.value)}
          />{' '}
          %
        </label>
        <Button type="submit" small disabled={!fits || share === now}>
          {trans.__('Change share…')}
        </Button>
      </div>
      {!fits && (
        <p className="mlops-nb-Wrong" role="alert">
          {trans.__(
            'More than 0 and less than %1; the rest goes to what is live.',
            100 - rest
          )}
        </p>
      )}
      {error && <Problem error={error} />}
    </form>
  );
}
