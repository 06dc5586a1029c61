import React from 'react';
import { useAnswer, useFace, useList } from '../core/context';
import { ISectionProps } from '../panel/contents';
import { StateText } from '../parts/looks';
import { Ago, Empty, Shown } from '../parts/pieces';
import { Rows } from '../parts/rows';
import { asAge, asDuration } from '../parts/words';
import { IRun } from '../records';
import { isOn, nameOf, standing } from './entries';
import { CellLine } from './progress';
import { howFar, inShort } from './words';

/** Notebooks that ran: one by one, or a grid in a row. */
export function RunsSection({ q, badge }: ISectionProps): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const runs = useList('runs', { q, fold: true }, { on: ['run'] });
  const busy = useAnswer(
    'runs',
    { status: 'running', limit: 100 },
    { on: ['run'] }
  ).value?.items.length;
  React.useEffect(
    () =>
      badge(busy ? trans.__('%1 running', busy < 100 ? busy : '100+') : null),
    [busy]
  );
  const open = (run: IRun) =>
    run.grid
      ? face.open('runs', { grid: run.grid })
      : face.open('run', { id: run.id });
  return (
    <>
      <Ways q={q} />
      <Shown answer={runs}>
        {items =>
          items.length === 0 ? (
            <NoRuns q={q} />
          ) : (
            <Rows
              items={items}
              label={trans.__('Runs')}
              keyOf={run => run.grid || run.id}
              onOpen={open}
              more={runs.more}
              rowHeight={44}
              row={run =>
                run.grid ? <GridRow run={run} /> : <RunRow run={run} />
              }
            />
          )
        }
      </Shown>
    </>
  );
}

function NoRuns({ q }: { readonly q: string }): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const path = face.notebookInFront;
  return q ? (
    <Empty>{trans.__('No run fits “%1”.', q)}</Empty>
  ) : path ? (
    <Empty
      action={trans.__('Run %1…', path.split('/').pop() ?? path)}
      onAction={() => face.open('run-form', { path })}
    >
      {trans.__(
        'No run yet. A run is a notebook that was executed from top to bottom, with values of its own.'
      )}
    </Empty>
  ) : (
    <Empty>
      {trans.__(
        'No run yet. Open a notebook, tag the cell with its settings “parameters”, and click “Run with parameters…” in its toolbar.'
      )}
    </Empty>
  );
}

function RunRow({ run }: { readonly run: IRun }): React.JSX.Element {
  const { trans } = useFace();
  const given = inShort(run.parameters);
  return (
    <>
      <div className="mlops-nb-Line">
        <span className="mlops-nb-Name" title={run.notebook}>
          {nameOf(run)}
        </span>
        <span className="mlops-nb-End">
          {run.verdict === 'drifted' || run.verdict === 'changed' ? (
            <StateText state={run.verdict} title={trans.__('Its data')} />
          ) : (
            <StateText state={run.status} title={run.error} />
          )}
        </span>
      </div>
      <div className="mlops-nb-Second mlops-nb-Line" title={given}>
        {run.status === 'running' ? (
          <CellLine run={run} />
        ) : (
          <span>
            <Ago at={run.finished_at ?? run.started_at} />
            {run.seconds !== null && ` · ${asDuration(run.seconds, trans)}`}
          </span>
        )}
        <span className="mlops-nb-Rest">{given}</span>
      </div>
    </>
  );
}

function GridRow({ run }: { readonly run: IRun }): React.JSX.Element {
  const { trans } = useFace();
  const summary = useAnswer(
    'grids/{grid}',
    { grid: run.grid },
    { on: ['run'], every: 120 }
  ).value;
  const found = summary && standing(summary);
  const on = found ? found.ended < found.runs : isOn(run);
  return (
    <>
      <div className="mlops-nb-Line">
        <span className="mlops-nb-Name" title={run.notebook}>
          {nameOf(run)}
        </span>
        <span className="mlops-nb-End">
          <StateText state={found?.state ?? run.status} />
        </span>
      </div>
      <div className="mlops-nb-Second mlops-nb-Line">
        {found && on && (
          <progress
            max={found.runs}
            value={found.ended}
            aria-label={trans.__('Runs that have ended')}
          />
        )}
        <span className="mlops-nb-Rest">
          {found ? howFar(found, trans).join(' · ') : trans.__('several runs')}
          {!on && (
            <>
              {' · '}
              <Ago at={run.finished_at ?? run.started_at} />
            </>
          )}
        </span>
      </div>
    </>
  );
}

/** The ways from here: what runs by itself, and all runs as a table. */
function Ways({ q }: { readonly q: string }): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const schedules = useAnswer('schedules', {}, { on: ['run', 'agent'] });
  const items = (schedules.value?.items ?? []) as readonly {
    readonly next_at: string | null;
    readonly state: string;
  }[];
  const next = items
    .filter(one => one.state === 'active')
    .map(one => one.next_at)
    .filter((at): at is string => !!at)
    .sort()[0];
  return (
    <div className="mlops-nb-Ways">
      <button
        type="button"
        className="mlops-nb-Link"
        onClick={() => face.open('schedules')}
      >
        {items.length === 0
          ? trans.__('Schedules')
          : trans._n('%1 schedule', '%1 schedules', items.length)}
        {next && ` · ${trans.__('next %1', asAge(next, trans))}`}
      </button>
      <button
        type="button"
        className="mlops-nb-Link"
        title={trans.__('All runs side by side')}
        onClick={() => face.open('runs', q ? { q } : {})}
      >
        {trans.__('Table')}
      </button>
    </div>
  );
}
