import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { StateText } from '../parts/looks';
import { Ago, Grid, Part, Shown } from '../parts/pieces';
import { asNumber, asText, asTime } from '../parts/words';
import { ICheck, ICheckReport, IVersionDocument } from '../records';
import { reportOf } from './view';

/** What was asked of the version before it takes over: the newest check, and those before. */
export function Checks({
  document
}: {
  readonly document: IVersionDocument;
}): React.JSX.Element {
  const { trans } = useFace();
  const { name, version } = document.version;
  const newest = reportOf(document);
  const kept = useAnswer('models/{name}/checks', { name }, { on: ['model'] });
  const [chosen, choose] = React.useState('');
  const mine = (kept.value?.items ?? []).filter(
    one => one.version === `${name}/${version}`
  );
  const report = mine.find(one => one.id === chosen) ?? newest;
  return (
    <Part
      title={trans.__('Checks')}
      aside={
        mine.length > 1 && (
          <label>
            <span className="mlops-nb-Quiet">{trans.__('Check of')} </span>
            <select
              className="jp-mod-styled"
              value={report?.id ?? ''}
              onChange={event => choose(event.target.value)}
            >
              {mine.map(one => (
                <option key={one.id} value={one.id}>
                  {asTime(one.at)} ·{' '}
                  {one.passed ? trans.__('passed') : trans.__('not passed')}
                </option>
              ))}
            </select>
          </label>
        )
      }
    >
      {report ? (
        <Report report={report} />
      ) : kept.value === null ? (
        <Shown answer={kept}>{() => null}</Shown>
      ) : (
        <p className="mlops-nb-Quiet">
          {trans.__(
            'It was not checked yet. A check asks the version and the champion the same rows: whether it is as good, in every segment, on what it leans, and whether it stands bad input.'
          )}
        </p>
      )}
    </Part>
  );
}

/** A report: each question, the answer, and what to do about it. */
export function Report({
  report
}: {
  readonly report: ICheckReport;
}): React.JSX.Element {
  const { trans } = useFace();
  return (
    <>
      <p>
        <StateText state={report.passed ? 'passed' : 'failed'} />{' '}
        {report.against
          ? trans.__('against %1.', report.against)
          : trans.__('without a champion to compare with.')}{' '}
        {report.summary} <Ago at={report.at} />,{' '}
        {trans.__(
          '%1 rows (%2)',
          report.rows.toLocaleString(),
          report.data || trans.__('given')
        )}
        .
      </p>
      <Grid
        label={trans.__('Checks')}
        head={[
          trans.__('check'),
          trans.__('result'),
          trans.__('value'),
          trans.__('bound'),
          trans.__('what was seen'),
          trans.__('next step')
        ]}
        numbers={[2, 3]}
        rows={report.checks.map(one => [
          one.name,
          <StateText key="state" state={one.state} />,
          asNumber(one.value),
          asNumber(one.bound),
          <Seen key="seen" check={one} />,
          one.state === 'ok' ? '' : one.next_step
        ])}
      />
    </>
  );
}

function Seen({ check }: { readonly check: ICheck }): React.JSX.Element {
  const { trans } = useFace();
  const { parts } = check;
  const columns = [...new Set(parts.flatMap(part => Object.keys(part)))];
  return (
    <>
      {check.detail}
      {parts.length > 1 && (
        <details className="mlops-nb-Details">
          <summary>{trans._n('%1 part', '%1 parts', parts.length)}</summary>
          <Grid
            label={check.name}
            head={columns}
            rows={parts.map(part => columns.map(name => asText(part[name])))}
          />
        </details>
      )}
    </>
  );
}
