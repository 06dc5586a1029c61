import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { confirm } from '../parts/confirm';
import { Chip, StateText } from '../parts/looks';
import { Ago, Empty, Grid, Part, Shown } from '../parts/pieces';
import { asTime } from '../parts/words';
import { IFiring, ISchedule } from '../records';
import { NextTimes } from './whenfields';
import { inShort } from './words';

type Listed = ISchedule & { readonly next_times?: readonly string[] };

/** What runs by itself: when, what came of it, and a way to stop it. */
export function SchedulesDocument(): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const schedules = useAnswer(
    'schedules',
    {},
    { on: ['run', 'agent'], every: 30 }
  );
  const agent = useAnswer('agent', {}, { on: ['agent'] }).value;
  const path = face.notebookInFront;
  return (
    <>
      <h1>{trans.__('Schedules')}</h1>
      <Shown answer={schedules}>
        {found => {
          const items = found.items as readonly Listed[];
          if (items.length === 0) {
            return path && face.may('write') ? (
              <Empty
                action={trans.__('Schedule %1…', path.split('/').pop() ?? path)}
                onAction={() => face.open('run-form', { path, schedule: true })}
              >
                {trans.__('Nothing runs by itself yet.')}
              </Empty>
            ) : (
              <Empty>
                {trans.__(
                  'Nothing runs by itself yet. Open a notebook and click “Schedule…” in its toolbar.'
                )}
              </Empty>
            );
          }
          return (
            <>
              {agent && !agent.running && (
                <div className="mlops-nb-Warn" role="status">
                  <p>
                    {trans.__(
                      'The agent does not run, so nothing is started. Start it at the top of the MLOps panel.'
                    )}
                  </p>
                </div>
              )}
              {items.map(one => (
                <Schedule key={one.name} schedule={one} />
              ))}
            </>
          );
        }}
      </Shown>
    </>
  );
}

function Schedule({
  schedule
}: {
  readonly schedule: Listed;
}): React.JSX.Element {
  const { trans } = useFace();
  const { name } = schedule;
  const [open, setOpen] = React.useState(false);
  const given = inShort(schedule.parameters);
  return (
    <Part title={name} aside={<StateText state={schedule.state} />}>
      <p>
        <strong>{schedule.sentence}</strong>{' '}
        <span className="mlops-nb-Quiet">
          {schedule.notebook || schedule.pipeline}
        </span>
      </p>
      {given && (
        <p className="mlops-nb-Quiet">
          {given}{' '}
          {schedule.grid.length > 0 && (
            <Chip>
              {trans.__('a run for each %1', schedule.grid.join(', '))}
            </Chip>
          )}
        </p>
      )}
      {schedule.state === 'active' && (
        <NextTimes next={schedule.next_times ?? []} zone={schedule.timezone} />
      )}
      {schedule.last_at ? (
        <p>
          {trans.__('Last:')} <Ago at={schedule.last_at} />{' '}
          {schedule.last_state && <StateText state={schedule.last_state} />}{' '}
          <span className="mlops-nb-Quiet">{schedule.last_reason}</span>{' '}
          <RunsOf ids={schedule.last_runs} />
        </p>
      ) : (
        <p className="mlops-nb-Quiet">{trans.__('It has not run yet.')}</p>
      )}
      <div className="mlops-nb-Buttons">
        <Changes schedule={schedule} />
        <Button minimal aria-expanded={open} onClick={() => setOpen(!open)}>
          {open ? trans.__('Hide history') : trans.__('History')}
        </Button>
      </div>
      {open && <History name={name} />}
    </Part>
  );
}

/** What may be done with it: absent where it may not. */
function Changes({
  schedule
}: {
  readonly schedule: Listed;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const { name } = schedule;
  const post = (
    route:
      | 'schedules/{name}/pause'
      | 'schedules/{name}/resume'
      | 'schedules/{name}/run',
    doing: string,
    done: string
  ) =>
    void face
      .act(route, { name }, { doing, done: () => done })
      .catch(() => undefined);
  const remove = async () => {
    const answer = await confirm(
      {
        title: trans.__('Remove the schedule %1?', name),
        says: trans.__(
          '%1 is not run any more %2. What it has run so far stays.',
          schedule.notebook || schedule.pipeline,
          schedule.sentence
        ),
        accept: trans.__('Remove'),
        warns: true
      },
      trans
    );
    if (answer !== null) {
      await face
        .follow(() => face.client.remove('schedules/{name}', { name }), {
          doing: trans.__('Removing %1…', name),
          done: () => trans.__('%1 was removed.', name)
        })
        .catch(() => undefined);
    }
  };
  return (
    <>
      {face.may('write') &&
        (schedule.state === 'active' ? (
          <Button
            onClick={() =>
              post(
                'schedules/{name}/pause',
                trans.__('Pausing %1…', name),
                trans.__('%1 is paused.', name)
              )
            }
          >
            {trans.__('Pause')}
          </Button>
        ) : (
          <Button
            onClick={() =>
              post(
                'schedules/{name}/resume',
                trans.__('Resuming %1…', name),
                trans.__('%1 runs again from now on.', name)
              )
            }
          >
            {trans.__('Resume')}
          </Button>
        ))}
      {face.may('execute') && (
        <Button
          onClick={() =>
            post(
              'schedules/{name}/run',
              trans.__('Starting %1…', name),
              trans.__('%1 was started.', name)
            )
          }
        >
          {trans.__('Run now')}
        </Button>
      )}
      {face.may('write') && (
        <Button onClick={() => void remove()}>{trans.__('Remove…')}</Button>
      )}
    </>
  );
}

/** The runs of a firing, which open. */
function RunsOf({
  ids
}: {
  readonly ids: readonly string[];
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  return (
    <>
      {ids.slice(0, 8).map((id, at) => (
        <button
          key={id}
          type="button"
          className="mlops-nb-Link"
          title={id}
          onClick={() => face.open('run', { id })}
        >
          {ids.length === 1 ? trans.__('Run') : trans.__('Run %1', at + 1)}
        </button>
      ))}
      {ids.length > 8 && trans.__('and %1 more', ids.length - 8)}
    </>
  );
}

function History({ name }: { readonly name: string }): React.JSX.Element {
  const { trans } = useFace();
  const history = useAnswer(
    'schedules/{name}/history',
    { name, limit: 50 },
    { on: ['run'] }
  );
  return (
    <Shown answer={history}>
      {page =>
        page.items.length === 0 ? (
          <p className="mlops-nb-Quiet">{trans.__('Nothing yet.')}</p>
        ) : (
          <Grid
            label={trans.__('History of %1', name)}
            head={[
              trans.__('due'),
              trans.__('what came of it'),
              trans.__('runs'),
              trans.__('why')
            ]}
            rows={page.items.map((one: IFiring) => [
              asTime(one.due_at),
              <Firing key="state" state={one.state} />,
              <RunsOf key="runs" ids={one.runs} />,
              one.reason
            ])}
          />
        )
      }
    </Shown>
  );
}

function Firing({
  state
}: {
  readonly state: IFiring['state'];
}): React.JSX.Element {
  return (
    <StateText
      state={
        state === 'leased' ? 'running' : state === 'waiting' ? 'queued' : state
      }
    />
  );
}
