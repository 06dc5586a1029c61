import { Clipboard } from '@jupyterlab/apputils';
import { Button, copyIcon } from '@jupyterlab/ui-components';
import React from 'react';
import { IAnswer, useFace } from '../core/context';
import { sentence } from '../core/errors';
import { copyDetails } from '../core/face';
import { RequestError } from '../core/request';
import { asAge, asTime } from './words';

/** What went wrong, what to do next, and the details for whoever helps. */
export function Problem({
  error,
  retry
}: {
  readonly error: RequestError;
  readonly retry?: () => void;
}): React.JSX.Element {
  const { trans } = useFace();
  return (
    <div className="mlops-nb-Problem" role="alert">
      <p>{sentence(error, trans)}</p>
      {error.hint && <p className="mlops-nb-Quiet">{error.hint}</p>}
      <div className="mlops-nb-Buttons">
        {retry && (
          <Button className="mlops-nb-Retry" small onClick={retry}>
            {trans.__('Retry')}
          </Button>
        )}
        <Button small minimal onClick={() => copyDetails(error)}>
          {trans.__('Copy details')}
        </Button>
      </div>
    </div>
  );
}

/** Nothing is there yet: what to do about it, with a button where one click does it. */
export function Empty({
  children,
  action,
  onAction,
  more
}: {
  readonly children: React.ReactNode;
  readonly action?: string;
  readonly onAction?: () => void;
  /** Another button. */
  readonly more?: React.ReactNode;
}): React.JSX.Element {
  return (
    <div className="mlops-nb-Empty">
      <p>{children}</p>
      {action && onAction && (
        <Button small onClick={onAction}>
          {action}
        </Button>
      )}
      {more}
    </div>
  );
}

/** The link that opens and closes what costs something to show. */
export function Unfold({
  open,
  onChange,
  show,
  hide
}: {
  readonly open: boolean;
  readonly onChange: (open: boolean) => void;
  readonly show: string;
  readonly hide: string;
}): React.JSX.Element {
  return (
    <button
      type="button"
      className="mlops-nb-Link"
      aria-expanded={open}
      onClick={() => onChange(!open)}
    >
      {open ? hide : show}
    </button>
  );
}

/** Shows an answer: words while it is awaited, the error when there is none, a line when what is shown is old. */
export function Shown<T>({
  answer,
  children,
  waiting
}: {
  readonly answer: IAnswer<T>;
  readonly children: (value: T) => React.ReactNode;
  readonly waiting?: string;
}): React.JSX.Element {
  const { trans } = useFace();
  if (answer.value === null) {
    return answer.error ? (
      <Problem error={answer.error} retry={answer.refresh} />
    ) : (
      <p className="mlops-nb-Quiet" role="status">
        {waiting ?? trans.__('Loading…')}
      </p>
    );
  }
  return (
    <>
      {answer.error && (
        <div className="mlops-nb-Stale" role="status">
          {trans.__(
            'Shown as it was at %1. %2',
            asTime(new Date(answer.at).toISOString()),
            sentence(answer.error, trans)
          )}{' '}
          <Button small minimal onClick={answer.refresh}>
            {trans.__('Retry')}
          </Button>
        </div>
      )}
      {children(answer.value)}
    </>
  );
}

/** How long ago, kept true; the exact time on hover. */
export function Ago({
  at
}: {
  readonly at: string | null | undefined;
}): React.JSX.Element {
  const { trans } = useFace();
  const [, tick] = React.useReducer((n: number) => n + 1, 0);
  React.useEffect(() => {
    const timer = window.setInterval(tick, 30_000);
    return () => window.clearInterval(timer);
  }, []);
  return (
    <time dateTime={at ?? ''} title={asTime(at)}>
      {asAge(at, trans)}
    </time>
  );
}

/** Code that can be copied. */
export function Code({
  code,
  label
}: {
  readonly code: string;
  readonly label?: string;
}): React.JSX.Element {
  const { trans } = useFace();
  const name = label ?? trans.__('Copy the code');
  return (
    <div className="mlops-nb-CodeBox">
      <pre className="mlops-nb-Code" tabIndex={0}>
        {code}
      </pre>
      <Button
        className="mlops-nb-Copy"
        minimal
        small
        title={name}
        aria-label={name}
        onClick={() => Clipboard.copyToSystem(code)}
      >
        <copyIcon.react tag="span" width="14px" height="14px" />
      </Button>
    </div>
  );
}

/** Names and values, one under the other. */
export function Facts({
  rows
}: {
  readonly rows: readonly (readonly [string, React.ReactNode])[];
}): React.JSX.Element {
  return (
    <dl className="mlops-nb-Facts">
      {rows.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A part of a document, under a heading. */
export function Part({
  title,
  children,
  aside
}: {
  readonly title: string;
  readonly children: React.ReactNode;
  readonly aside?: React.ReactNode;
}): React.JSX.Element {
  return (
    <section className="mlops-nb-Part" aria-label={title}>
      <div className="mlops-nb-PartHead">
        <h2>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** A table with headings; wide ones scroll by themselves. */
export function Grid({
  head,
  rows,
  label,
  numbers = []
}: {
  readonly head: readonly React.ReactNode[];
  readonly rows: readonly (readonly React.ReactNode[])[];
  readonly label: string;
  /** Columns that hold numbers, from 0. */
  readonly numbers?: readonly number[];
}): React.JSX.Element {
  const kind = (index: number) =>
    numbers.includes(index) ? 'mlops-nb-Number' : '';
  return (
    <div
      className="mlops-nb-GridBox"
      tabIndex={0}
      role="region"
      aria-label={label}
    >
      <table className="mlops-nb-Grid">
        <thead>
          <tr>
            {head.map((cell, index) => (
              <th key={index} scope="col" className={kind(index)}>
                {cell}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, at) => (
            <tr key={at}>
              {row.map((cell, index) => (
                <td key={index} className={kind(index)}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
