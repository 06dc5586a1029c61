import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useFace } from '../core/context';
import { sentence } from '../core/errors';
import { asError, Face } from '../core/face';
import { RequestError } from '../core/request';
import { Choice, TextField } from '../parts/fields';
import { IAlert, IReceipt } from '../records';
import { dayAfter, spoken } from './spans';
import { kindOf } from './terms';

/** Which field an error belongs to gets its words; the form says the others. */
type Wrong = (field: string) => { readonly error?: string };

/** A form that stands where its button was: what it will change in a sentence, then what it needs to know. */
function ActForm({
  title,
  says,
  accept,
  fields = [],
  needs = [],
  submit,
  close,
  children
}: {
  readonly title: string;
  readonly says: React.ReactNode;
  readonly accept: string;
  /** Names of the fields that show their own errors. */
  readonly fields?: readonly string[];
  /** What may not be empty: field, its value, and what is said of it otherwise. */
  readonly needs?: readonly (readonly [string, string, string])[];
  readonly submit: () => Promise<unknown>;
  readonly close: () => void;
  readonly children: (wrong: Wrong) => React.ReactNode;
}): React.JSX.Element {
  const { trans } = useFace();
  const [busy, setBusy] = React.useState(false);
  const [error, setError] = React.useState<RequestError | null>(null);
  const form = React.useRef<HTMLFormElement>(null);
  React.useEffect(() => {
    const before = document.activeElement;
    form.current?.querySelector<HTMLElement>('input, select, button')?.focus();
    return () => {
      if (before instanceof HTMLElement && before.isConnected) {
        before.focus();
      }
    };
  }, []);
  const wrong: Wrong = field =>
    error?.field === field ? { error: sentence(error, trans) } : {};
  React.useEffect(() => {
    if (error) {
      form.current
        ?.querySelector<HTMLElement>('[aria-invalid="true"]')
        ?.focus();
    }
  }, [error]);
  const send = async () => {
    const missing = needs.find(([, value]) => !value.trim());
    if (missing) {
      const [field, , message] = missing;
      setError(new RequestError({ code: 'usage', field, message, hint: null }));
      return;
    }
    setBusy(true);
    setError(null);
    try {
      await submit();
      close();
    } catch (problem) {
      setError(asError(problem));
      setBusy(false);
    }
  };
  return (
    <form
      ref={form}
      className="mlops-nb-ActForm"
      aria-label={title}
      onSubmit={event => {
        event.preventDefault();
        void send();
      }}
      onKeyDown={event => {
        if (event.key === 'Escape') {
          event.stopPropagation();
          close();
        }
      }}
    >
      <h2>{title}</h2>
      <p>{says}</p>
      {children(wrong)}
      {error && !fields.includes(error.field ?? '') && (
        <p className="mlops-nb-Wrong" role="alert">
          {sentence(error, trans)} {error.hint}
        </p>
      )}
      <div className="mlops-nb-Buttons">
        <Button type="submit" className="mlops-nb-Accept" disabled={busy}>
          {busy ? trans.__('Working…') : accept}
        </Button>
        <Button type="button" minimal onClick={close}>
          {trans.__('Cancel')}
        </Button>
      </div>
    </form>
  );
}

interface IAlertForm {
  readonly alert: IAlert;
  readonly close: () => void;
}

/** “I look after it.” */
export function AckForm({ alert, close }: IAlertForm): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const [note, setNote] = React.useState('');
  return (
    <ActForm
      title={trans.__('Acknowledge')}
      says={trans.__(
        'You look after it. It stays open until it is over, and nobody else is told of it again.'
      )}
      accept={trans.__('Acknowledge')}
      fields={['note']}
      close={close}
      submit={() =>
        face.act(
          'alerts/{id}/ack',
          { id: alert.id, note },
          {
            doing: trans.__('Acknowledging…'),
            done: () => trans.__('You look after it.')
          }
        )
      }
    >
      {wrong => (
        <TextField
          label={trans.__('Note (what you are about to do)')}
          value={note}
          onChange={setNote}
          {...wrong('note')}
        />
      )}
    </ActForm>
  );
}

/** “Not now.” */
export function SnoozeForm({ alert, close }: IAlertForm): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const [until, setUntil] = React.useState('1d');
  const [date, setDate] = React.useState('');
  const [reason, setReason] = React.useState('');
  const asked = () => {
    if (until !== 'date') {
      return until;
    }
    const at = new Date(`${date}T00:00`);
    return Number.isNaN(at.getTime()) ? date : at.toISOString();
  };
  return (
    <ActForm
      title={trans.__('Snooze')}
      says={trans.__(
        'Nobody is told of it until then. It stays in the list, marked as snoozed, and is open again after that.'
      )}
      accept={trans.__('Snooze')}
      fields={['until', 'reason']}
      needs={[
        ...(until === 'date'
          ? [['until', date, trans.__('Until which day?')] as const]
          : []),
        ['reason', reason, trans.__('Say why it can wait.')]
      ]}
      close={close}
      submit={() =>
        face.act(
          'alerts/{id}/snooze',
          { id: alert.id, until: asked(), reason },
          {
            doing: trans.__('Snoozing…'),
            done: () => trans.__('Snoozed.')
          }
        )
      }
    >
      {wrong => (
        <>
          <Choice
            label={trans.__('Until')}
            value={until}
            onChange={setUntil}
            choices={[
              ['1h', trans.__('in an hour')],
              ['1d', trans.__('tomorrow at this time')],
              ['3d', trans.__('in three days')],
              ['date', trans.__('a date…')]
            ]}
            {...(until === 'date' ? {} : wrong('until'))}
          />
          {until === 'date' && (
            <TextField
              type="date"
              label={trans.__('Date')}
              value={date}
              onChange={setDate}
              {...wrong('until')}
            />
          )}
          <TextField
            label={trans.__('Reason: why it can wait')}
            value={reason}
            onChange={setReason}
            {...wrong('reason')}
          />
        </>
      )}
    </ActForm>
  );
}

/** “It is dealt with.” Of a proposal: “not this one”. */
export function ResolveForm({
  alert,
  close,
  proposal = false
}: IAlertForm & { readonly proposal?: boolean }): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const [reason, setReason] = React.useState('');
  const title = proposal ? trans.__('Dismiss') : trans.__('Resolve');
  return (
    <ActForm
      title={title}
      says={
        proposal
          ? trans.__(
              'The proposal is closed and nothing changes in production. %1 stays a version like any other.',
              alert.version
            )
          : trans.__(
              'It is dealt with and leaves the list. Where it holds on, it is raised again.'
            )
      }
      accept={title}
      fields={['reason']}
      needs={
        proposal
          ? [['reason', reason, trans.__('Say why it is not this one.')]]
          : []
      }
      close={close}
      submit={() =>
        face.act(
          'alerts/{id}/resolve',
          { id: alert.id, reason },
          {
            doing: proposal ? trans.__('Dismissing…') : trans.__('Resolving…'),
            done: () =>
              proposal
                ? trans.__('The proposal was dismissed.')
                : trans.__('The alert is resolved.')
          }
        )
      }
    >
      {wrong => (
        <TextField
          label={trans.__('Reason')}
          value={reason}
          onChange={setReason}
          {...wrong('reason')}
        />
      )}
    </ActForm>
  );
}

/** What a form about a model begins with. */
export interface IExpectStart {
  readonly model: string;
  readonly version: number | null;
  /** First and last day. */
  readonly from: string;
  readonly to: string;
  /** The one that is meant; empty: all. */
  readonly feature: string;
  readonly features: readonly string[];
}

/** “It is the new normal.” */
export function ExpectForm({
  start,
  close
}: {
  readonly start: IExpectStart;
  readonly close: () => void;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const [from, setFrom] = React.useState(start.from);
  const [to, setTo] = React.useState(start.to);
  const [feature, setFeature] = React.useState(start.feature);
  const [reason, setReason] = React.useState('');
  const end = dayAfter(to);
  const when = from && end > from ? spoken(from, end) : '…';
  const named = feature || trans.__('everything that it gets');
  return (
    <ActForm
      title={trans.__('Expected: this is the new normal')}
      says={trans.__(
        'From the next pass on, %1 may also look as it did then: %2. What looks so is reported no more. A receipt says who decided it and why; it can be taken back.',
        named,
        when
      )}
      accept={trans.__('Declare it normal')}
      fields={['start', 'end', 'feature', 'reason']}
      close={close}
      needs={[
        [
          'reason',
          reason,
          trans.__('Say why: whoever reads it later wants to know.')
        ]
      ]}
      submit={async () => {
        await face.act(
          'watch/{model}/expect',
          {
            model: start.model,
            start: from,
            end,
            feature,
            reason,
            version: start.version
          },
          {
            doing: trans.__('Declaring it normal…'),
            done: () => trans.__('%1: %2 is normal now.', start.model, when),
            actions: result => [
              {
                label: trans.__('Undo'),
                callback: () =>
                  void undoExpected(
                    face,
                    start.model,
                    start.version,
                    (result as IReceipt).id
                  )
              }
            ]
          }
        );
      }}
    >
      {wrong => (
        <>
          <div className="mlops-nb-Pair">
            <TextField
              type="date"
              label={trans.__('First day (UTC)')}
              value={from}
              onChange={setFrom}
              {...wrong('start')}
            />
            <TextField
              type="date"
              label={trans.__('Last day (UTC)')}
              value={to}
              onChange={setTo}
              {...wrong('end')}
            />
          </div>
          <Choice
            label={trans.__('Feature')}
            value={feature}
            onChange={setFeature}
            choices={[
              ['', trans.__('all of them')],
              ...start.features.map((one): [string, string] => [one, one])
            ]}
            {...wrong('feature')}
          />
          <TextField
            label={trans.__('Reason')}
            value={reason}
            onChange={setReason}
            {...wrong('reason')}
          />
        </>
      )}
    </ActForm>
  );
}

/** Takes back that something is normal. */
export async function undoExpected(
  face: Face,
  model: string,
  version: number | null,
  receipt: string
): Promise<void> {
  const { trans } = face;
  await face
    .act(
      'watch/{model}/expect',
      { model, version, undo: receipt, reason: trans.__('taken back') },
      {
        doing: trans.__('Taking it back…'),
        done: () => trans.__('Taken back: it is judged as before.')
      }
    )
    .catch(() => undefined);
}

/** “I do not want to hear of that.” */
export function MuteForm({
  model,
  features,
  kinds,
  feature = '',
  kind = '',
  close
}: {
  readonly model: string;
  readonly features: readonly string[];
  readonly kinds: readonly string[];
  readonly feature?: string;
  readonly kind?: string;
  readonly close: () => void;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const [what, setWhat] = React.useState(
    feature ? `feature ${feature}` : kind ? `kind ${kind}` : ''
  );
  const [until, setUntil] = React.useState('30d');
  const [reason, setReason] = React.useState('');
  const name = what.replace(/^(?:feature|kind) /, '');
  const shown = what.startsWith('kind ') ? kindOf(name) : name;
  return (
    <ActForm
      title={trans.__('Mute')}
      says={
        shown
          ? trans.__(
              'Nothing about %1 of %2 is raised any more, and what is open about it is over. It is still measured and drawn.',
              shown,
              model
            )
          : trans.__(
              'Nothing about it is raised any more. It is still measured and drawn.'
            )
      }
      accept={trans.__('Mute')}
      fields={['feature', 'kind', 'until', 'reason']}
      needs={[
        ['feature', what, trans.__('Of what should nothing be raised?')],
        [
          'reason',
          reason,
          trans.__('Say why: whoever reads it later wants to know.')
        ]
      ]}
      close={close}
      submit={() =>
        face.act(
          'mutes',
          {
            model,
            reason,
            until,
            ...(what.startsWith('kind ') ? { kind: name } : { feature: name })
          },
          {
            doing: trans.__('Muting…'),
            done: () => trans.__('Muted: %1 (%2).', shown, model)
          }
        )
      }
    >
      {wrong => (
        <>
          <Choice
            label={trans.__('What')}
            value={what}
            onChange={setWhat}
            choices={[
              ['', trans.__('choose…')],
              ...features.map((one): [string, string] => [
                `feature ${one}`,
                trans.__('feature: %1', one)
              ]),
              ...kinds.map((one): [string, string] => [
                `kind ${one}`,
                trans.__('kind of alert: %1', kindOf(one))
              ])
            ]}
            {...wrong('feature')}
            {...wrong('kind')}
          />
          <Choice
            label={trans.__('How long')}
            value={until}
            onChange={setUntil}
            choices={[
              ['1d', trans.__('a day')],
              ['7d', trans.__('a week')],
              ['30d', trans.__('30 days')],
              ['', trans.__('until it is unmuted')]
            ]}
            {...wrong('until')}
          />
          <TextField
            label={trans.__('Reason')}
            value={reason}
            onChange={setReason}
            {...wrong('reason')}
          />
        </>
      )}
    </ActForm>
  );
}

/** A challenger is trained on fresh data. */
export function RetrainForm({
  model,
  alert = '',
  close
}: {
  readonly model: string;
  /** The alert because of which. */
  readonly alert?: string;
  readonly close: () => void;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const [notebook, setNotebook] = React.useState('');
  return (
    <ActForm
      title={trans.__('Retrain')}
      says={trans.__(
        'A challenger of %1 is trained, checked against the champion and proposed. Production stays as it is until somebody promotes it.',
        model
      )}
      accept={trans.__('Retrain')}
      fields={['notebook']}
      close={close}
      submit={() => {
        // It takes minutes: the notification says how it goes, the form is done.
        void face
          .act(
            'watch/{model}/retrain',
            { model, alert, notebook: notebook.trim() || null },
            {
              doing: trans.__('Training a challenger of %1…', model),
              done: result =>
                (result as Partial<IAlert> | null)?.message ??
                trans.__('%1 was trained again.', model),
              actions: result => {
                const id = (result as Partial<IAlert> | null)?.id;
                return id
                  ? [
                      {
                        label: trans.__('Open the proposal'),
                        callback: () => face.open('alert', { id })
                      }
                    ]
                  : [];
              }
            }
          )
          .catch(() => undefined);
        return Promise.resolve();
      }}
    >
      {wrong => (
        <TextField
          label={trans.__('Notebook')}
          help={trans.__(
            'Empty: the one that the watch file names, else train.ipynb.'
          )}
          placeholder="train.ipynb"
          value={notebook}
          onChange={setNotebook}
          {...wrong('notebook')}
        />
      )}
    </ActForm>
  );
}
