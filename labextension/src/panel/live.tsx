import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { asError } from '../core/face';
import { RequestError } from '../core/request';
import { Chip, StateText } from '../parts/looks';
import { Facts, Problem, Shown } from '../parts/pieces';
import { asNumber } from '../parts/words';
import { ILive } from '../records';
import { Open } from '../watch/pieces';
import { dayAfter, spoken } from '../watch/spans';

const LOOK = 1; // second between two questions while a year is played

/** A year in a minute: how far it is, and the buttons that break it and take it back. */
export function LiveDocument(): React.JSX.Element {
  const live = useAnswer('demo/live', {}, { every: LOOK });
  return <Shown answer={live}>{value => <Year live={value} />}</Shown>;
}

function isOn(live: ILive): boolean {
  return !['none', 'over', 'failed'].includes(live.phase);
}

function Year({ live }: { readonly live: ILive }): React.JSX.Element {
  const { trans } = useFace();
  const on = isOn(live);
  return (
    <>
      <div className="mlops-nb-Top">
        <h1>{trans.__('A year of flights, live')}</h1>
        <Stage live={live} />
      </div>
      <p className="mlops-nb-Said" role="status">
        {says(live, trans)}
      </p>
      <Steps live={live} on={on} />
      {live.phase === 'starting' && (
        <progress
          className="mlops-nb-Year"
          aria-label={trans.__('It gets ready')}
        />
      )}
      {live.of > 0 && (
        <>
          <progress
            className="mlops-nb-Year"
            max={live.of}
            value={live.days}
            aria-label={trans.__('Days of the year that were played')}
          />
          <Numbers live={live} />
          <Story live={live} />
        </>
      )}
    </>
  );
}

type Trans = ReturnType<typeof useFace>['trans'];

function says(live: ILive, trans: Trans): string {
  if (live.phase === 'none') {
    return trans.__(
      'A year of real flights asks a model on this machine, in less than a minute. Then a release sends its distances in kilometres. See how that is found, looked into and taken back.'
    );
  }
  if (live.phase === 'failed') {
    return live.error;
  }
  if (live.waits === 'break') {
    return trans.__('The year waits for you: break it.');
  }
  if (live.waits === 'back') {
    return trans.__('Looked into. Now roll it back.');
  }
  if (live.phase === 'over') {
    return live.failed === 0
      ? trans.__(
          'Over: not one request failed, neither at the release nor at the rollback.'
        )
      : trans.__('Over: %1 requests failed.', asNumber(live.failed));
  }
  return live.says;
}

function Stage({ live }: { readonly live: ILive }): React.JSX.Element {
  const { trans } = useFace();
  switch (live.phase) {
    case 'none':
      return <Chip>{trans.__('not played yet')}</Chip>;
    case 'over':
      return <StateText state="done" />;
    case 'failed':
      return <StateText state="failed" />;
    case 'starting':
      return <StateText state="starting" />;
    case 'broken':
    case 'found':
      return <StateText state="broken" />;
    default:
      return <StateText state="running" />;
  }
}

interface IProblem {
  readonly error: RequestError;
  /** Which record stood there then: one that was written since tells by itself what went wrong. */
  readonly since: string;
}

function Steps({
  live,
  on
}: {
  readonly live: ILive;
  readonly on: boolean;
}): React.JSX.Element | null {
  const face = useFace();
  const { trans } = face;
  const [begun, begin] = React.useState(false);
  const [problem, setProblem] = React.useState<IProblem | null>(null);
  React.useEffect(() => {
    if (on) {
      begin(false);
    }
  }, [on]);
  if (!face.may('execute')) {
    return null;
  }
  const { since } = live;
  const failed = (error: unknown) =>
    setProblem({ error: asError(error), since });
  // This document itself tells how far it is: a notice would cover it.
  const play = async () => {
    begin(true);
    setProblem(null);
    try {
      await face.quietly(() => face.client.post('demo/live', {}));
    } catch (error) {
      failed(error);
    } finally {
      begin(false);
    }
  };
  const step = (step: 'break' | 'back' | 'stop') =>
    void face.client
      .post('demo/live/step', { step })
      .catch(failed)
      .finally(() => face.answers.refresh());
  return (
    <>
      <div
        className="mlops-nb-Buttons"
        role="group"
        aria-label={trans.__('Steps')}
      >
        {!on && (
          <Button disabled={begun} onClick={() => void play()}>
            {begun ? trans.__('Getting ready…') : trans.__('Play the year')}
          </Button>
        )}
        {on && (
          <>
            <Button
              disabled={live.phase !== 'playing'}
              onClick={() => step('break')}
            >
              {trans.__('Break it')}
            </Button>
            <Button
              disabled={live.phase !== 'found'}
              onClick={() => step('back')}
            >
              {trans.__('Roll back')}
            </Button>
            <Button minimal onClick={() => step('stop')}>
              {trans.__('Stop')}
            </Button>
          </>
        )}
      </div>
      {problem?.since === since && <Problem error={problem.error} />}
    </>
  );
}

/** 2013-05-17 as it is said elsewhere: May 17, 2013. */
function aDay(day: string): string {
  return spoken(day, dayAfter(day));
}

function Numbers({ live }: { readonly live: ILive }): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const answers = ['broken', 'found'].includes(live.phase)
    ? live.release
    : live.version;
  return (
    <div className="mlops-nb-Played">
      <Facts
        rows={[
          [trans.__('Day'), aDay(live.day)],
          [
            trans.__('Answers'),
            <Open
              key="deployment"
              onClick={() => face.open('deployment', { name: live.model })}
            >
              {answers}
            </Open>
          ],
          [trans.__('Flights answered'), asNumber(live.rows)],
          [
            trans.__('Failed requests'),
            trans.__('%1 of %2', asNumber(live.failed), asNumber(live.requests))
          ],
          [trans.__('Outcomes known'), asNumber(live.labelled)],
          [trans.__('Alerts raised'), asNumber(live.alerts)]
        ]}
      />
    </div>
  );
}

/** What happened so far, each step with a way to what it left. */
function Story({ live }: { readonly live: ILive }): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  return (
    <ol className="mlops-nb-Story">
      {live.broken_on && (
        <li>
          {trans.__(
            '%1 went out. Its feed sends distance in kilometres from %2 on.',
            live.release,
            aDay(live.broken_on)
          )}
        </li>
      )}
      {live.alert && (
        <li>
          <Open onClick={() => face.open('alert', { id: live.alert })}>
            {trans.__('An alert names %1', live.feature)}
          </Open>
          <div className="mlops-nb-Quiet">{live.message}</div>
        </li>
      )}
      {live.run && (
        <li>
          <Open
            onClick={() => face.openExecuted(live.run, 'investigate.ipynb')}
          >
            {trans.__('The investigation, already run')}
          </Open>
        </li>
      )}
      {live.receipt && (
        <li>
          {trans.__(
            'Rolled back to %1, receipt %2. %3 failed requests.',
            live.version,
            live.receipt,
            asNumber(live.failed)
          )}
        </li>
      )}
      {live.reproduced && (
        <li>
          <Open onClick={() => face.open('run', { id: live.reproduced })}>
            {trans.__('A run, run once more')}
          </Open>
          {': '}
          {live.identical ? trans.__('identical') : trans.__('not identical')}
        </li>
      )}
    </ol>
  );
}
