import React from 'react';
import { useAnswer, useFace, useList } from '../core/context';
import { ISectionProps } from '../panel/contents';
import { FirstTutorial } from '../pages/tutorials';
import { LoadDemo, PlayYear } from '../panel/demo';
import { Chip, StateText } from '../parts/looks';
import { Ago, Empty, Shown } from '../parts/pieces';
import { Rows } from '../parts/rows';
import { IModelSummary, IWatchedModel } from '../records';
import { inOrder } from './view';

const DEMO = 'flight-delay'; // the model of `mlops-nb demo`

/** The version that a model's row opens: the champion, else the newest. */
export function versionOf(model: IModelSummary): number | null {
  return model.aliases.champion ?? model.newest?.version ?? null;
}

/** Registered models: aliases, where they are served, whether something is wrong. */
export function ModelsSection({ q, badge }: ISectionProps): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const models = useList(
    'models',
    { q },
    { on: ['model', 'deployment', 'alert'] }
  );
  const watched = useAnswer('watch', {}, { on: ['alert', 'model'] });
  const states = new Map(
    watched.value?.items.map(one => [one.model, one]) ?? []
  );
  const count = models.value?.length ?? 0;
  React.useEffect(
    () => badge(count > 0 ? `${count}${models.more ? '+' : ''}` : null),
    [count, models.more !== null]
  );
  const open = (model: IModelSummary) => {
    const version = versionOf(model);
    if (version !== null) {
      face.open('version', { name: model.name, version });
    }
  };
  return (
    <Shown answer={models}>
      {items =>
        items.length === 0 ? (
          q ? (
            <Empty>{trans.__('No model is called “%1”.', q)}</Empty>
          ) : (
            <Empty
              action={trans.__('Show how')}
              onAction={() => face.open('register-form', {})}
              more={
                <>
                  <FirstTutorial />
                  <LoadDemo />
                  <PlayYear />
                </>
              }
            >
              {trans.__(
                'No model yet. Train one in a notebook, then click “Register model…” in its toolbar.'
              )}
            </Empty>
          )
        ) : (
          <>
            <Rows
              items={items}
              label={trans.__('Models')}
              keyOf={model => model.name}
              onOpen={open}
              more={models.more}
              rowHeight={68}
              row={model => (
                <Model
                  model={model}
                  watched={states.get(model.name)}
                  known={watched.value !== null}
                />
              )}
            />
            {items.some(model => model.name === DEMO) && <PlayYear />}
          </>
        )
      }
    </Shown>
  );
}

function Model({
  model,
  watched,
  known
}: {
  readonly model: IModelSummary;
  readonly watched: IWatchedModel | undefined;
  /** Whether it is known which models are watched. */
  readonly known: boolean;
}): React.JSX.Element {
  const { trans } = useFace();
  const newest = model.newest;
  return (
    <>
      <div className="mlops-nb-Line">
        <span className="mlops-nb-Name" title={model.description || model.name}>
          {model.name}
        </span>
        <span className="mlops-nb-End">
          {newest && newest.state !== 'proven' ? (
            <StateText state={newest.state} title={newest.reason} />
          ) : watched ? (
            <StateText
              state={watched.state}
              title={[watched.means, watched.summary].join(' ')}
            />
          ) : (
            known && (
              <span className="mlops-nb-Quiet">{trans.__('not watched')}</span>
            )
          )}
        </span>
      </div>
      <div className="mlops-nb-Line mlops-nb-Chips">
        {inOrder(Object.keys(model.aliases)).map(alias => (
          <Chip
            key={alias}
            title={trans.__(
              '%1 is version %2',
              alias,
              model.aliases[alias] ?? 0
            )}
          >
            {alias} {model.aliases[alias]}
          </Chip>
        ))}
        {newest && !Object.values(model.aliases).includes(newest.version) && (
          <Chip>{trans.__('newest %1', newest.version)}</Chip>
        )}
        {model.alerts > 0 && (
          <Chip tone="warn">
            {trans._n('%1 alert', '%1 alerts', model.alerts)}
          </Chip>
        )}
      </div>
      <div className="mlops-nb-Line mlops-nb-Second">
        <span className="mlops-nb-Rest">
          {model.served.length > 0
            ? trans.__('served as %1', model.served.join(', '))
            : trans.__('not served')}
          {newest?.actor && ` · ${newest.actor.id}`}
        </span>
        <span className="mlops-nb-End">
          <Ago at={model.updated_at} />
        </span>
      </div>
    </>
  );
}
