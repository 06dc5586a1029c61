import {
  InputGroup,
  ToolbarButtonComponent,
  refreshIcon
} from '@jupyterlab/ui-components';
import React from 'react';
import { useAnswer, useChanges, useFace } from '../core/context';
import { VERSION } from '../records';
import { confirm } from '../parts/confirm';
import { StateText } from '../parts/looks';

/** Which workspace, whether its agent runs, and what to look for. */
export function Header({
  q,
  search
}: {
  readonly q: string;
  readonly search: (q: string) => void;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const { places } = face.shared;
  useChanges(places.changed);
  const name = face.place?.name ?? trans.__('MLOps');
  const several = places.all.length > 1;
  return (
    <header className="mlops-nb-Header">
      <div className="mlops-nb-HeaderRow">
        {several ? (
          <select
            className="mlops-nb-Picker"
            aria-label={trans.__('Workspace')}
            value={face.workspace}
            onChange={event => places.pick(event.target.value)}
          >
            {places.all.map(place => (
              <option key={place.workspace} value={place.workspace}>
                {place.name}
                {place.workspace && ` (${place.workspace})`}
              </option>
            ))}
          </select>
        ) : (
          <h2 className="mlops-nb-Title" title={face.place?.root ?? ''}>
            {name}
          </h2>
        )}
        {several && (
          <button
            type="button"
            className="mlops-nb-Pin"
            aria-pressed={places.pinned}
            title={
              places.pinned
                ? trans.__('Pinned: shown whatever notebook is in front')
                : trans.__('Pin: keep showing this workspace')
            }
            onClick={() => places.pin(!places.pinned)}
          >
            {places.pinned ? trans.__('Pinned') : trans.__('Pin')}
          </button>
        )}
        <ToolbarButtonComponent
          className="mlops-nb-Refresh"
          icon={refreshIcon}
          tooltip={trans.__('Refresh')}
          onClick={() => {
            void places.look();
            face.answers.refresh();
          }}
        />
      </div>
      <Agent />
      <Fits />
      <InputGroup
        className="mlops-nb-Search"
        type="search"
        placeholder={trans.__('Search models, deployments, runs')}
        aria-label={trans.__('Search models, deployments, runs')}
        value={q}
        onChange={event => search(event.target.value)}
        rightIcon="ui-components:search"
      />
    </header>
  );
}

/** Whether something works in the background, and a way to start or end it. */
function Agent(): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const agent = useAnswer('agent', {}, { on: ['agent'] });
  const status = agent.value;
  const change = async (to: 'up' | 'down') => {
    if (to === 'down') {
      const served = status?.deployments.filter(one => one.state !== 'stopped');
      const answer = await confirm(
        {
          title: trans.__('Stop the agent?'),
          says: served?.length
            ? trans.__(
                'Nothing is scheduled, collected or watched any more, and %1 stops answering.',
                served.map(one => one.name).join(', ')
              )
            : trans.__('Nothing is scheduled, collected or watched any more.'),
          accept: trans.__('Stop'),
          warns: true
        },
        trans
      );
      if (answer === null) {
        return;
      }
    }
    await face
      .act(
        'agent/{change}',
        { change: to },
        {
          doing:
            to === 'up'
              ? trans.__('Starting the agent…')
              : trans.__('Stopping the agent…'),
          done: () =>
            to === 'up'
              ? trans.__('The agent runs.')
              : trans.__('The agent has stopped.')
        }
      )
      .catch(() => undefined);
  };
  if (status === null) {
    return <div className="mlops-nb-Agent" />;
  }
  return (
    <div className="mlops-nb-Agent" role="status">
      {status.running ? (
        <span title={status.url}>
          {trans.__('Agent')} <StateText state="running" />
        </span>
      ) : (
        <span
          title={trans.__(
            'Without it nothing is served, scheduled, collected or watched.'
          )}
        >
          {trans.__('Agent')} <StateText state="stopped" />
        </span>
      )}
      {face.may('execute') && (
        <button
          type="button"
          className="mlops-nb-Link"
          onClick={() => void change(status.running ? 'down' : 'up')}
        >
          {status.running
            ? trans.__('Stop')
            : status.agent?.state === 'running'
              ? trans.__('Restart')
              : trans.__('Start')}
        </button>
      )}
    </div>
  );
}

/** A sentence where browser, server, agent and kernel do not fit each other. */
function Fits(): React.JSX.Element | null {
  const health = useAnswer(
    'health',
    { browser: VERSION },
    { on: ['agent'], every: 300 }
  );
  return health.value && !health.value.fits ? (
    <p className="mlops-nb-Stale" role="status">
      {health.value.sentence}
    </p>
  ) : null;
}
