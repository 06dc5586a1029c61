import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useAnswer, useFace, useList } from '../core/context';
import { IDocumentProps } from '../core/documents';
import { Face } from '../core/face';
import { confirm } from '../parts/confirm';
import { TextField, Tick } from '../parts/fields';
import { StateText } from '../parts/looks';
import { Ago, Empty, Facts, Grid, Shown } from '../parts/pieces';
import { asDuration, asText } from '../parts/words';
import { IRun } from '../records';
import {
  begunAgain,
  columns,
  counted,
  inOrder,
  isOn,
  nameOf,
  standing
} from './entries';
import { CellLine } from './progress';
import { howFar } from './words';

/** Runs side by side: those of a grid, or all that fit a search. */
export function RunsDocument({
  args,
  rename
}: IDocumentProps): React.JSX.Element {
  const grid = String(args.grid ?? '');
  return grid ? (
    <GridOfRuns grid={grid} rename={rename} />
  ) : (
    <AllRuns q={String(args.q ?? '')} />
  );
}

function AllRuns({ q: first }: { readonly q: string }): React.JSX.Element {
  const { trans } = useFace();
  const [q, search] = React.useState(first);
  const runs = useList('runs', { q }, { on: ['run'] });
  return (
    <>
      <h1>{trans.__('Runs')}</h1>
      <TextField
        label={trans.__('Search')}
        help={trans.__('Notebook, parameters, data written, error')}
        type="search"
        value={q}
        onChange={search}
      />
      <Shown answer={runs}>
        {items =>
          items.length === 0 ? (
            <Empty>
              {q ? trans.__('No run fits “%1”.', q) : trans.__('No run yet.')}
            </Empty>
          ) : (
            <Chosen items={items} more={runs.more} />
          )
        }
      </Shown>
    </>
  );
}

function GridOfRuns({
  grid,
  rename
}: {
  readonly grid: string;
  readonly rename: (title: string) => void;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const runs = useList('runs', { grid }, { on: ['run'] });
  const summary = useAnswer(
    'grids/{grid}',
    { grid },
    { on: ['run'], every: 30 }
  ).value;
  const [all, showAll] = React.useState(false);
  const first = runs.value?.[0];
  const name = first ? nameOf(first) : null;
  React.useEffect(() => {
    if (name) {
      rename(trans.__('Runs of %1', name));
    }
  }, [name]);
  // All that is here can be counted here; of a long grid the server counts.
  const found =
    runs.value && runs.value.length > 0 && runs.more === null
      ? standing(counted(grid, runs.value))
      : summary && standing(summary);
  const may = face.may('execute');
  return (
    <>
      <div className="mlops-nb-Top">
        <h1>{name ? trans.__('Runs of %1', name) : trans.__('Runs')}</h1>
        {found && (
          <>
            <StateText state={found.state} />
            <span role="status">{howFar(found, trans).join(' · ')}</span>
          </>
        )}
      </div>
      {found && found.ended < found.runs && (
        <span className="mlops-nb-Cells">
          <progress
            max={found.runs}
            value={found.ended}
            aria-label={trans.__('Runs that have ended')}
          />
        </span>
      )}
      <Shown answer={runs}>
        {items => {
          const old = begunAgain(items);
          const now = items.filter(run => !old.has(run.id));
          const { alike } = columns(now);
          return (
            <>
              <Chosen items={all ? items : now} more={runs.more} old={old}>
                {may && found && found.ended < found.runs && (
                  <Button
                    onClick={() =>
                      void cancelGrid(face, grid, found.runs - found.ended)
                    }
                  >
                    {trans.__('Cancel the grid…')}
                  </Button>
                )}
                {may &&
                  found &&
                  found.ended === found.runs &&
                  found.failed + found.cancelled > 0 && (
                    <Button onClick={() => void resumeGrid(face, grid)}>
                      {trans._n(
                        'Run again what is missing',
                        'Run again the %1 that are missing',
                        found.failed + found.cancelled
                      )}
                    </Button>
                  )}
              </Chosen>
              {old.size > 0 && (
                <Tick
                  label={trans._n(
                    'Show %1 earlier attempt',
                    'Show %1 earlier attempts',
                    old.size
                  )}
                  value={all}
                  onChange={showAll}
                />
              )}
              {first && now.length > 1 && alike.length > 0 && (
                <>
                  <h3>{trans.__('The same in all')}</h3>
                  <Facts
                    rows={alike.map(one => [
                      one,
                      asText(first.parameters[one])
                    ])}
                  />
                </>
              )}
            </>
          );
        }}
      </Shown>
    </>
  );
}

async function cancelGrid(
  face: Face,
  grid: string,
  left: number
): Promise<void> {
  const { trans } = face;
  const answer = await confirm(
    {
      title: trans.__('Cancel the grid?'),
      says: trans._n(
        '%1 run that has not ended ends where it is. Those that have ended stay.',
        '%1 runs that have not ended end where they are. Those that have ended stay.',
        left
      ),
      accept: trans.__('Cancel the grid'),
      warns: true
    },
    trans
  );
  if (answer !== null) {
    await face
      .act(
        'grids/{grid}/cancel',
        { grid },
        {
          doing: trans.__('Cancelling…'),
          done: () => trans.__('The grid was cancelled.')
        }
      )
      .catch(() => undefined);
  }
}

async function resumeGrid(face: Face, grid: string): Promise<void> {
  const { trans } = face;
  await face
    .act(
      'runs/{id}/resume',
      { id: grid },
      {
        doing: trans.__('Starting again what is missing…'),
        done: () => trans.__('What was missing runs again.')
      }
    )
    .catch(() => undefined);
}

/** The table, two of which can be chosen and compared. */
function Chosen({
  items,
  more,
  old,
  children
}: {
  readonly items: readonly IRun[];
  readonly more: (() => void) | null;
  readonly old?: ReadonlySet<string>;
  readonly children?: React.ReactNode;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const [chosen, choose] = React.useState<readonly string[]>([]);
  const two = items.filter(run => chosen.includes(run.id));
  // The older one stands at the left: the list has the newest first.
  const [after, before] = two;
  return (
    <>
      <div className="mlops-nb-Buttons">
        <Button
          disabled={two.length !== 2}
          title={trans.__('Tick two runs to compare them')}
          onClick={() => {
            if (before && after) {
              face.open('compare', { before: before.id, after: after.id });
            }
          }}
        >
          {two.length === 2
            ? trans.__('Compare the two')
            : trans.__('Compare: tick two')}
        </Button>
        {children}
      </div>
      <Table
        items={items}
        chosen={chosen}
        choose={choose}
        old={old ?? new Set()}
      />
      {more && (
        <Button small minimal onClick={more}>
          {trans.__('Older runs')}
        </Button>
      )}
    </>
  );
}

interface IColumn {
  readonly name: string;
  readonly value: (run: IRun) => unknown;
  readonly cell: (run: IRun) => React.ReactNode;
}

function useColumns(items: readonly IRun[]): readonly IColumn[] {
  const { trans } = useFace();
  const parameters = columns(items).differ;
  const results = [
    ...new Set(items.flatMap(run => Object.keys(run.results)))
  ].filter(name => !parameters.includes(name));
  const several = new Set(items.map(run => run.notebook)).size > 1;
  const text = (name: string, of: (run: IRun) => unknown): IColumn => ({
    name,
    value: of,
    cell: run => asText(of(run))
  });
  return [
    ...(several ? [text(trans.__('notebook'), nameOf)] : []),
    ...parameters.map(name => text(name, run => run.parameters[name])),
    {
      name: trans.__('status'),
      value: run => run.status,
      cell: run => <Status run={run} />
    },
    {
      name: trans.__('its data'),
      value: run => run.verdict,
      cell: run =>
        run.verdict === 'none' ? '–' : <StateText state={run.verdict} />
    },
    ...results.map(name => text(name, run => run.results[name])),
    {
      name: trans.__('took'),
      value: run => run.seconds,
      cell: run => asDuration(run.seconds, trans)
    },
    {
      name: trans.__('started'),
      value: run => run.started_at,
      cell: run => <Ago at={run.started_at} />
    }
  ];
}

function Status({ run }: { readonly run: IRun }): React.JSX.Element {
  const face = useFace();
  return (
    <>
      <button
        type="button"
        className="mlops-nb-Link mlops-nb-Open"
        title={run.error || face.trans.__('Open the run')}
        onClick={() => face.open('run', { id: run.id })}
      >
        <StateText state={run.status} />
      </button>
      {run.status === 'running' && <CellLine run={run} />}
    </>
  );
}

function Table({
  items,
  chosen,
  choose,
  old
}: {
  readonly items: readonly IRun[];
  readonly chosen: readonly string[];
  readonly choose: (ids: readonly string[]) => void;
  readonly old: ReadonlySet<string>;
}): React.JSX.Element {
  const { trans } = useFace();
  const shown = useColumns(items);
  const [by, sort] = React.useState({ name: '', down: false });
  const column = shown.find(one => one.name === by.name);
  const rows = column
    ? [...items].sort(
        (one, other) =>
          inOrder(column.value(one), column.value(other)) * (by.down ? -1 : 1)
      )
    : items;
  const numbers = shown.flatMap((one, at) =>
    items.some(run => typeof one.value(run) === 'number') ? [at + 1] : []
  );
  return (
    <div className="mlops-nb-Runs">
      <Grid
        label={trans.__('Runs')}
        numbers={numbers}
        head={[
          <span key="choose" className="mlops-nb-Unheard">
            {trans.__('Compare')}
          </span>,
          ...shown.map(one => (
            <button
              key={one.name}
              type="button"
              className="mlops-nb-Sort"
              title={trans.__('Sort by %1', one.name)}
              onClick={() =>
                sort({
                  name: one.name,
                  down: by.name === one.name && !by.down
                })
              }
            >
              {one.name}
              {by.name === one.name && (by.down ? ' ↓' : ' ↑')}
            </button>
          ))
        ]}
        rows={rows.map(run => [
          <input
            key="choose"
            type="checkbox"
            aria-label={trans.__('Compare %1', run.id)}
            checked={chosen.includes(run.id)}
            disabled={isOn(run)}
            onChange={event =>
              choose(
                event.target.checked
                  ? [...chosen, run.id].slice(-2)
                  : chosen.filter(id => id !== run.id)
              )
            }
          />,
          ...shown.map((one, at) =>
            at === 0 && old.has(run.id) ? (
              <span key={at} title={trans.__('It was begun again later.')}>
                {one.cell(run)} {trans.__('(earlier attempt)')}
              </span>
            ) : (
              one.cell(run)
            )
          )
        ])}
      />
    </div>
  );
}
