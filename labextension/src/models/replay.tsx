import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useFace } from '../core/context';
import { Facts, Grid, Part } from '../parts/pieces';
import { asNumber, asPercent, asText } from '../parts/words';

type Rows = readonly Readonly<Record<string, unknown>>[];

/** Logged requests, answered by two versions: the result of the action. */
export interface IReplayed {
  readonly version: string;
  readonly against: string;
  readonly rows: number;
  readonly changed: number | null;
  readonly moved: number | null;
  readonly mean_before: number | null;
  readonly mean_after: number | null;
  readonly segments: Rows;
  readonly movers: Rows;
  readonly latency: Rows;
  readonly reason: string;
  readonly summary: string;
}

/** What would have been different. */
export function Replay({
  report,
  close
}: {
  readonly report: IReplayed;
  readonly close: () => void;
}): React.JSX.Element {
  const { trans } = useFace();
  return (
    <Part
      title={trans.__('Logged requests, answered again')}
      aside={
        <Button small minimal onClick={close}>
          {trans.__('Close')}
        </Button>
      }
    >
      <p className="mlops-nb-Lead">{report.summary || report.reason}</p>
      {report.rows > 0 && (
        <Facts
          rows={[
            [trans.__('Rows'), report.rows.toLocaleString()],
            [
              trans.__('Other decisions'),
              report.changed === null ? '–' : asPercent(report.changed)
            ],
            [
              trans.__('Mean answer'),
              `${asNumber(report.mean_before)} → ${asNumber(report.mean_after)}`
            ]
          ]}
        />
      )}
      <Table
        title={trans.__('Where it would be most different')}
        rows={report.segments}
      />
      <Table
        title={trans.__('Rows that would change most')}
        rows={report.movers}
      />
      <Table
        title={trans.__('Time of an answer, here')}
        rows={report.latency}
      />
    </Part>
  );
}

function Table({
  title,
  rows
}: {
  readonly title: string;
  readonly rows: Rows;
}): React.JSX.Element | null {
  const columns = [...new Set(rows.flatMap(row => Object.keys(row)))];
  return rows.length === 0 ? null : (
    <details className="mlops-nb-Details">
      <summary>{title}</summary>
      <Grid
        label={title}
        head={columns}
        rows={rows
          .slice(0, 20)
          .map(row => columns.map(name => asText(row[name])))}
      />
    </details>
  );
}
