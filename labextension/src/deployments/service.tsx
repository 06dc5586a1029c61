import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { sparkline } from '../drawings/sparkline';
import { Drawing } from '../parts/drawing';
import { StateText } from '../parts/looks';
import { Empty, Grid, Part, Shown } from '../parts/pieces';
import { asNumber, asPercent } from '../parts/words';
import { IDeployment, IServiceReport, IServiceWindow } from '../records';
import { sendSample } from './sample';
import { useTraffic } from './seen';
import { IRate, asMs, asRate } from './traffic';

/** A number now, and the line that it comes from. */
function Trend({
  text,
  name,
  values
}: {
  readonly text: string;
  readonly name: string;
  readonly values: readonly (number | null)[];
}): React.JSX.Element {
  return (
    <span className="mlops-nb-Trend">
      <span>{text}</span>
      {values.some(value => value !== null) && (
        <Drawing draw={sparkline} data={{ name, values }} />
      )}
    </span>
  );
}

/** What each version answers at this moment; without requests, how to send some. */
export function TrafficNow({
  deployment
}: {
  readonly deployment: IDeployment;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const rates = useTraffic();
  const [busy, setBusy] = React.useState(false);
  const versions = [
    ...new Set(
      deployment.routes.map(route => route.version).filter(version => version)
    )
  ];
  const title = trans.__('Traffic now');
  const may = face.may('execute') && deployment.example !== null;
  const sample = async () => {
    setBusy(true);
    await sendSample(face, deployment).catch(() => undefined);
    setBusy(false);
  };
  if (rates.total(versions) === 0) {
    return (
      <Part title={title}>
        <Empty
          {...(may && {
            action: busy
              ? trans.__('Sending…')
              : trans.__('Send sample traffic'),
            onAction: () => void sample()
          })}
        >
          {trans.__(
            'No request yet. A few of the model’s own examples show whether it answers.'
          )}
        </Empty>
      </Part>
    );
  }
  return (
    <Part
      title={title}
      aside={
        may && (
          <Button small minimal disabled={busy} onClick={() => void sample()}>
            {busy ? trans.__('Sending…') : trans.__('Send sample traffic')}
          </Button>
        )
      }
    >
      <Grid
        label={title}
        head={[
          trans.__('version'),
          trans.__('requests a second'),
          trans.__('95 of 100 within'),
          trans.__('errors'),
          trans.__('answered so far')
        ]}
        numbers={[4]}
        rows={versions.map(version => {
          const seen = rates([version]);
          const now = seen[seen.length - 1];
          const line = (pick: (one: IRate) => number | null) =>
            seen.map(one => (one ? pick(one) : null));
          // Times and errors are those of the newest look that saw requests.
          const newest = (pick: (one: IRate) => number | null) =>
            line(pick)
              .filter(value => value !== null)
              .pop();
          return [
            version,
            <Trend
              key="rate"
              text={now ? asRate(now.requests) : '–'}
              name={trans.__('%1: requests a second', version)}
              values={line(one => one.requests)}
            />,
            <Trend
              key="p95"
              text={asMs(
                newest(one => one.p95_ms),
                trans
              )}
              name={trans.__(
                '%1: time within which 95 of 100 are answered',
                version
              )}
              values={line(one => one.p95_ms)}
            />,
            <Trend
              key="errors"
              text={asPercent(newest(one => one.errors))}
              name={trans.__('%1: share of errors', version)}
              values={line(one => one.errors)}
            />,
            asNumber(rates.total([version]))
          ];
        })}
      />
    </Part>
  );
}

/** The last day against what is promised. */
export function Service({
  name
}: {
  readonly name: string;
}): React.JSX.Element {
  const { trans } = useFace();
  const service = useAnswer(
    'deployments/{name}/service',
    { name, last: '1d' },
    { on: ['deployment'] }
  );
  return (
    <Part
      title={trans.__('The last day')}
      aside={service.value && <StateText state={service.value.state} />}
    >
      <Shown answer={service}>{report => <Levels report={report} />}</Shown>
    </Part>
  );
}

function Levels({
  report
}: {
  readonly report: IServiceReport;
}): React.JSX.Element {
  const { trans } = useFace();
  const { objectives } = report;
  const windows = report.windows.filter(one => one.version === '');
  const known = windows.some(one => one.requests > 0 || one.probes > 0);
  const line = (pick: (one: IServiceWindow) => number | null) =>
    windows.map(pick);
  const last = (pick: (one: IServiceWindow) => number | null) =>
    line(pick)
      .filter(value => value !== null)
      .pop() ?? null;
  const row = (
    what: string,
    pick: (one: IServiceWindow) => number | null,
    text: (value: number | null) => string,
    promised: string
  ) => [
    what,
    <Trend
      key="line"
      text={text(last(pick))}
      name={what}
      values={line(pick)}
    />,
    promised
  ];
  return (
    <>
      <p>{report.summary}</p>
      {known && (
        <Grid
          label={trans.__('The last day')}
          head={[
            trans.__('hour by hour'),
            trans.__('newest'),
            trans.__('promised')
          ]}
          rows={[
            row(
              trans.__('Requests a second'),
              one => one.rate,
              value => (value === null ? '–' : asRate(value)),
              ''
            ),
            row(
              trans.__('95 of 100 within'),
              one => one.p95_ms,
              value => asMs(value, trans),
              objectives.latency_ms === null
                ? ''
                : trans.__(
                    '%1 of requests within %2',
                    asPercent(objectives.latency_share),
                    asMs(objectives.latency_ms, trans)
                  )
            ),
            row(
              trans.__('Errors'),
              one => one.error_share,
              value => asPercent(value),
              objectives.availability === null
                ? ''
                : trans.__(
                    'at most %1',
                    asPercent(
                      Number((1 - objectives.availability).toPrecision(6))
                    )
                  )
            ),
            row(
              trans.__('Answers when asked whether it is there'),
              one => one.uptime,
              value => asPercent(value),
              ''
            )
          ]}
        />
      )}
      {report.burns
        .filter(one => one.burning)
        .map(one => (
          <p key={`${one.objective} ${one.rule}`} className="mlops-nb-Problem">
            {trans.__(
              '%1: the allowance is used up %2 times as fast as it may be.',
              one.objective,
              asNumber(one.long)
            )}
          </p>
        ))}
      {report.notes.map(note => (
        <p key={note} className="mlops-nb-Quiet">
          {note}
        </p>
      ))}
    </>
  );
}
