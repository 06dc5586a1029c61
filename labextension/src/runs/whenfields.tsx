import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { RequestError } from '../core/request';
import { Choice, Field, TextField, Tick } from '../parts/fields';
import { Problem } from '../parts/pieces';
import { asTime } from '../parts/words';
import { ITrigger, IWhen, Missing } from './when';

/** The browser's own time zone. */
export function ownZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || 'UTC';
}

function zones(): readonly string[] {
  const found = (
    Intl as unknown as { supportedValuesOf?: (key: string) => string[] }
  ).supportedValuesOf?.('timeZone');
  return ['UTC', ...(found ?? [])];
}

/** Weekdays in the reader's language; Sunday is 0. */
export function weekdays(): readonly string[] {
  return [0, 1, 2, 3, 4, 5, 6].map(day =>
    new Date(2024, 0, 7 + day).toLocaleDateString(undefined, {
      weekday: 'short'
    })
  );
}

// As rules are named that come with the product, and what else raises alerts.
const ALERTS = [
  'drift',
  'drift_answers',
  'column_broken',
  'column_missing',
  'new_category',
  'step',
  'quality',
  'performance',
  'error_rate',
  'concept',
  'cusum',
  'estimate',
  'skew',
  'volume',
  'no_data',
  'stale',
  'labels_missing',
  'service',
  'deployment_failed',
  'server_failed',
  'alias_moved',
  'alias_adopted',
  'schedule_failed',
  'ingest_failed',
  'ingest_rejected'
];
const TIMED: readonly IWhen['kind'][] = ['daily', 'weekly', 'cron'];

/** When a notebook runs by itself. */
export function WhenFields({
  when,
  change,
  trigger,
  missing,
  refused
}: {
  readonly when: IWhen;
  readonly change: (when: IWhen) => void;
  readonly trigger: ITrigger | null;
  readonly missing: Missing;
  /** What the server said no to when it was asked to schedule it. */
  readonly refused: RequestError | null;
}): React.JSX.Element {
  const { trans } = useFace();
  const [wrong, setWrong] = React.useState<RequestError | null>(null);
  const names = weekdays();
  const said = (field: string) =>
    [refused, wrong].find(error => error?.field === field)?.message;
  return (
    <fieldset className="mlops-nb-When">
      <legend>{trans.__('When')}</legend>
      <Choice<IWhen['kind']>
        label={trans.__('It runs')}
        value={when.kind}
        onChange={kind => change({ ...when, kind })}
        choices={[
          ['daily', trans.__('every day')],
          ['weekly', trans.__('on some days of the week')],
          ['every', trans.__('every few minutes, hours or days')],
          ['after', trans.__('when there is new data')],
          ['alert', trans.__('when there is an alert')],
          ['cron', trans.__('as a cron line says')]
        ]}
      />
      {(when.kind === 'daily' || when.kind === 'weekly') && (
        <TextField
          label={trans.__('At')}
          type="time"
          error={missing === 'time' ? trans.__('A time is wanted.') : undefined}
          value={when.time}
          onChange={time => change({ ...when, time })}
        />
      )}
      {when.kind === 'weekly' && (
        <div
          role="group"
          aria-label={trans.__('Days')}
          className="mlops-nb-Days"
        >
          {[1, 2, 3, 4, 5, 6, 0].map(day => (
            <Tick
              key={day}
              label={names[day] ?? ''}
              value={when.days.includes(day)}
              onChange={on =>
                change({
                  ...when,
                  days: on
                    ? [...when.days, day]
                    : when.days.filter(one => one !== day)
                })
              }
            />
          ))}
          {missing === 'days' && (
            <div className="mlops-nb-Wrong" role="alert">
              {trans.__('Choose at least one day.')}
            </div>
          )}
        </div>
      )}
      {when.kind === 'every' && (
        <div className="mlops-nb-Parameter">
          <TextField
            label={trans.__('Every')}
            type="number"
            error={
              missing === 'every'
                ? trans.__('A whole number is wanted, 1 or more.')
                : said('every')
            }
            value={when.amount}
            onChange={amount => change({ ...when, amount })}
          />
          <Choice<IWhen['unit']>
            label={trans.__('Unit')}
            value={when.unit}
            onChange={unit => change({ ...when, unit })}
            choices={[
              ['m', trans.__('minutes')],
              ['h', trans.__('hours')],
              ['d', trans.__('days')]
            ]}
          />
        </div>
      )}
      {when.kind === 'after' && (
        <Tables
          value={when.table}
          error={said('after') ?? said('table')}
          change={table => change({ ...when, table })}
        />
      )}
      {when.kind === 'alert' && (
        <TextField
          label={trans.__('Kind of alert')}
          help={trans.__('It runs once for each alert of this kind.')}
          error={said('after')}
          value={when.alert}
          list={ALERTS}
          onChange={alert => change({ ...when, alert })}
        />
      )}
      {when.kind === 'cron' && (
        <TextField
          label={trans.__('Cron line')}
          help={trans.__(
            'Minute, hour, day of the month, month, weekday: 0 6 * * 1-5 is every weekday at six.'
          )}
          error={said('cron')}
          value={when.cron}
          onChange={cron => change({ ...when, cron })}
        />
      )}
      {TIMED.includes(when.kind) && (
        <TextField
          label={trans.__('Time zone')}
          error={said('timezone')}
          value={when.timezone}
          list={zones()}
          onChange={timezone => change({ ...when, timezone })}
        />
      )}
      <Preview trigger={trigger} tell={setWrong} />
    </fieldset>
  );
}

function Tables({
  value,
  error,
  change
}: {
  readonly value: string;
  readonly error: string | undefined;
  readonly change: (table: string) => void;
}): React.JSX.Element {
  const { trans } = useFace();
  const tables = useAnswer('tables', { limit: 200 });
  const names = (tables.value?.items ?? []).map(one => one.table);
  const unknown = value !== '' && names.length > 0 && !names.includes(value);
  return (
    <Field
      label={trans.__('Table')}
      help={trans.__('It runs after each new snapshot of this table.')}
      error={error}
    >
      {attributes => (
        <select
          {...attributes}
          className="jp-mod-styled"
          value={value}
          onChange={event => change(event.target.value)}
        >
          <option value="">{trans.__('Choose a table')}</option>
          {unknown && <option value={value}>{value}</option>}
          {names.map(one => (
            <option key={one} value={one}>
              {one}
            </option>
          ))}
        </select>
      )}
    </Field>
  );
}

/** The value as it was a moment ago: what is typed is not asked about letter by letter. */
function useSettled<T>(value: T, ms = 250): T {
  const [settled, settle] = React.useState(value);
  const key = JSON.stringify(value);
  React.useEffect(() => {
    const timer = window.setTimeout(() => settle(value), ms);
    return () => window.clearTimeout(timer);
  }, [key]);
  return settled;
}

/** What a trigger means, in a sentence, and the three times that come next. */
function Preview({
  trigger,
  tell
}: {
  readonly trigger: ITrigger | null;
  readonly tell: (error: RequestError | null) => void;
}): React.JSX.Element {
  const asked = useSettled(trigger);
  return (
    <div role="status" className="mlops-nb-Preview">
      {asked !== null && trigger !== null && (
        <Previewed key={JSON.stringify(asked)} asked={asked} tell={tell} />
      )}
    </div>
  );
}

function Previewed({
  asked,
  tell
}: {
  readonly asked: ITrigger;
  readonly tell: (error: RequestError | null) => void;
}): React.JSX.Element {
  const { trans } = useFace();
  const preview = useAnswer('triggers', { ...asked, count: 3 });
  const { error, value } = preview;
  React.useEffect(() => {
    tell(error);
    return () => tell(null);
  }, [error]);
  if (error) {
    return error.field ? <></> : <Problem error={error} />;
  }
  if (!value) {
    return <p className="mlops-nb-Quiet">{trans.__('Working it out…')}</p>;
  }
  return (
    <>
      <p>
        <strong>{value.sentence}</strong>
      </p>
      <NextTimes next={value.next} zone={value.timezone} />
    </>
  );
}

/** The times that come next, as the reader's clock shows them. */
export function NextTimes({
  next,
  zone
}: {
  readonly next: readonly string[];
  readonly zone: string;
}): React.JSX.Element {
  const { trans } = useFace();
  return next.length === 0 ? (
    <p className="mlops-nb-Quiet">
      {trans.__('Nobody knows when that will be.')}
    </p>
  ) : (
    <p>
      {trans.__('Next:')} {next.map(asTime).join(' · ')}
      {zone !== 'UTC' && zone !== ownZone() && (
        <span className="mlops-nb-Quiet"> {trans.__('(your time)')}</span>
      )}
    </p>
  );
}
