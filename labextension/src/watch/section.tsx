import React from 'react';
import { useAnswer, useFace, useList } from '../core/context';
import { ISectionProps } from '../panel/contents';
import { Chip, StateText } from '../parts/looks';
import { Ago, Empty, Shown } from '../parts/pieces';
import { Rows } from '../parts/rows';
import { IAlert, IWatchedModel } from '../records';
import { fits, headline, inOrder, since, standing } from './alerts';
import { Stands } from './pieces';

type Line =
  | { readonly kind: 'alert'; readonly alert: IAlert }
  | { readonly kind: 'model'; readonly model: IWatchedModel };

/** What needs somebody, then every watched model, the worst first. */
export function WatchSection({ q, badge }: ISectionProps): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const alerts = useList('alerts', {}, { on: ['alert'] });
  const watched = useAnswer('watch', {}, { on: ['alert', 'model'] });
  const open = (alerts.value ?? []).filter(one => standing(one) === 'open');
  const critical = open.filter(one => one.severity === 'critical').length;
  React.useEffect(
    () =>
      badge(
        open.length > 0 ? (
          <Chip tone={critical > 0 ? 'bad' : 'warn'}>
            {critical > 0
              ? trans.__('%1 open, %2 critical', open.length, critical)
              : trans.__('%1 open', open.length)}
          </Chip>
        ) : null
      ),
    [open.length, critical]
  );
  const wanted = q.trim().toLowerCase();
  const lines = React.useMemo((): Line[] => {
    const found = inOrder(alerts.value ?? []).filter(one => fits(one, wanted));
    const models = (watched.value?.items ?? []).filter(model =>
      `${model.model} ${model.state} ${model.summary}`
        .toLowerCase()
        .includes(wanted)
    );
    return [
      ...found.map((alert): Line => ({ kind: 'alert', alert })),
      ...models.map((model): Line => ({ kind: 'model', model }))
    ];
  }, [alerts.value, watched.value, wanted]);
  return (
    <Shown<unknown> answer={watched.value === null ? watched : alerts}>
      {() =>
        lines.length === 0 ? (
          <Empty>
            {wanted
              ? trans.__('Nothing that is watched fits “%1”.', q.trim())
              : trans.__(
                  'Nothing is watched yet. A model is watched from its first answers on: deploy one, or score a table with it.'
                )}
          </Empty>
        ) : (
          <Rows
            items={lines}
            label={trans.__('Open alerts and watched models')}
            keyOf={line =>
              line.kind === 'alert'
                ? `alert ${line.alert.id}`
                : `model ${line.model.model}`
            }
            onOpen={line =>
              line.kind === 'alert'
                ? face.open('alert', { id: line.alert.id })
                : face.open('watch', { model: line.model.model })
            }
            rowHeight={48}
            more={alerts.more}
            row={line =>
              line.kind === 'alert' ? (
                <AlertRow alert={line.alert} />
              ) : (
                <ModelRow model={line.model} />
              )
            }
          />
        )
      }
    </Shown>
  );
}

function AlertRow({ alert }: { readonly alert: IAlert }): React.JSX.Element {
  return (
    <>
      <div className="mlops-nb-Line">
        <StateText state={alert.severity} />
        <span className="mlops-nb-Name" title={alert.message}>
          {headline(alert.message)}
        </span>
      </div>
      <div className="mlops-nb-Line mlops-nb-Second">
        <span className="mlops-nb-Rest">
          {alert.model || alert.deployment}
          {alert.feature && ` · ${alert.feature}`}
          {alert.segment && ` · ${alert.segment}`}
          {' · '}
          <Ago at={since(alert)} />
        </span>
        <span className="mlops-nb-End">
          <Stands alert={alert} />
        </span>
      </div>
    </>
  );
}

function ModelRow({
  model
}: {
  readonly model: IWatchedModel;
}): React.JSX.Element {
  const { trans } = useFace();
  return (
    <>
      <div className="mlops-nb-Line">
        <StateText state={model.state} title={model.means} />
        <span className="mlops-nb-Name">{model.model}</span>
        <span className="mlops-nb-End">
          {model.alerts > 0 && (
            <Chip tone={model.critical > 0 ? 'bad' : 'warn'}>
              {trans._n('%1 alert', '%1 alerts', model.alerts)}
            </Chip>
          )}
        </span>
      </div>
      <div
        className="mlops-nb-Second"
        title={`${model.means} ${model.summary}`}
      >
        {model.summary || model.means}
      </div>
    </>
  );
}
