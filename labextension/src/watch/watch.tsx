import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useAnswer, useFace, useList } from '../core/context';
import { IDocumentProps } from '../core/documents';
import { Choice } from '../parts/fields';
import { Chip, StateText } from '../parts/looks';
import { Ago, Empty, Grid, Part, Shown } from '../parts/pieces';
import { IAlert, IWatchReport } from '../records';
import {
  evidenceOf,
  headline,
  inOrder,
  since,
  standing,
  versionOf
} from './alerts';
import { Drift } from './drift';
import { ExpectForm, MuteForm, ResolveForm, RetrainForm } from './forms';
import { Normal, Past, Performance, Problems, Services } from './past';
import { Open, Stands, VersionLink } from './pieces';
import { promote } from './proposals';
import { Rules } from './rules';
import { dayOf, lastDayOf } from './spans';

type Width = 'month' | '7d' | '1d';
/** How far back the windows go, by how wide they are. */
const BACK: Readonly<Record<Width, string>> = {
  month: '',
  '7d': '365d',
  '1d': '90d'
};

function asWidth(value: unknown): Width {
  return value === '7d' || value === '1d' ? value : 'month';
}

/** How a model is and was. */
export function WatchDocument({ args }: IDocumentProps): React.JSX.Element {
  const { trans } = useFace();
  const model = String(args.model);
  const given = typeof args.at === 'string' ? args.at : null;
  const [width, setWidth] = React.useState<Width>(asWidth(args.window));
  const [last, setLast] = React.useState(given ? '' : BACK[width]);
  const [version, setVersion] = React.useState('');
  const [at, setAt] = React.useState(
    given ? { start: given, feature: String(args.feature ?? '') } : null
  );
  const report = useAnswer(
    'watch/{model}',
    { model, window: width, last, version: version ? Number(version) : null },
    { on: ['alert', 'model'], every: 120 }
  );
  // While another width is asked for, what was shown stays.
  const [shown, show] = React.useState<IWatchReport | null>(report.value);
  React.useEffect(() => {
    if (report.value !== null) {
      show(report.value);
    }
  }, [report.value]);
  const value = report.value ?? shown;
  return (
    <>
      <div className="mlops-nb-Top">
        <h1>{model}</h1>
        {value && <StateText state={value.state} />}
        {value?.version && <VersionLink of={value.version} />}
        {value?.alias && <Chip>{value.alias}</Chip>}
      </div>
      <div className="mlops-nb-Pickers">
        <Choice<Width>
          label={trans.__('Windows')}
          value={width}
          onChange={wide => {
            setWidth(wide);
            setLast(BACK[wide]);
            setAt(null);
          }}
          choices={[
            ['month', trans.__('months')],
            ['7d', trans.__('weeks')],
            ['1d', trans.__('days')]
          ]}
        />
        <Choice
          label={trans.__('Back')}
          value={last}
          onChange={setLast}
          choices={[
            ['30d', trans.__('30 days')],
            ['90d', trans.__('90 days')],
            ['365d', trans.__('a year')],
            ['', trans.__('all there is')]
          ]}
        />
        <Versions model={model} value={version} onChange={setVersion} />
        <span className="mlops-nb-Quiet" role="status">
          {report.busy && report.value === null && value !== null
            ? trans.__('Reading…')
            : ''}
        </span>
      </div>
      <Shown
        answer={{ ...report, value }}
        waiting={trans.__('Reading what was measured…')}
      >
        {found => (
          <Report
            report={found}
            at={at}
            showDays={chosen => {
              setWidth('1d');
              setLast('');
              setAt(chosen);
            }}
          />
        )}
      </Shown>
    </>
  );
}

function Versions({
  model,
  value,
  onChange
}: {
  readonly model: string;
  readonly value: string;
  readonly onChange: (version: string) => void;
}): React.JSX.Element | null {
  const { trans } = useFace();
  const known = useAnswer(
    'models/{name}/versions',
    { name: model, limit: 100 },
    { on: ['model'] }
  );
  const items = known.value?.items ?? [];
  return items.length < 2 ? null : (
    <Choice
      label={trans.__('Version')}
      value={value}
      onChange={onChange}
      choices={[
        ['', trans.__('all of them')],
        ...items.map((one): [string, string] => [
          String(one.version),
          one.aliases.length > 0
            ? `${one.version} (${one.aliases.join(', ')})`
            : String(one.version)
        ])
      ]}
    />
  );
}

interface IAt {
  readonly start: string;
  readonly feature: string;
}

function Report({
  report,
  at,
  showDays
}: {
  readonly report: IWatchReport;
  readonly at: IAt | null;
  readonly showDays: (chosen: IAt) => void;
}): React.JSX.Element {
  const { trans } = useFace();
  return (
    <>
      <p className="mlops-nb-Lead">{report.means}</p>
      {report.summary.length > 0 && (
        <ul className="mlops-nb-Told">
          {report.summary.map(line => (
            <li key={line}>{line}</li>
          ))}
        </ul>
      )}
      <Actions report={report} />
      <Needs model={report.model} />
      {report.windows.length === 0 ? (
        <Empty>
          {trans.__(
            'Nothing was measured yet. The agent takes a pass every night; “Take a pass now” does it at once.'
          )}
        </Empty>
      ) : (
        <>
          <Drift report={report} at={at} showDays={showDays} />
          <Performance report={report} />
          <Problems report={report} />
          <Services report={report} />
        </>
      )}
      <Past report={report} />
      <Normal report={report} />
      <Rules model={report.model} />
      {report.notes.map(note => (
        <p key={note} className="mlops-nb-Quiet">
          {note}
        </p>
      ))}
    </>
  );
}

type Form = 'expect' | 'mute' | 'retrain' | null;

function Actions({
  report
}: {
  readonly report: IWatchReport;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const { model } = report;
  const [form, open] = React.useState<Form>(null);
  const close = () => open(null);
  const newest = [...report.windows].reverse().find(one => one.rows);
  const inputs = report.features
    .filter(one => !one.is_answer)
    .map(one => one.name);
  const pass = () =>
    face
      .act(
        'watch/{model}/pass',
        { model },
        {
          doing: trans.__('Measuring %1…', model),
          done: result => {
            const { measures = 0, raised = [] } = (result ?? {}) as {
              measures?: number;
              raised?: readonly unknown[];
            };
            return measures === 0
              ? trans.__('Nothing has come since the pass before.')
              : raised.length === 0
                ? trans.__('%1 new measures, no new alert.', measures)
                : trans._n(
                    '%1 new measures, %2 new alert.',
                    '%1 new measures, %2 new alerts.',
                    raised.length,
                    measures,
                    raised.length
                  );
          }
        }
      )
      .catch(() => undefined);
  return (
    <>
      <div className="mlops-nb-Buttons">
        {face.may('execute') && (
          <>
            <Button onClick={() => void pass()}>
              {trans.__('Take a pass now')}
            </Button>
            <Button onClick={() => open('retrain')}>
              {trans.__('Retrain…')}
            </Button>
          </>
        )}
        {face.may('write') && (
          <>
            {newest && (
              <Button onClick={() => open('expect')}>
                {trans.__('Expected…')}
              </Button>
            )}
            <Button onClick={() => open('mute')}>{trans.__('Mute…')}</Button>
          </>
        )}
      </div>
      {form === 'retrain' && <RetrainForm model={model} close={close} />}
      {form === 'expect' && newest && (
        <ExpectForm
          start={{
            model,
            version: versionOf(newest.version || report.version),
            from: dayOf(newest.start),
            to: lastDayOf(newest.end),
            feature: '',
            features: inputs
          }}
          close={close}
        />
      )}
      {form === 'mute' && <Mute model={model} inputs={inputs} close={close} />}
    </>
  );
}

/** Knows the kinds of alerts that can be muted: one a rule. */
function Mute({
  model,
  inputs,
  close
}: {
  readonly model: string;
  readonly inputs: readonly string[];
  readonly close: () => void;
}): React.JSX.Element {
  const rules = useAnswer('watch/{model}/rules', { model });
  return (
    <MuteForm
      model={model}
      features={inputs}
      kinds={(rules.value?.items ?? [])
        .filter(one => one.enabled)
        .map(one => one.name)}
      close={close}
    />
  );
}

/** What needs somebody: open alerts, and challengers that wait for a decision. */
function Needs({
  model
}: {
  readonly model: string;
}): React.JSX.Element | null {
  const face = useFace();
  const { trans } = face;
  const found = useList('alerts', { model }, { on: ['alert'] });
  const alerts = inOrder(found.value ?? []);
  const proposals = alerts.filter(one => one.kind === 'retrain_proposed');
  const others = alerts.filter(one => one.kind !== 'retrain_proposed');
  return (
    <>
      {others.length > 0 && (
        <Part title={trans.__('Needs somebody')}>
          <Grid
            label={trans.__('Open alerts')}
            head={[
              trans.__('severity'),
              trans.__('what'),
              trans.__('since'),
              trans.__('state')
            ]}
            rows={others.map(alert => [
              <StateText key="severity" state={alert.severity} />,
              <Open
                key="what"
                title={alert.message}
                onClick={() => face.open('alert', { id: alert.id })}
              >
                {headline(alert.message)}
              </Open>,
              <Ago key="since" at={since(alert)} />,
              standing(alert) === 'open' ? (
                trans.__('open')
              ) : (
                <Stands key="state" alert={alert} />
              )
            ])}
          />
        </Part>
      )}
      {proposals.length > 0 && (
        <Part title={trans.__('Waits for a decision')}>
          {proposals.map(one => (
            <Proposal key={one.id} alert={one} />
          ))}
        </Part>
      )}
    </>
  );
}

function Proposal({ alert }: { readonly alert: IAlert }): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const [dismissing, dismiss] = React.useState(false);
  const { challenger } = evidenceOf(alert);
  return (
    <>
      <p>
        {alert.message} <Stands alert={alert} />
      </p>
      <div className="mlops-nb-Buttons">
        <Button
          onClick={() =>
            face.open('version', {
              name: alert.model,
              version: versionOf(challenger) ?? 0
            })
          }
        >
          {trans.__('Open %1', challenger)}
        </Button>
        {face.may('write') && (
          <>
            <Button onClick={() => void promote(face, alert)}>
              {trans.__('Promote…')}
            </Button>
            <Button minimal onClick={() => dismiss(true)}>
              {trans.__('Dismiss…')}
            </Button>
          </>
        )}
      </div>
      {dismissing && (
        <ResolveForm alert={alert} proposal close={() => dismiss(false)} />
      )}
    </>
  );
}
