import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { IDocumentProps } from '../core/documents';
import { VersionLink } from '../deployments/routes';
import { StateText } from '../parts/looks';
import { Ago, Code, Facts, Part, Shown } from '../parts/pieces';
import { asDuration, asNumber, asText } from '../parts/words';
import { IRun } from '../records';
import { Actions } from './actions';
import { isOn, nameOf, reproduces } from './entries';
import { failure } from './executed';
import { Evidence, IManifest } from './evidence';
import { Cells } from './progress';
import { Repetition } from './repetition';

export interface IShownRun {
  readonly run: IRun;
  readonly cell: number;
  readonly cells: number;
  readonly executed: string;
  readonly manifest: IManifest | null;
  readonly drift: IDrift | null;
  /** The run whose next attempt it is. */
  readonly resumes: string;
  readonly paths: { readonly notebook: string; readonly executed: string };
}

interface IDrift {
  readonly drifted?: readonly string[];
  readonly features?: Readonly<
    Record<string, { readonly verdict?: string; readonly reason?: string }>
  >;
}

/** A run: where it is, what it was given, what came of it. */
export function RunDocument({
  args,
  rename
}: IDocumentProps): React.JSX.Element {
  const found = useAnswer(
    'runs/{id}',
    { id: String(args.id) },
    { on: ['run'], every: 15 }
  );
  const name = found.value
    ? nameOf((found.value as unknown as IShownRun).run)
    : null;
  React.useEffect(() => {
    if (name) {
      rename(name);
    }
  }, [name]);
  return (
    <Shown answer={found}>
      {value => <Run shown={value as unknown as IShownRun} />}
    </Shown>
  );
}

function Run({ shown }: { readonly shown: IShownRun }): React.JSX.Element {
  const { trans } = useFace();
  const { run } = shown;
  const on = isOn(run);
  const recorded = reproduces(run);
  return (
    <>
      <div className="mlops-nb-Top">
        <h1>{nameOf(run)}</h1>
        <StateText state={run.status} />
        {run.verdict !== 'none' && (
          <span>
            {trans.__('its data:')} <StateText state={run.verdict} />
          </span>
        )}
      </div>
      <div role="status">
        {on &&
          (shown.cells > 0 ? (
            <Cells cell={shown.cell} cells={shown.cells} />
          ) : (
            <p className="mlops-nb-Quiet">
              {run.status === 'queued'
                ? trans.__('It waits for its turn.')
                : trans.__('It begins…')}
            </p>
          ))}
      </div>
      <Actions shown={shown} />
      {recorded && !on && <Repetition id={run.id} recorded={recorded} />}
      {run.status === 'failed' && <Failure shown={shown} />}
      <Numbers title={trans.__('Results')} values={run.results} />
      <Values title={trans.__('Parameters')} values={run.parameters} />
      <Made shown={shown} />
      <Drift drift={shown.drift} />
      <Part title={trans.__('How it ran')}>
        <Facts rows={useHow(shown)} />
      </Part>
      {shown.manifest && (
        <Evidence manifest={shown.manifest} notebook={run.notebook} />
      )}
    </>
  );
}

function useHow(shown: IShownRun): [string, React.ReactNode][] {
  const { trans } = useFace();
  const { run } = shown;
  const rows: [string, React.ReactNode][] = [
    [trans.__('Run'), <code key="id">{run.id}</code>],
    [trans.__('Started'), <Ago key="at" at={run.started_at} />],
    [trans.__('Took'), asDuration(run.seconds, trans)]
  ];
  if (run.cpu_seconds !== null) {
    rows.push([trans.__('Processor'), asDuration(run.cpu_seconds, trans)]);
  }
  if (run.peak_memory_mb !== null) {
    rows.push([
      trans.__('Memory'),
      trans.__('up to %1 MB', asNumber(Math.round(run.peak_memory_mb)))
    ]);
  }
  const before = shown.resumes || reproduces(run);
  rows.push([
    trans.__('Asked for by'),
    before ? (
      <span key="before">
        {shown.resumes
          ? trans.__('another attempt at')
          : trans.__('a repetition of')}
        <RunLink id={before} />
      </span>
    ) : (
      run.because || trans.__('a person')
    )
  ]);
  if (run.attempt > 1) {
    rows.push([trans.__('Attempt'), asNumber(run.attempt)]);
  }
  return rows;
}

/** A run that opens. */
export function RunLink({ id }: { readonly id: string }): React.JSX.Element {
  const face = useFace();
  return (
    <button
      type="button"
      className="mlops-nb-Link"
      onClick={() => face.open('run', { id })}
    >
      {id}
    </button>
  );
}

/** What went wrong: the sentence, the cell, the traceback. */
function Failure({ shown }: { readonly shown: IShownRun }): React.JSX.Element {
  const { trans } = useFace();
  const { run } = shown;
  return (
    <Part title={trans.__('What went wrong')}>
      <div className="mlops-nb-Quote">
        <p>{run.error || trans.__('Nobody knows: it left no message.')}</p>
        {shown.executed && <FailedCell id={run.id} />}
      </div>
    </Part>
  );
}

function FailedCell({ id }: { readonly id: string }): React.JSX.Element {
  const { trans } = useFace();
  const notebook = useAnswer('runs/{id}/notebook', { id }, { every: 3600 });
  return (
    <Shown answer={notebook} waiting={trans.__('Reading the notebook…')}>
      {value => {
        const found = failure(value);
        return (
          found && (
            <>
              <h3>{trans.__('Cell %1', found.cell)}</h3>
              <Code
                code={found.source}
                label={trans.__('Copy the cell’s code')}
              />
              <details>
                <summary>{trans.__('Traceback')}</summary>
                <Code
                  code={found.traceback}
                  label={trans.__('Copy the traceback')}
                />
              </details>
            </>
          )
        );
      }}
    </Shown>
  );
}

/** Named numbers, large. */
function Numbers({
  title,
  values
}: {
  readonly title: string;
  readonly values: Readonly<Record<string, unknown>>;
}): React.JSX.Element | null {
  const rows = Object.entries(values);
  return rows.length === 0 ? null : (
    <Part title={title}>
      <dl className="mlops-nb-Big">
        {rows.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd title={String(value)}>{asText(value)}</dd>
          </div>
        ))}
      </dl>
    </Part>
  );
}

function Values({
  title,
  values
}: {
  readonly title: string;
  readonly values: Readonly<Record<string, unknown>>;
}): React.JSX.Element | null {
  const rows = Object.entries(values);
  return rows.length === 0 ? null : (
    <Part title={title}>
      <Facts rows={rows.map(([name, value]) => [name, asText(value)])} />
    </Part>
  );
}

/** Data and models that went in and came out. */
function Made({
  shown
}: {
  readonly shown: IShownRun;
}): React.JSX.Element | null {
  const { trans } = useFace();
  const { run } = shown;
  const names = (refs: readonly string[]) => (
    <span>
      {refs.map(ref => (
        <React.Fragment key={ref}>
          <code title={run.digests[ref]}>{ref}</code>{' '}
        </React.Fragment>
      ))}
    </span>
  );
  const versions = (refs: readonly string[]) => (
    <span>
      {refs.map(ref => (
        <VersionLink key={ref} version={ref} />
      ))}
    </span>
  );
  const outputs =
    run.output && !run.outputs.includes(run.output)
      ? [run.output, ...run.outputs]
      : run.outputs;
  const rows: [string, React.ReactNode][] = [];
  if (run.inputs.length > 0) {
    rows.push([trans.__('Data read'), names(run.inputs)]);
  }
  if (outputs.length > 0) {
    rows.push([trans.__('Data written'), names(outputs)]);
  }
  if (run.models.length > 0) {
    rows.push([trans.__('Models used'), versions(run.models)]);
  }
  if (run.registered.length > 0) {
    rows.push([trans.__('Registered'), versions(run.registered)]);
  }
  return rows.length === 0 ? null : (
    <Part title={trans.__('What went in and came out')}>
      <Facts rows={rows} />
    </Part>
  );
}

/** Which columns of its data are not as in training. */
function Drift({
  drift
}: {
  readonly drift: IDrift | null;
}): React.JSX.Element | null {
  const { trans } = useFace();
  const features = Object.entries(drift?.features ?? {});
  if (features.length === 0) {
    return null;
  }
  const moved = features
    .filter(([, one]) => ['drifted', 'changed'].includes(one.verdict ?? ''))
    .sort(
      ([, one], [, other]) =>
        Number(other.verdict === 'drifted') - Number(one.verdict === 'drifted')
    );
  return (
    <Part title={trans.__('Its data, held against training')}>
      {moved.length === 0 ? (
        <p>
          {trans._n(
            'The column is as it was in training.',
            'All %1 columns are as they were in training.',
            features.length
          )}
        </p>
      ) : (
        <>
          <p>
            {trans.__(
              '%1 of %2 columns are not as they were in training.',
              moved.length,
              features.length
            )}
          </p>
          <ul className="mlops-nb-Plain">
            {moved.map(([name, one]) => (
              <li key={name}>
                <StateText state={one.verdict ?? ''} /> <strong>{name}</strong>{' '}
                <span className="mlops-nb-Quiet">{one.reason}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Part>
  );
}
