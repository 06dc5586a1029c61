import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { IDocumentProps } from '../core/documents';
import { Face } from '../core/face';
import { Chip, StateText } from '../parts/looks';
import { Ago, Facts, Grid, Part, Shown } from '../parts/pieces';
import { asNumber, asPercent, asText, asTime } from '../parts/words';
import { IAlert, IMeasure } from '../records';
import {
  evidenceOf,
  guiltyWindow,
  headline,
  IEvidence,
  pictured,
  since,
  standing,
  versionOf,
  who
} from './alerts';
import {
  AckForm,
  ExpectForm,
  MuteForm,
  ResolveForm,
  RetrainForm,
  SnoozeForm
} from './forms';
import { FeatureShape, Open, Prose, Stands, VersionLink } from './pieces';
import { promote } from './proposals';
import { dayOf, lastDayOf, spoken, widthOf } from './spans';
import { isShare, kindOf, nameOf, ringsWhen, upper } from './terms';

/** An alert: what was seen, what to do, and what was done about it. */
export function AlertDocument({
  args,
  rename
}: IDocumentProps): React.JSX.Element {
  const found = useAnswer(
    'alerts/{id}',
    { id: String(args.id) },
    { on: ['alert'] }
  );
  const about = found.value;
  const title = about
    ? `${about.model || about.deployment} · ${kindOf(about.kind)}`
    : '';
  React.useEffect(() => {
    if (title) {
      rename(title);
    }
  }, [title]);
  return <Shown answer={found}>{alert => <Alert alert={alert} />}</Shown>;
}

function Alert({ alert }: { readonly alert: IAlert }): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const evidence = evidenceOf(alert);
  const window = guiltyWindow(alert);
  return (
    <>
      <div className="mlops-nb-Top">
        <h1>{headline(alert.message)}</h1>
      </div>
      <div className="mlops-nb-Top">
        <StateText state={alert.severity} />
        <Chip>{kindOf(alert.kind)}</Chip>
        <Stands alert={alert} />
        <span className="mlops-nb-Quiet">
          <Ago at={since(alert)} />
        </span>
      </div>
      <p className="mlops-nb-Said">
        <Prose text={alert.message} />
      </p>
      <Actions alert={alert} evidence={evidence} />
      <Facts
        rows={[
          ...(alert.model
            ? [
                [
                  trans.__('Model'),
                  <Open
                    key="model"
                    onClick={() => face.open('watch', { model: alert.model })}
                  >
                    {alert.model}
                  </Open>
                ] as const
              ]
            : []),
          ...(alert.version
            ? [
                [
                  trans.__('Version'),
                  <VersionLink key="version" of={alert.version} />
                ] as const
              ]
            : []),
          ...(alert.deployment
            ? [
                [
                  trans.__('Deployment'),
                  <Open
                    key="deployment"
                    onClick={() =>
                      face.open('deployment', { name: alert.deployment })
                    }
                  >
                    {alert.deployment}
                  </Open>
                ] as const
              ]
            : []),
          ...(window && alert.model
            ? [
                [
                  trans.__('Window'),
                  <Open
                    key="window"
                    title={trans.__('Shows this window among the others')}
                    onClick={() => openWindow(face, alert)}
                  >
                    {spoken(window.start, window.end)}
                  </Open>
                ] as const
              ]
            : []),
          ...(evidence.features.length > 0
            ? [
                [
                  trans._n('Feature', 'Features', evidence.features.length),
                  evidence.features.join(', ')
                ] as const
              ]
            : []),
          ...(alert.segment
            ? [[trans.__('Segment'), alert.segment] as const]
            : []),
          [trans.__('Raised'), asTime(alert.at)],
          ...(alert.count > 1
            ? [
                [
                  trans.__('Met'),
                  trans.__(
                    '%1 times, the last time on %2',
                    alert.count,
                    asTime(alert.last_at)
                  )
                ] as const
              ]
            : []),
          ...(alert.resolved_at
            ? [[trans.__('Over since'), asTime(alert.resolved_at)] as const]
            : [])
        ]}
      />
      <Evidence alert={alert} evidence={evidence} />
      {alert.hint && (
        <Part title={trans.__('What to do')}>
          <p>
            <Prose text={alert.hint} />
          </p>
        </Part>
      )}
      <History alert={alert} />
    </>
  );
}

function openWindow(face: Face, alert: IAlert): void {
  const window = guiltyWindow(alert);
  face.open('watch', {
    model: alert.model,
    ...(window && {
      window: widthOf(window.start, window.end),
      at: window.start
    }),
    ...(alert.feature && { feature: alert.feature })
  });
}

type Form = 'ack' | 'snooze' | 'resolve' | 'expect' | 'mute' | 'retrain' | null;

function Actions({
  alert,
  evidence
}: {
  readonly alert: IAlert;
  readonly evidence: IEvidence;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const [form, open] = React.useState<Form>(null);
  const close = () => open(null);
  const now = standing(alert);
  const over = now === 'over';
  const window = guiltyWindow(alert);
  const proposal = alert.kind === 'retrain_proposed';
  const write = face.may('write');
  return (
    <>
      <div className="mlops-nb-Buttons">
        {proposal && evidence.challenger && (
          <Button
            onClick={() =>
              face.open('version', {
                name: alert.model,
                version: versionOf(evidence.challenger) ?? 0
              })
            }
          >
            {trans.__('Open %1', evidence.challenger)}
          </Button>
        )}
        {proposal && write && !over && (
          <Button onClick={() => void promote(face, alert)}>
            {trans.__('Promote…')}
          </Button>
        )}
        {write && !over && now !== 'acked' && !proposal && (
          <Button onClick={() => open('ack')}>
            {trans.__('Acknowledge…')}
          </Button>
        )}
        {write && !over && (
          <Button onClick={() => open('snooze')}>{trans.__('Snooze…')}</Button>
        )}
        {write && !over && (
          <Button onClick={() => open('resolve')}>
            {proposal ? trans.__('Dismiss…') : trans.__('Resolve…')}
          </Button>
        )}
        {!proposal && alert.model && (
          <Investigate alert={alert} evidence={evidence} />
        )}
        {write && !over && !proposal && alert.model && (
          <>
            {window && (
              <Button minimal onClick={() => open('expect')}>
                {trans.__('Expected…')}
              </Button>
            )}
            <Button minimal onClick={() => open('mute')}>
              {trans.__('Mute…')}
            </Button>
          </>
        )}
        {face.may('execute') && !over && !proposal && alert.model && (
          <Button minimal onClick={() => open('retrain')}>
            {trans.__('Retrain…')}
          </Button>
        )}
      </div>
      {form === 'ack' && <AckForm alert={alert} close={close} />}
      {form === 'snooze' && <SnoozeForm alert={alert} close={close} />}
      {form === 'resolve' && (
        <ResolveForm alert={alert} close={close} proposal={proposal} />
      )}
      {form === 'expect' && window && (
        <ExpectForm
          start={{
            model: alert.model,
            version: versionOf(alert.version),
            from: dayOf(evidence.begin ?? window.start),
            to: lastDayOf(window.end),
            feature:
              evidence.features.length === 1
                ? (evidence.features[0] ?? '')
                : '',
            features: evidence.features
          }}
          close={close}
        />
      )}
      {form === 'mute' && (
        <MuteForm
          model={alert.model}
          features={evidence.features}
          kinds={[alert.kind]}
          feature={alert.feature}
          kind={alert.kind}
          close={close}
        />
      )}
      {form === 'retrain' && (
        <RetrainForm model={alert.model} alert={alert.id} close={close} />
      )}
    </>
  );
}

/** Opens the notebook that looked into it; where there is none yet, runs it. */
function Investigate({
  alert,
  evidence
}: {
  readonly alert: IAlert;
  readonly evidence: IEvidence;
}): React.JSX.Element | null {
  const face = useFace();
  const { trans } = face;
  const [busy, setBusy] = React.useState(false);
  const openRun = (id: string) => face.openExecuted(id, 'investigate.ipynb');
  const run = async () => {
    setBusy(true);
    const again = Boolean(evidence.failed);
    await face
      .act(
        'alerts/{id}/investigate',
        { id: alert.id, again },
        {
          doing: trans.__('The investigation runs…'),
          done: () => trans.__('The investigation is ready.'),
          actions: result => {
            const id = (result as { readonly id?: string } | null)?.id;
            return id
              ? [
                  {
                    label: trans.__('Open'),
                    callback: () => openRun(id)
                  }
                ]
              : [];
          }
        }
      )
      .catch(() => undefined);
    setBusy(false);
  };
  if (evidence.run) {
    return (
      <Button onClick={() => openRun(evidence.run)}>
        {alert.kind.startsWith('retrain')
          ? trans.__('Open the training')
          : trans.__('Open the investigation')}
      </Button>
    );
  }
  return face.may('execute') ? (
    <Button onClick={() => void run()} disabled={busy}>
      {busy ? trans.__('Investigating…') : trans.__('Investigate')}
    </Button>
  ) : null;
}

function Evidence({
  alert,
  evidence
}: {
  readonly alert: IAlert;
  readonly evidence: IEvidence;
}): React.JSX.Element | null {
  const face = useFace();
  const { trans } = face;
  const window = guiltyWindow(alert);
  const said: (readonly [string, React.ReactNode])[] = [];
  if (evidence.begin && evidence.windows !== null) {
    said.push([
      trans.__('Lasted'),
      trans._n(
        '%1 window, from %2',
        '%1 windows, from %2',
        evidence.windows,
        dayOf(evidence.begin)
      )
    ]);
  }
  for (const [name, value] of evidence.numbers) {
    said.push([
      upper(nameOf(name, trans)),
      isShare(name) ? asPercent(value) : asNumber(value)
    ]);
  }
  if (evidence.also.length > 0) {
    said.push([trans.__('Rang as well'), evidence.also.map(kindOf).join(', ')]);
  }
  if (evidence.over) {
    said.push([trans.__('Ended'), evidence.over]);
  }
  if (evidence.passed !== null) {
    said.push([
      trans.__('Check against the champion'),
      <StateText key="check" state={evidence.passed ? 'ok' : 'fail'} />
    ]);
  }
  if (evidence.failed) {
    said.push([
      trans.__('Investigation'),
      <span key="failed">
        <StateText state="failed" />{' '}
        <Open onClick={() => face.open('run', { id: evidence.failed })}>
          {trans.__('see why')}
        </Open>
      </span>
    ]);
  }
  for (const [name, value] of evidence.rest) {
    said.push([upper(nameOf(name, trans)), asText(value)]);
  }
  if (said.length === 0 && !window) {
    return null;
  }
  return (
    <Part title={trans.__('What was seen')}>
      {said.length > 0 && <Facts rows={said} />}
      {window && alert.model && (
        <Measured alert={alert} evidence={evidence} window={window} />
      )}
      {window && alert.model && evidence.features.length > 0 && (
        <div className="mlops-nb-Sides">
          {pictured(evidence.features).map(feature => (
            <div key={feature}>
              <h3>{feature}</h3>
              <FeatureShape
                model={alert.model}
                version={alert.version}
                feature={feature}
                start={window.start}
                end={window.end}
              />
            </div>
          ))}
        </div>
      )}
    </Part>
  );
}

/** The rule that rang, and the numbers of the window that it rang for. */
function Measured({
  alert,
  evidence,
  window
}: {
  readonly alert: IAlert;
  readonly evidence: IEvidence;
  readonly window: { readonly start: string; readonly end: string };
}): React.JSX.Element | null {
  const { trans } = useFace();
  const rules = useAnswer('watch/{model}/rules', { model: alert.model });
  const rule = rules.value?.items.find(one => one.name === alert.kind);
  const width = widthOf(window.start, window.end);
  const measures = useAnswer('watch/{model}/measures', {
    model: alert.model,
    since: window.start,
    until: window.end,
    window: width,
    limit: 200,
    version: versionOf(alert.version),
    segment: alert.segment,
    ...(rule && { kinds: rule.kind })
  });
  const told = rule
    ? relevant(measures.value?.items ?? [], evidence.features)
    : [];
  const usual = told.some(one => one.reference !== null);
  return (
    <>
      {rule && (
        <p className="mlops-nb-Quiet">
          {trans.__(
            'The rule “%1” rings %2.',
            kindOf(rule.name),
            ringsWhen(rule, trans)
          )}
        </p>
      )}
      {told.length > 0 && (
        <Grid
          label={trans.__('What was measured in that window')}
          head={[
            trans.__('measure'),
            trans.__('feature'),
            trans.__('value'),
            ...(usual ? [trans.__('usual')] : []),
            trans.__('bound'),
            trans.__('rows'),
            trans.__('verdict'),
            trans.__('in words')
          ]}
          numbers={usual ? [2, 3, 4, 5] : [2, 3, 4]}
          rows={told.map(one => {
            const show = isShare(one.name) ? asPercent : asNumber;
            return [
              nameOf(one.name, trans),
              one.feature || '–',
              show(one.value),
              ...(usual ? [show(one.reference)] : []),
              show(one.threshold),
              asNumber(one.n),
              one.verdict === 'none' ? (
                '–'
              ) : (
                <StateText key="verdict" state={one.verdict} />
              ),
              one.reason
            ];
          })}
        />
      )}
    </>
  );
}

/** Of the measures those that speak against the window; without any, those of the model as a whole. */
function relevant(
  items: readonly IMeasure[],
  features: readonly string[]
): readonly IMeasure[] {
  const bad = items.filter(
    one =>
      one.verdict !== 'ok' &&
      one.verdict !== 'none' &&
      (features.length === 0 ||
        one.feature === '' ||
        features.includes(one.feature))
  );
  const found = bad.length > 0 ? bad : items.filter(one => one.feature === '');
  const seen = new Set<string>();
  return found
    .filter(one => {
      const key = `${one.name} ${one.feature} ${one.start}`;
      return seen.has(key) ? false : seen.add(key);
    })
    .sort((one, other) => (other.severity ?? 0) - (one.severity ?? 0))
    .slice(0, 20);
}

function History({ alert }: { readonly alert: IAlert }): React.JSX.Element {
  const { trans } = useFace();
  const found = useAnswer(
    'alerts/{id}/history',
    { id: alert.id },
    { on: ['alert'] }
  );
  const words: Record<string, string> = {
    raised: trans.__('raised'),
    acked: trans.__('acknowledged'),
    snoozed: trans.__('snoozed'),
    resolved: trans.__('resolved'),
    muted: trans.__('muted'),
    unmuted: trans.__('unmuted'),
    reopened: trans.__('raised again')
  };
  return (
    <Part title={trans.__('History')}>
      <Shown answer={found}>
        {page => (
          <Grid
            label={trans.__('What was done about it')}
            head={[
              trans.__('when'),
              trans.__('what'),
              trans.__('who'),
              trans.__('why')
            ]}
            rows={page.items.map(one => [
              asTime(one.at),
              one.until
                ? trans.__(
                    '%1 until %2',
                    words[one.what] ?? one.what,
                    asTime(one.until)
                  )
                : (words[one.what] ?? one.what),
              who(one.actor, trans),
              one.what === 'raised' ? '–' : one.reason || '–'
            ])}
          />
        )}
      </Shown>
    </Part>
  );
}
