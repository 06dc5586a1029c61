import React from 'react';
import { useFace } from '../core/context';
import { IIntervals, intervals } from '../drawings/interval';
import { Drawing } from '../parts/drawing';
import { Grid, Part } from '../parts/pieces';
import { asNumber } from '../parts/words';
import { ICheckReport, IVersionDocument } from '../records';
import { differences, gateMetric, metricRows, reportOf } from './view';

/** How good it is, beside the champion; how sure that is, where both were asked the same rows. */
export function Metrics({
  document
}: {
  readonly document: IVersionDocument;
}): React.JSX.Element {
  const { trans } = useFace();
  const { version, champion } = document;
  const other =
    champion && champion.version !== version.version ? champion : null;
  const rows = metricRows(version, other);
  const report = reportOf(document);
  const title = trans.__('Metrics on held-out rows');
  return (
    <Part title={title}>
      {rows.length === 0 ? (
        <p className="mlops-nb-Quiet">
          {version.metrics_note ||
            trans.__('None: it was registered without test rows.')}
        </p>
      ) : (
        <Grid
          label={title}
          head={[
            trans.__('metric'),
            trans.__('version %1', version.version),
            ...(other
              ? [
                  trans.__('champion, version %1', other.version),
                  trans.__('difference')
                ]
              : [])
          ]}
          numbers={[1, 2, 3]}
          rows={rows.map(row => [
            row.name,
            asNumber(row.value),
            ...(other
              ? [
                  asNumber(row.other),
                  row.difference === null
                    ? '–'
                    : `${row.difference < 0 ? '−' : '+'}${asNumber(Math.abs(row.difference))}`
                ]
              : [])
          ])}
        />
      )}
      {rows.length > 0 && version.metrics_note && (
        <p className="mlops-nb-Quiet">{version.metrics_note}</p>
      )}
      {report?.against && <Difference report={report} />}
      {other && report?.against !== `${other.name}/${other.version}` && (
        <p className="mlops-nb-Quiet">
          {trans.__(
            'Each was measured on its own held-out rows. “Check against champion” asks both the same rows and says how sure the difference is.'
          )}
        </p>
      )}
    </Part>
  );
}

function Difference({
  report
}: {
  readonly report: ICheckReport;
}): React.JSX.Element | null {
  const { trans } = useFace();
  const { rows, bound } = differences(report, trans.__('all rows'));
  if (rows.length === 0) {
    return null;
  }
  const name = trans.__(
    'Difference in %1 to %2',
    gateMetric(report),
    report.against
  );
  const data: IIntervals = {
    name,
    rows,
    bound,
    words: {
      zero: trans.__('no difference'),
      bound: trans.__('allowed: %1', asNumber(bound))
    }
  };
  return (
    <figure className="mlops-nb-Intervals">
      <figcaption>
        {name}
        <span className="mlops-nb-Quiet">
          {' '}
          {trans.__(
            'on the same %1 rows; the bars hold the true value 95 times of 100',
            report.rows.toLocaleString()
          )}
        </span>
      </figcaption>
      <Drawing draw={intervals} data={data} />
    </figure>
  );
}
