import { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { sparkline } from '../drawings/sparkline';
import { weightBar } from '../drawings/weights';
import { ISectionProps } from '../panel/contents';
import { Drawing } from '../parts/drawing';
import { StateText } from '../parts/looks';
import { Empty, Shown } from '../parts/pieces';
import { Rows } from '../parts/rows';
import { asPercent } from '../parts/words';
import { IDeployment } from '../records';
import { useTraffic } from './seen';
import { IRate, asMs, asRate } from './traffic';

/** Names that answer requests: what they lead to, and how busy they are. */
export function DeploymentsSection({
  q,
  badge
}: ISectionProps): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const deployments = useAnswer(
    'deployments',
    {},
    { on: ['deployment', 'agent'] }
  );
  const rates = useTraffic();
  const all = deployments.value?.items ?? [];
  const live = all.filter(one => one.state !== 'stopped').length;
  React.useEffect(
    () =>
      badge(
        all.length > 0 ? trans.__('%1 of %2 live', live, all.length) : null
      ),
    [live, all.length]
  );
  return (
    <Shown answer={deployments}>
      {page => {
        const asked = q.toLowerCase();
        const items = page.items.filter(one =>
          one.name.toLowerCase().includes(asked)
        );
        if (items.length === 0) {
          return q ? (
            <Empty>{trans.__('No deployment is called “%1”.', q)}</Empty>
          ) : (
            <Empty
              {...(face.may('write') && {
                action: trans.__('Deploy a model…'),
                onAction: () => face.open('deploy-form', {})
              })}
            >
              {trans.__(
                'Nothing answers requests yet. A model that is deployed has an address that anybody can ask.'
              )}
            </Empty>
          );
        }
        return (
          <Rows
            items={items}
            label={trans.__('Deployments')}
            keyOf={one => one.name}
            onOpen={one => face.open('deployment', { name: one.name })}
            rowHeight={80}
            row={one => (
              <Deployment
                deployment={one}
                rates={rates(one.routes.map(route => route.version))}
              />
            )}
          />
        );
      }}
    </Shown>
  );
}

/** delay/1 80 % · canary delay/2 20 % · shadow delay/3 */
function routesOf(deployment: IDeployment, trans: TranslationBundle): string {
  return deployment.routes
    .map(route => {
      const version = route.version || route.ref;
      switch (route.role) {
        case 'canary':
          return trans.__('canary %1, %2 %', version, route.weight ?? 0);
        case 'shadow':
          return trans.__('shadow %1', version);
        default:
          return version;
      }
    })
    .join(' · ');
}

function Deployment({
  deployment,
  rates
}: {
  readonly deployment: IDeployment;
  readonly rates: readonly (IRate | null)[];
}): React.JSX.Element {
  const { trans } = useFace();
  const now = rates[rates.length - 1];
  const stopped = deployment.state === 'stopped';
  const routes = routesOf(deployment, trans);
  return (
    <>
      <div className="mlops-nb-Line">
        <span className="mlops-nb-Name">{deployment.name}</span>
        <span className="mlops-nb-End">
          <StateText state={deployment.state} title={deployment.note} />
        </span>
      </div>
      {!stopped && <Drawing draw={weightBar} data={deployment.routes} />}
      <div className="mlops-nb-Line mlops-nb-Second">
        <span className="mlops-nb-Rest" title={routes}>
          {routes}
        </span>
      </div>
      {!stopped && (
        <div className="mlops-nb-Line mlops-nb-Second">
          <span className="mlops-nb-Rest">
            {now?.requests === 0
              ? trans.__('no requests now')
              : now
                ? [
                    trans.__('%1/s', asRate(now.requests)),
                    ...(now.p95_ms === null
                      ? []
                      : [trans.__('p95 %1', asMs(now.p95_ms, trans))]),
                    ...(now.errors
                      ? [trans.__('%1 errors', asPercent(now.errors))]
                      : [])
                  ].join(' · ')
                : trans.__('counting requests…')}
          </span>
          <span className="mlops-nb-End">
            <Drawing
              draw={sparkline}
              data={{
                values: rates.map(one => one?.requests ?? null),
                name: trans.__('Requests a second'),
                width: 64,
                height: 14
              }}
            />
          </span>
        </div>
      )}
    </>
  );
}
