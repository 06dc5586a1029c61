import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { IDocumentProps } from '../core/documents';
import { asError } from '../core/face';
import { RequestError } from '../core/request';
import { Empty, Problem, Shown } from '../parts/pieces';
import { IFinding, INotebookForm, IRun } from '../records';
import { openStarted } from './actions';
import { HOW, IHow, More, readHow } from './more';
import { IEntered, ParameterField, asTyped, rowsOf } from './parameter';
import { MOST, runsOf } from './values';
import { EVERY_DAY, IWhen, trigger } from './when';
import { WhenFields, ownZone } from './whenfields';

/** Runs a notebook with parameters: once, as a grid, now or on a schedule. */
export function RunForm({ args, close }: IDocumentProps): React.JSX.Element {
  const { trans } = useFace();
  const path = String(args.path ?? '');
  return path ? (
    <Read
      path={path}
      like={String(args.like ?? '')}
      later={args.schedule === true}
      close={close}
    />
  ) : (
    <Empty>
      {trans.__(
        'Open a notebook, then click “Run with parameters…” in its toolbar.'
      )}
    </Empty>
  );
}

interface IAbout {
  readonly path: string;
  /** A run whose values stand in the form at first. */
  readonly like: string;
  readonly later: boolean;
  readonly close: () => void;
}

function Read(about: IAbout): React.JSX.Element {
  const { trans } = useFace();
  const form = useAnswer('notebooks/parameters', { path: about.path });
  return (
    <Shown answer={form} waiting={trans.__('Reading the notebook…')}>
      {found =>
        about.like ? (
          <Like {...about} form={found} />
        ) : (
          <Form {...about} form={found} first={{}} />
        )
      }
    </Shown>
  );
}

function Like(
  props: IAbout & { readonly form: INotebookForm }
): React.JSX.Element {
  const run = useAnswer('runs/{id}', { id: props.like }, { every: 3600 });
  return (
    <Shown answer={run}>
      {found => {
        const { parameters } = (found as unknown as { readonly run: IRun }).run;
        const first = Object.entries(parameters).map(
          ([name, value]): [string, IEntered] => [
            name,
            { text: asTyped(value), mode: 'one' }
          ]
        );
        return <Form {...props} first={Object.fromEntries(first)} />;
      }}
    </Shown>
  );
}

function Form({
  form,
  path,
  later,
  close,
  first
}: IAbout & {
  readonly form: INotebookForm;
  readonly first: Readonly<Record<string, IEntered>>;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const name = path.split('/').pop() ?? path;
  const [entered, enter] = React.useState(first);
  const [scheduled, setScheduled] = React.useState(
    later || !face.may('execute')
  );
  const [when, setWhen] = React.useState<IWhen>({
    ...EVERY_DAY,
    timezone: ownZone()
  });
  const [how, setHow] = React.useState<IHow>(HOW);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [busy, setBusy] = React.useState(false);
  const alert = React.useRef<HTMLDivElement>(null);

  const rows = rowsOf(form.parameters, entered);
  const changed = rows.filter(row => row.changed);
  const grids = changed.filter(row => row.entered.mode !== 'one');
  const count = runsOf(grids.map(row => row.read));
  const asked = trigger(when);
  const told = readHow(how);
  const wrong =
    changed.some(row => row.read.problem !== '') ||
    told.wrong.length > 0 ||
    count > MOST ||
    (scheduled && asked.trigger === null);
  const shownAt = new Set<string>([
    ...form.parameters.map(one => one.name),
    ...(scheduled
      ? [
          ...['name', 'notify', 'retries', 'timeout_s'],
          ...['cron', 'timezone', 'every', 'after', 'table']
        ]
      : ['on', 'parallel', 'timeout_s', 'secrets'])
  ]);
  const said = (field: string) =>
    error?.field === field
      ? [error.message, error.hint].filter(Boolean).join(' ')
      : undefined;
  React.useEffect(() => {
    if (error) {
      alert.current?.scrollIntoView({ block: 'nearest' });
    }
  }, [error]);

  const submit = async () => {
    const body = {
      notebook: path,
      parameters: Object.fromEntries(
        changed.map(row => [
          row.parameter.name,
          row.entered.mode === 'one' ? row.read.values[0] : row.read.values
        ])
      ),
      grid: grids.map(row => row.parameter.name),
      ...(told.timeout_s > 0 && { timeout_s: told.timeout_s })
    };
    setError(null);
    setBusy(true);
    try {
      if (scheduled) {
        await face.act(
          'schedules',
          { ...body, ...told.schedule, ...asked.trigger },
          {
            doing: trans.__('Scheduling %1…', name),
            done: () => trans.__('%1 is scheduled.', name)
          }
        );
        face.open('schedules');
      } else {
        const found = await face.act(
          'runs',
          { ...body, ...told.run },
          {
            doing: trans.__('Starting %1…', name),
            done: () =>
              trans._n('%1 run was started.', '%1 runs were started.', count)
          }
        );
        openStarted(face, (found as { readonly result: unknown }).result);
      }
      close();
    } catch (problem) {
      setError(asError(problem));
      setBusy(false);
    }
  };

  return (
    <form
      className="mlops-nb-Form"
      noValidate
      onSubmit={event => {
        event.preventDefault();
        if (!wrong && !busy) {
          void submit();
        }
      }}
    >
      <h1>{trans.__('Run %1', name)}</h1>
      <p className="mlops-nb-Quiet">
        {trans.__(
          'It is run as it was last saved, from top to bottom, by itself. The notebook that you see stays as it is.'
        )}
      </p>
      <Findings findings={form.findings} />
      {form.parameters.length === 0 ? (
        <Untagged tagged={form.tagged} />
      ) : (
        <fieldset className="mlops-nb-Ask">
          <legend>{trans.__('Parameters')}</legend>
          {rows.map(row => (
            <ParameterField
              key={row.parameter.name}
              row={row}
              error={said(row.parameter.name)}
              change={value =>
                enter({ ...entered, [row.parameter.name]: value })
              }
            />
          ))}
        </fieldset>
      )}
      {form.secrets.length > 0 && (
        <p className="mlops-nb-Quiet">
          {trans.__(
            'Secrets: %1. Their values come from the environment or the keyring of the server, and are written nowhere.',
            form.secrets.join(', ')
          )}
        </p>
      )}
      {face.may('write') && face.may('execute') && (
        <fieldset className="mlops-nb-Ask">
          <legend>{trans.__('Start')}</legend>
          <div className="mlops-nb-Radios">
            {[false, true].map(value => (
              <label key={String(value)}>
                <input
                  type="radio"
                  name={`mlops-nb-start-${path}`}
                  checked={scheduled === value}
                  onChange={() => setScheduled(value)}
                />
                {value ? trans.__('On a schedule') : trans.__('Now')}
              </label>
            ))}
          </div>
        </fieldset>
      )}
      {scheduled && (
        <WhenFields
          when={when}
          change={setWhen}
          trigger={asked.trigger}
          missing={asked.missing}
          refused={error}
        />
      )}
      <More
        how={how}
        change={setHow}
        scheduled={scheduled}
        name={name.replace(/\.ipynb$/, '')}
        wrong={told.wrong}
        said={said}
      />
      <div ref={alert}>
        {error && !shownAt.has(error.field ?? '') && <Problem error={error} />}
      </div>
      <div className="mlops-nb-Last">
        <div className="mlops-nb-Buttons">
          <Button
            type="submit"
            className="jp-mod-styled jp-mod-accept"
            disabled={busy || wrong}
          >
            {scheduled
              ? trans.__('Schedule')
              : trans._n('Run now', 'Start %1 runs', count)}
          </Button>
          <Button type="button" minimal onClick={close}>
            {trans.__('Cancel')}
          </Button>
        </div>
        <span role="status" className="mlops-nb-Quiet">
          {count > MOST
            ? trans.__(
                'That makes %1 runs; more than %2 at once are not started from here.',
                count.toLocaleString(),
                MOST.toLocaleString()
              )
            : scheduled
              ? trans._n('%1 run each time', '%1 runs each time', count)
              : trans._n('%1 run', '%1 runs', count)}
        </span>
      </div>
    </form>
  );
}

/** Why it may come to something else than what is on screen. */
function Findings({
  findings
}: {
  readonly findings: readonly IFinding[];
}): React.JSX.Element | null {
  const { trans } = useFace();
  if (findings.length === 0) {
    return null;
  }
  const fails = findings.some(one => one.state === 'fail');
  return (
    <div className="mlops-nb-Warn" role="note">
      <p>
        <strong>
          {fails
            ? trans.__('It will not work when it is run from top to bottom:')
            : trans.__(
                'Run from top to bottom it may differ from what is saved:'
              )}
        </strong>
      </p>
      <ul>
        {findings.map((one, at) => (
          <li key={at}>
            {one.detail} <span className="mlops-nb-Quiet">{one.remedy}</span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Untagged({ tagged }: { readonly tagged: boolean }): React.JSX.Element {
  const { trans } = useFace();
  return (
    <p className="mlops-nb-Quiet">
      {tagged
        ? trans.__('Its cell “parameters” sets nothing.')
        : trans.__(
            'No cell has the tag “parameters”. Give the tag to the cell with the values that change (in the property inspector, at the right), save the notebook, and they appear here.'
          )}
    </p>
  );
}
