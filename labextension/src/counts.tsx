import { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { IOverview } from './api';

interface IProps {
  readonly overview: IOverview;
  readonly trans: TranslationBundle;
}

/** How many of each thing there are. */
export function Counts({ overview, trans }: IProps): React.JSX.Element {
  const rows: [string, string, number][] = [
    ['tables', trans.__('Tables'), overview.tables],
    ['models', trans.__('Models'), overview.models],
    ['versions', trans.__('Versions'), overview.versions],
    ['runs', trans.__('Runs'), overview.runs]
  ];
  return (
    <dl className="mlops-nb-Counts" aria-label={trans.__('Contents')}>
      {rows.map(([key, label, count]) => (
        <div key={key} className="mlops-nb-Count" data-count={key}>
          <dt>{label}</dt>
          <dd>{count.toLocaleString()}</dd>
        </div>
      ))}
    </dl>
  );
}
