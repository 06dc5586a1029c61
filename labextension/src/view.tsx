import { TranslationBundle } from '@jupyterlab/translation';
import { ToolbarButtonComponent, refreshIcon } from '@jupyterlab/ui-components';
import React from 'react';
import { Counts } from './counts';
import { NextStep, NoWorkspace, Problem } from './notices';
import { IState } from './overview';

interface IProps {
  readonly state: IState;
  readonly refresh: () => void;
  readonly trans: TranslationBundle;
}

/** Everything inside the panel, from what is known now. */
export function View({ state, refresh, trans }: IProps): React.JSX.Element {
  const { overview, error, busy } = state;
  const absent = error?.code === 'workspace_not_found';
  return (
    <div className="mlops-nb-View" aria-busy={busy}>
      <header className="mlops-nb-Header">
        <h2 className="mlops-nb-Title" title={overview?.root ?? ''}>
          {overview && !absent ? overview.name : trans.__('MLOps')}
        </h2>
        <ToolbarButtonComponent
          className="mlops-nb-Refresh"
          icon={refreshIcon}
          tooltip={trans.__('Refresh')}
          onClick={refresh}
        />
      </header>
      {absent && <NoWorkspace trans={trans} />}
      {error && !absent && (
        <Problem error={error} retry={refresh} trans={trans} />
      )}
      {!overview && !error && (
        <p className="mlops-nb-Quiet" role="status">
          {trans.__('Looking at the workspace…')}
        </p>
      )}
      {overview && !absent && (
        <>
          <Counts overview={overview} trans={trans} />
          <NextStep overview={overview} trans={trans} />
        </>
      )}
    </div>
  );
}
