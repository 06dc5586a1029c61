import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useFace } from '../core/context';
import { sparkline } from '../drawings/sparkline';
import { Drawing } from '../parts/drawing';
import { Chip, StateText } from '../parts/looks';
import { Grid, Part } from '../parts/pieces';
import { asDuration, asNumber, asPercent, asTime } from '../parts/words';
import { IFigure, IServiceLevel, IWatchReport } from '../records';
import { headline, versionOf } from './alerts';
import { Chart } from './chart';
import { undoExpected } from './forms';
import { Open, Stands } from './pieces';
import { spoken } from './spans';
import { isShare, nameOf } from './terms';
import {
  coverageOf,
  happened,
  marksOf,
  normalOf,
  performanceOf,
  receiptSays,
  volumeOf
} from './view';

/** How right the model is, over windows; and on how many answers and labels that rests. */
export function Performance({
  report
}: {
  readonly report: IWatchReport;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const made = React.useMemo(() => {
    const marks = marksOf(report, trans);
    const found = performanceOf(report, trans);
    return {
      marks,
      performance: found && { ...found, marks },
      coverage: coverageOf(report, trans),
      volume: volumeOf(report, trans)
    };
  }, [report, trans]);
  const onMark = (at: number) => {
    const mark = made.marks[at];
    if (mark?.alert) {
      face.open('alert', { id: mark.alert });
    } else if (mark?.receipt?.to_version) {
      face.open('version', {
        name: mark.receipt.model,
        version: mark.receipt.to_version
      });
    }
  };
  return (
    <Part title={trans.__('How right it is')}>
      {made.performance ? (
        <>
          <Chart data={made.performance} onMark={onMark} />
          {made.marks.length > 0 && (
            <p className="mlops-nb-Quiet">
              {trans.__(
                '▲ an alert, ◆ a change of production; both open. A hollow point rests on few labels so far.'
              )}
            </p>
          )}
        </>
      ) : (
        <p className="mlops-nb-Quiet">
          {trans.__(
            'Nobody knows: no labels have come, and nothing could be estimated. Give them with'
          )}{' '}
          <code>{`ws.label("${report.model}", frame)`}</code>
        </p>
      )}
      <div className="mlops-nb-Sides">
        <Chart data={made.volume} />
        <Chart data={made.coverage} />
      </div>
      <details>
        <summary>{trans.__('In numbers, window by window')}</summary>
        <Numbers report={report} />
      </details>
    </Part>
  );
}

function Numbers({
  report
}: {
  readonly report: IWatchReport;
}): React.JSX.Element {
  const { trans } = useFace();
  const held = (figure: IFigure) =>
    figure.value === null
      ? '–'
      : figure.low === null || figure.high === null
        ? asNumber(figure.value)
        : trans.__(
            '%1 (%2 to %3)',
            asNumber(round(figure.value)),
            asNumber(round(figure.low)),
            asNumber(round(figure.high))
          );
  return (
    <Grid
      label={trans.__('Window by window')}
      head={[
        trans.__('window'),
        trans.__('state'),
        trans.__('answers'),
        trans.__('with labels'),
        trans.__('from labels'),
        trans.__('estimated'),
        trans.__('weighted change')
      ]}
      numbers={[2, 3, 4, 5, 6]}
      rows={[...report.windows]
        .reverse()
        .map(one => [
          spoken(one.start, one.end),
          <StateText key="state" state={one.state} title={one.reason} />,
          asNumber(one.rows),
          asPercent(one.coverage),
          held(one.realised),
          held(one.estimated),
          one.score === null ? '–' : asNumber(Number(one.score.toPrecision(2)))
        ])}
    />
  );
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}

const SHOWN = 5; // windows with problems

/** What was wrong with the data and the answers, the newest window first. */
export function Problems({
  report
}: {
  readonly report: IWatchReport;
}): React.JSX.Element | null {
  const { trans } = useFace();
  const [all, showAll] = React.useState(false);
  const found = report.windows.filter(one => one.problems.length > 0).reverse();
  return found.length === 0 ? null : (
    <Part title={trans.__('Problems in the data and the answers')}>
      {found.slice(0, all ? found.length : SHOWN).map((one, at) => (
        <details key={one.start} open={at === 0 && one.problems.length < 6}>
          <summary>
            {trans.__(
              '%1: %2',
              spoken(one.start, one.end),
              trans._n('%1 problem', '%1 problems', one.problems.length)
            )}
          </summary>
          <ul className="mlops-nb-Told">
            {one.problems.map(problem => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </details>
      ))}
      {found.length > SHOWN && (
        <Button small minimal onClick={() => showAll(!all)}>
          {all
            ? trans.__('Show the newest')
            : trans.__('Show all %1 windows', found.length)}
        </Button>
      )}
    </Part>
  );
}

/** How its deployments answer. */
export function Services({
  report
}: {
  readonly report: IWatchReport;
}): React.JSX.Element | null {
  const face = useFace();
  const { trans } = face;
  const known = report.services.filter(one => one.value !== null);
  const show = (one: IServiceLevel, value: number | null) =>
    one.name.endsWith('_ms')
      ? asDuration(value === null ? null : value / 1000, trans)
      : isShare(one.name)
        ? asPercent(value)
        : asNumber(value);
  return known.length === 0 ? null : (
    <Part title={trans.__('Service')}>
      <Grid
        label={trans.__('How its deployments answer')}
        head={[
          trans.__('deployment'),
          trans.__('measure'),
          trans.__('newest'),
          trans.__('bound'),
          trans.__('verdict'),
          trans.__('over time')
        ]}
        numbers={[2, 3]}
        rows={known.map(one => [
          <Open
            key="deployment"
            onClick={() => face.open('deployment', { name: one.deployment })}
          >
            {one.deployment}
          </Open>,
          nameOf(one.name, trans),
          show(one, one.value),
          one.target === null
            ? '–'
            : one.name === 'uptime'
              ? trans.__('at least %1', show(one, one.target))
              : trans.__('at most %1', show(one, one.target)),
          one.verdict === 'none' ? (
            '–'
          ) : (
            <StateText key="verdict" state={one.verdict} title={one.reason} />
          ),
          one.values.filter(value => value !== null).length > 1 ? (
            <Drawing
              key="values"
              draw={sparkline}
              data={{
                name: trans.__('%1 over time', nameOf(one.name, trans)),
                values: one.values
              }}
            />
          ) : (
            ''
          )
        ])}
      />
    </Part>
  );
}

const LATEST = 12;

/** Alerts and changes of production, the newest first. */
export function Past({
  report
}: {
  readonly report: IWatchReport;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const [all, showAll] = React.useState(false);
  const found = happened(report);
  return (
    <Part title={trans.__('Alerts and changes')}>
      {found.length === 0 ? (
        <p className="mlops-nb-Quiet">
          {trans.__('Nothing was raised, and production did not change.')}
        </p>
      ) : (
        <Grid
          label={trans.__('Alerts and changes, the newest first')}
          head={[
            trans.__('when'),
            trans.__('kind'),
            trans.__('what'),
            trans.__('who, and why')
          ]}
          rows={found.slice(0, all ? found.length : LATEST).map(one =>
            'alert' in one
              ? [
                  asTime(one.at),
                  <StateText key="kind" state={one.alert.severity} />,
                  <span key="what">
                    <Open
                      onClick={() => face.open('alert', { id: one.alert.id })}
                    >
                      {headline(one.alert.message)}
                    </Open>{' '}
                    <Stands alert={one.alert} />
                  </span>,
                  one.alert.note
                ]
              : [
                  asTime(one.at),
                  <Chip key="kind">{trans.__('change')}</Chip>,
                  receiptSays(one.receipt, trans),
                  [one.receipt.actor?.id, one.receipt.reason]
                    .filter(Boolean)
                    .join(': ')
                ]
          )}
        />
      )}
      {found.length > LATEST && (
        <Button small minimal onClick={() => showAll(!all)}>
          {all
            ? trans.__('Show the newest')
            : trans.__('Show all %1', found.length)}
        </Button>
      )}
    </Part>
  );
}

/** What was declared normal, and a way to take it back. */
export function Normal({
  report
}: {
  readonly report: IWatchReport;
}): React.JSX.Element | null {
  const face = useFace();
  const { trans } = face;
  const found = normalOf(report.receipts);
  return found.length === 0 ? null : (
    <Part title={trans.__('Declared normal')}>
      <Grid
        label={trans.__('Windows that were declared normal')}
        head={[
          trans.__('window'),
          trans.__('feature'),
          trans.__('version'),
          trans.__('who, and why'),
          ''
        ]}
        rows={found.map(one => [
          one.when,
          one.feature || trans.__('all of them'),
          one.version,
          [one.receipt.actor?.id, one.receipt.reason]
            .filter(Boolean)
            .join(': '),
          face.may('write') && (
            <Button
              key="undo"
              small
              minimal
              aria-label={trans.__('Undo: %1', one.when)}
              onClick={() =>
                void undoExpected(
                  face,
                  report.model,
                  versionOf(one.version),
                  one.receipt.id
                )
              }
            >
              {trans.__('Undo')}
            </Button>
          )
        ])}
      />
    </Part>
  );
}
