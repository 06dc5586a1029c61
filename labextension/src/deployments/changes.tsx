import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useFace } from '../core/context';
import { asError } from '../core/face';
import { RequestError } from '../core/request';
import { confirm } from '../parts/confirm';
import { IDeployment } from '../records';
import { Conflict } from './conflict';
import { rollBack } from './rollback';

/** What can be changed about a deployment; each says first what becomes of it. */
export function Changes({
  deployment
}: {
  readonly deployment: IDeployment;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const { name, routes } = deployment;
  const live = routes.find(route => route.role === 'live');
  const canary = routes.find(route => route.role === 'canary');
  const stopped = deployment.state === 'stopped';
  const [error, setError] = React.useState<RequestError | null>(null);
  const [busy, setBusy] = React.useState(false);

  const act = async (what: () => Promise<void>) => {
    setError(null);
    setBusy(true);
    try {
      await what();
    } catch (problem) {
      setError(asError(problem));
    } finally {
      setBusy(false);
    }
  };

  const stop = () =>
    act(async () => {
      const reason = await confirm(
        {
          title: trans.__('Stop %1?', name),
          says: trans.__(
            '%1 stops answering requests: whoever asks gets an error. Its history stays, and it can be deployed again.',
            name
          ),
          accept: trans.__('Stop'),
          warns: true,
          reason: 'wanted'
        },
        trans
      );
      if (reason !== null) {
        await face.follow(
          () =>
            face.client.remove('deployments/{name}', {
              name,
              reason,
              expected_revision: deployment.revision
            }),
          {
            doing: trans.__('Stopping %1…', name),
            done: () => trans.__('%1 has stopped.', name)
          }
        );
      }
    });

  /** The canary becomes what answers: by promotion where the deployment follows the champion, else by its version. */
  const accept = () =>
    act(async () => {
      const version = canary?.version ?? '';
      const [model, number] = version.split('/');
      if (!model || !number || !live) {
        return;
      }
      const follows = live.ref === `${model}@champion`;
      const now = await face.client.get('models/{name}', { name: model });
      const champion = now.aliases.champion ?? 0;
      const promotes = champion !== Number(number);
      const reason = await confirm(
        {
          title: trans.__('Promote the canary?'),
          says: [
            promotes
              ? champion
                ? trans.__(
                    '%1 becomes champion in place of version %2; it is checked first.',
                    version,
                    champion
                  )
                : trans.__('%1 becomes champion.', version)
              : trans.__('%1 is champion already.', version),
            follows
              ? trans.__(
                  '%1 follows the champion, so %2 answers all its requests.',
                  name,
                  version
                )
              : trans.__(
                  'Then %1 answers all requests of %2, in place of %3.',
                  version,
                  name,
                  live.version || live.ref
                )
          ].join(' '),
          accept: trans.__('Promote'),
          reason: 'wanted'
        },
        trans
      );
      if (reason === null) {
        return;
      }
      if (promotes) {
        await face.act(
          'models/{name}/versions/{version}/promote',
          { name: model, version: Number(number), reason, expected: champion },
          {
            doing: trans.__('Promoting %1, after its check…', version),
            done: () => trans.__('%1 is champion.', version)
          }
        );
      }
      await face.act(
        'deployments',
        {
          target: follows ? live.ref : version,
          name,
          canary: {},
          shadow: routes
            .filter(route => route.role === 'shadow')
            .map(route => route.ref),
          expected_revision: deployment.revision,
          reason: reason || trans.__('the canary was promoted')
        },
        {
          doing: trans.__('Sending all requests of %1 to %2…', name, version),
          done: () => trans.__('%1 answers all requests of %2.', version, name)
        }
      );
    });

  return (
    <>
      {face.may('write') && (
        <div className="mlops-nb-Buttons">
          <Button
            disabled={busy}
            title={trans.__('Another version, a canary, a shadow')}
            onClick={() => face.open('deploy-form', { name })}
          >
            {stopped ? trans.__('Deploy again…') : trans.__('Change…')}
          </Button>
          {canary && !stopped && (
            <Button disabled={busy} onClick={() => void accept()}>
              {trans.__('Promote the canary…')}
            </Button>
          )}
          <Button
            disabled={busy}
            onClick={() => void act(() => rollBack(face, name))}
          >
            {trans.__('Roll back…')}
          </Button>
          {!stopped && (
            <Button disabled={busy} onClick={() => void stop()}>
              {trans.__('Stop…')}
            </Button>
          )}
          {deployment.model && (
            <Button
              minimal
              onClick={() => face.open('watch', { model: deployment.model })}
            >
              {trans.__('Watch')}
            </Button>
          )}
        </div>
      )}
      {error && <Conflict error={error} />}
    </>
  );
}
