import React from 'react';
import { useFace } from '../core/context';
import { RequestError } from '../core/request';
import { Ago, Problem } from '../parts/pieces';
import { IDeployment } from '../records';
import { routesOf } from './routes';

/** What went wrong; where somebody else was quicker, who, and how it stands now. */
export function Conflict({
  error,
  children
}: {
  readonly error: RequestError;
  readonly children?: React.ReactNode;
}): React.JSX.Element {
  const { trans } = useFace();
  if (error.code !== 'changed_meanwhile') {
    return <Problem error={error} />;
  }
  const now = error.now as Partial<IDeployment> | null | undefined;
  return (
    <div className="mlops-nb-Problem" role="alert">
      <p>{error.message}</p>
      {now?.routes && <Now deployment={now as IDeployment} />}
      <p className="mlops-nb-Quiet">{trans.__('Nothing was overwritten.')}</p>
      {children}
    </div>
  );
}

/** Who made the present revision, when and why. */
export function Now({
  deployment
}: {
  readonly deployment: IDeployment;
}): React.JSX.Element {
  const { trans } = useFace();
  return (
    <p>
      {trans.__(
        '%1 made revision %2:',
        deployment.actor?.id ?? trans.__('Somebody'),
        deployment.revision
      )}{' '}
      {deployment.state === 'stopped'
        ? trans.__('stopped')
        : routesOf(deployment, trans)}
      {deployment.reason && ` (${deployment.reason})`},{' '}
      <Ago at={deployment.at} />.
    </p>
  );
}
