import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { Face, asError } from '../core/face';
import { RequestError } from '../core/request';
import { confirm } from '../parts/confirm';
import { Choice } from '../parts/fields';
import { Part, Problem } from '../parts/pieces';
import { asTime } from '../parts/words';
import { IReproduction, IRun } from '../records';
import { isOn, nameOf } from './entries';
import { Outcome } from './repetition';
import type { IShownRun } from './run';
import { inShort } from './words';

/** Ends a run, after a question. */
export async function cancelRun(face: Face, run: IRun): Promise<void> {
  const { trans } = face;
  const answer = await confirm(
    {
      title: trans.__('Cancel this run?'),
      says: trans.__(
        '%1 ends at the cell where it is. The data that it has written so far is not used by anybody.',
        nameOf(run)
      ),
      accept: trans.__('Cancel the run'),
      warns: true
    },
    trans
  );
  if (answer !== null) {
    await face
      .act(
        'runs/{id}/cancel',
        { id: run.id },
        {
          doing: trans.__('Cancelling %1…', nameOf(run)),
          done: () => trans.__('%1 was cancelled.', nameOf(run))
        }
      )
      .catch(() => undefined);
  }
}

/** What a started run or grid answers. */
export interface IStarted {
  readonly grid?: string;
  readonly runs?: readonly string[];
}

/** Opens what was started: a grid's runs, or the one run. */
export function openStarted(face: Face, result: unknown): void {
  const made = result as IStarted | null;
  const first = made?.runs?.[0];
  if (made?.grid && (made.runs?.length ?? 0) > 1) {
    face.open('runs', { grid: made.grid });
  } else if (first) {
    face.open('run', { id: first });
  }
}

async function resume(face: Face, run: IRun): Promise<void> {
  const { trans } = face;
  const found = await face
    .act(
      'runs/{id}/resume',
      { id: run.id },
      {
        doing: trans.__('Starting %1 again…', nameOf(run)),
        done: () => trans.__('%1 was started again.', nameOf(run))
      }
    )
    .catch(() => undefined);
  if (found && 'result' in found) {
    openStarted(face, found.result);
  }
}

/** What can be done with a run, and where its notebooks are. */
export function Actions({
  shown
}: {
  readonly shown: IShownRun;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const { run, paths } = shown;
  const on = isOn(run);
  const may = face.may('execute');
  const [found, setFound] = React.useState<IReproduction | null>(null);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [busy, setBusy] = React.useState(false);
  const reproduce = async (here: boolean) => {
    setBusy(true);
    setError(null);
    try {
      const action = await face.act(
        'runs/{id}/reproduce',
        { id: run.id, here },
        {
          doing: trans.__('Running %1 again as it was…', nameOf(run)),
          done: result =>
            (result as IReproduction | null)?.identical
              ? trans.__('%1 came out identical.', nameOf(run))
              : trans.__('%1 came out differently.', nameOf(run))
        }
      );
      setFound(
        (action as { readonly result: unknown }).result as IReproduction | null
      );
    } catch (problem) {
      setError(asError(problem));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <div className="mlops-nb-Buttons">
        {on && may && (
          <Button onClick={() => void cancelRun(face, run)}>
            {trans.__('Cancel…')}
          </Button>
        )}
        {['failed', 'cancelled'].includes(run.status) && may && (
          <Button onClick={() => void resume(face, run)}>
            {trans.__('Run again')}
          </Button>
        )}
        {shown.executed && (
          <Button onClick={() => face.openExecuted(run.id, nameOf(run))}>
            {trans.__('Open executed notebook')}
          </Button>
        )}
        {run.status === 'finished' && may && (
          <Button
            disabled={busy}
            title={trans.__(
              'Runs it once more with the data, code and environment of then, and says what differs'
            )}
            onClick={() => void reproduce(false)}
          >
            {busy ? trans.__('Reproducing…') : trans.__('Reproduce')}
          </Button>
        )}
        {paths.notebook && (
          <Button onClick={() => face.openFile(paths.notebook)}>
            {trans.__('Open source notebook')}
          </Button>
        )}
        {paths.notebook && may && (
          <Button
            minimal
            onClick={() =>
              face.open('run-form', {
                path: paths.notebook,
                like: run.id
              })
            }
          >
            {trans.__('Run with other parameters…')}
          </Button>
        )}
        {run.grid && (
          <Button minimal onClick={() => face.open('runs', { grid: run.grid })}>
            {trans.__('All runs of its grid')}
          </Button>
        )}
      </div>
      {error && (
        <>
          <Problem error={error} />
          {may && (
            <Button small minimal onClick={() => void reproduce(true)}>
              {trans.__('Try with the packages that are installed here')}
            </Button>
          )}
        </>
      )}
      {found && (
        <Part title={trans.__('Reproduced')}>
          <Outcome found={found} />
        </Part>
      )}
      {!on && <Compare run={run} />}
    </>
  );
}

/** Another run of the notebook to hold beside this one: the one before, unless another is chosen. */
function Compare({ run }: { readonly run: IRun }): React.JSX.Element | null {
  const face = useFace();
  const { trans } = face;
  const asked = { notebook: run.notebook, limit: 20 };
  const before = useAnswer('runs', { ...asked, next: run.id });
  const newest = useAnswer('runs', asked);
  const [chosen, choose] = React.useState('');
  const known = new Map(
    [...(newest.value?.items ?? []), ...(before.value?.items ?? [])]
      .filter(one => one.id !== run.id)
      .map(one => [one.id, one])
  );
  const other =
    known.get(chosen) ?? before.value?.items[0] ?? [...known.values()][0];
  if (!other) {
    return null;
  }
  const earlier = new Set(before.value?.items.map(one => one.id));
  return (
    <div className="mlops-nb-Inline">
      <Choice
        label={trans.__('Compare with')}
        value={other.id}
        onChange={choose}
        choices={[...known.values()].map(one => [
          one.id,
          [
            one.id === before.value?.items[0]?.id
              ? trans.__('the run before')
              : earlier.has(one.id)
                ? ''
                : trans.__('later'),
            asTime(one.started_at),
            inShort(one.parameters)
          ]
            .filter(Boolean)
            .join(' · ')
        ])}
      />
      <Button
        onClick={() =>
          earlier.has(other.id)
            ? face.open('compare', { before: other.id, after: run.id })
            : face.open('compare', { before: run.id, after: other.id })
        }
      >
        {trans.__('Compare')}
      </Button>
    </div>
  );
}
