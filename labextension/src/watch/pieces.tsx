import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { shape } from '../drawings/shapes';
import { Drawing } from '../parts/drawing';
import { Chip } from '../parts/looks';
import { Problem } from '../parts/pieces';
import { asPercent, asTime } from '../parts/words';
import { IAlert, IShape } from '../records';
import { isAnswer, standing, versionOf, who } from './alerts';
import { spoken } from './spans';

/** Sentences of the server, in which code stands between backticks. */
export function Prose({ text }: { readonly text: string }): React.JSX.Element {
  return (
    <>
      {text
        .split('`')
        .map((part, at) =>
          at % 2 === 1 ? <code key={at}>{part}</code> : part
        )}
    </>
  );
}

/** Something to be opened, in a sentence or a table. */
export function Open({
  children,
  onClick,
  title
}: {
  readonly children: React.ReactNode;
  readonly onClick: () => void;
  readonly title?: string;
}): React.JSX.Element {
  return (
    <button
      type="button"
      className="mlops-nb-Link mlops-nb-Open"
      onClick={onClick}
      title={title}
    >
      {children}
    </button>
  );
}

/** Opens a version by its reference, `delay/2`. */
export function VersionLink({
  of
}: {
  readonly of: string;
}): React.JSX.Element {
  const face = useFace();
  const version = versionOf(of);
  return version === null ? (
    <>{of}</>
  ) : (
    <Open
      onClick={() =>
        face.open('version', { name: of.replace(/\/\d+$/, ''), version })
      }
    >
      {of}
    </Open>
  );
}

/** Who looks after an alert, or until when it was put off; nothing for one that is open. */
export function Stands({
  alert
}: {
  readonly alert: IAlert;
}): React.JSX.Element | null {
  const { trans } = useFace();
  switch (standing(alert)) {
    case 'over':
      return <Chip title={asTime(alert.resolved_at)}>{trans.__('over')}</Chip>;
    case 'snoozed':
      return (
        <Chip title={trans.__('until %1', asTime(alert.snoozed_until))}>
          {trans.__('snoozed')}
        </Chip>
      );
    case 'acked':
      return (
        <Chip
          title={trans.__(
            '%1 looks after it. %2',
            who(alert.acked_by, trans),
            alert.note
          )}
        >
          {trans.__('acknowledged')}
        </Chip>
      );
    default:
      return null;
  }
}

/** One feature, in training and in a window. */
export function FeatureShape(of: {
  readonly model: string;
  readonly version: string;
  readonly feature: string;
  readonly start: string;
  readonly end: string;
}): React.JSX.Element {
  const { trans } = useFace();
  const found = useAnswer('watch/{model}/shape', {
    model: of.model,
    feature: of.feature,
    start: of.start,
    end: of.end,
    version: versionOf(of.version)
  });
  if (found.value !== null) {
    return (
      <Shape
        shape={found.value}
        when={spoken(of.start, of.end)}
        before={
          isAnswer(of.feature)
            ? trans.__('held-out rows')
            : trans.__('training')
        }
      />
    );
  }
  if (found.error === null) {
    return (
      <p className="mlops-nb-Quiet" role="status">
        {trans.__('Loading…')}
      </p>
    );
  }
  return found.error.field === 'feature' ? (
    <p className="mlops-nb-Quiet">
      {trans.__(
        'There is no picture of it: no answers of that window are kept.'
      )}
    </p>
  ) : (
    <Problem error={found.error} retry={found.refresh} />
  );
}

const SHOWN = 8; // categories
const OTHERS = 'all others'; // what the server calls the rest of them

function Shape({
  shape: found,
  when,
  before: reference
}: {
  readonly shape: IShape;
  readonly when: string;
  readonly before: string;
}): React.JSX.Element {
  const { trans } = useFace();
  const data = React.useMemo(() => {
    const order = found.names
      .map((name, at) => ({
        name,
        was: found.reference[at] ?? 0,
        is: found.seen[at] ?? 0
      }))
      .sort(
        (one, other) =>
          Number(one.name === OTHERS) - Number(other.name === OTHERS) ||
          Math.max(other.was, other.is) - Math.max(one.was, one.is)
      );
    if (order.length > SHOWN) {
      order.splice(SHOWN - 1, order.length - SHOWN); // the others stay last
    }
    const named = found.names.length > 0;
    return {
      name: found.feature,
      edges: found.edges,
      names: order.map(one => one.name),
      reference: named ? order.map(one => one.was) : found.reference,
      seen: named ? order.map(one => one.is) : found.seen,
      words: { reference, seen: when }
    };
  }, [found, when, reference]);
  const [before, now] = found.nulls;
  const known = found.reference.some(share => (share ?? 0) > 0);
  return (
    <figure
      className="mlops-nb-FeatureShape"
      aria-label={trans.__('%1: %2 against %3', found.feature, when, reference)}
    >
      <Drawing draw={shape} data={data} />
      <figcaption className="mlops-nb-ShapeKey">
        <span>
          <span className="mlops-nb-ShapeBar" data-kind="reference" />
          {known
            ? reference
            : trans.__('%1 (not known for this column)', reference)}
        </span>
        <span>
          <span className="mlops-nb-ShapeBar" data-kind="seen" />
          {when}
        </span>
        {((before ?? 0) > 0 || (now ?? 0) > 0) && (
          <span>
            {trans.__(
              'missing: %1 then, %2 now',
              asPercent(before),
              asPercent(now)
            )}
          </span>
        )}
      </figcaption>
    </figure>
  );
}
