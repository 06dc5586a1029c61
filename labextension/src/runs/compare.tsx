import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { IDocumentProps } from '../core/documents';
import { StateText } from '../parts/looks';
import { Grid, Part, Shown } from '../parts/pieces';
import { asNumber, asText, asTime } from '../parts/words';
import { IDifference, IRun, IRunComparison } from '../records';
import { nameOf } from './entries';
import { lines } from './lines';
import { inShort } from './words';

/** Two runs side by side: only what differs. */
export function CompareDocument({
  args,
  rename
}: IDocumentProps): React.JSX.Element {
  const { trans } = useFace();
  const found = useAnswer(
    'compare',
    { before: String(args.before), after: String(args.after) },
    { every: 600 }
  );
  const name = found.value ? nameOf(found.value.after) : null;
  React.useEffect(() => {
    if (name) {
      rename(trans.__('Two runs of %1', name));
    }
  }, [name]);
  return <Shown answer={found}>{both => <Both both={both} />}</Shown>;
}

/** The cell that papermill puts in says what the parameters say. */
function isInjected(one: IDifference): boolean {
  return [one.before, one.after].every(
    text => typeof text === 'string' && /^# Parameters\n/.test(text)
  );
}

function Both({ both }: { readonly both: IRunComparison }): React.JSX.Element {
  const { trans } = useFace();
  const { before, after } = both;
  const of = (...what: readonly string[]) =>
    both.differs.filter(one => what.includes(one.what) && !isInjected(one));
  const texts: readonly (readonly [
    string,
    readonly IDifference[],
    (n: string) => string
  ])[] = [
    [trans.__('Cells'), of('cell'), n => trans.__('Cell %1', n)],
    [trans.__('Outputs'), of('output'), n => trans.__('Output of cell %1', n)]
  ];
  return (
    <>
      <h1>
        {nameOf(before) === nameOf(after)
          ? trans.__('Two runs of %1', nameOf(after))
          : trans.__('%1 and %2', nameOf(before), nameOf(after))}
      </h1>
      <div className="mlops-nb-Sides">
        <Side run={before} />
        <Side run={after} />
      </div>
      {both.differs.length === 0 && (
        <p className="mlops-nb-Lead">
          {trans.__(
            'Nothing differs: parameters, results, cells and outputs are the same.'
          )}
        </p>
      )}
      <Values title={trans.__('Parameters')} rows={of('parameter')} />
      <Values title={trans.__('Results')} rows={of('result')} />
      <Values title={trans.__('What else differs')} rows={of('run')} />
      {texts.map(
        ([title, differs, head]) =>
          differs.length > 0 && (
            <Part key={title} title={title}>
              {differs.map(one => (
                <Texts key={one.name} head={head(one.name)} one={one} />
              ))}
            </Part>
          )
      )}
    </>
  );
}

function Side({ run }: { readonly run: IRun }): React.JSX.Element {
  const face = useFace();
  return (
    <div>
      <p>
        <button
          type="button"
          className="mlops-nb-Link mlops-nb-Open"
          title={run.id}
          onClick={() => face.open('run', { id: run.id })}
        >
          {asTime(run.started_at)}
        </button>{' '}
        <StateText state={run.status} />
      </p>
      <p className="mlops-nb-Quiet">{inShort(run.parameters)}</p>
    </div>
  );
}

function Values({
  title,
  rows
}: {
  readonly title: string;
  readonly rows: readonly IDifference[];
}): React.JSX.Element | null {
  const { trans } = useFace();
  if (rows.length === 0) {
    return null;
  }
  const gaps = rows.map(one =>
    typeof one.before === 'number' && typeof one.after === 'number'
      ? one.after - one.before
      : null
  );
  const some = gaps.some(gap => gap !== null);
  return (
    <Part title={title}>
      <Grid
        label={title}
        numbers={some ? [1, 2, 3] : []}
        head={[
          trans.__('name'),
          trans.__('left'),
          trans.__('right'),
          ...(some ? [trans.__('difference')] : [])
        ]}
        rows={rows.map((one, at) => [
          one.name,
          <Value key="before" value={one.before} />,
          <Value key="after" value={one.after} />,
          ...(some ? [signed(gaps[at] ?? null)] : [])
        ])}
      />
    </Part>
  );
}

function signed(gap: number | null): string {
  return gap === null ? '' : `${gap > 0 ? '+' : ''}${asNumber(gap)}`;
}

function Value({ value }: { readonly value: unknown }): React.JSX.Element {
  const text = asText(value);
  return text.includes('\n') ? <pre>{text}</pre> : <>{text}</>;
}

/** Two texts, their lines that differ marked. */
function Texts({
  head,
  one
}: {
  readonly head: string;
  readonly one: IDifference;
}): React.JSX.Element {
  const { trans } = useFace();
  const missing = (value: unknown) => value === null || value === undefined;
  const text = (value: unknown) => (missing(value) ? '' : String(value));
  const sides = lines(text(one.before), text(one.after));
  const values = [one.before, one.after];
  return (
    <div className="mlops-nb-Sides">
      <h3>{head}</h3>
      {sides.map((side, at) =>
        missing(values[at]) ? (
          <p key={at} className="mlops-nb-Quiet">
            {trans.__('not there')}
          </p>
        ) : (
          <pre key={at} tabIndex={0} aria-label={head}>
            {side.map((line, n) => (
              <span key={n} data-same={line.same}>
                {line.text}
              </span>
            ))}
          </pre>
        )
      )}
    </div>
  );
}
