import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useFace } from '../core/context';
import { Face, asError } from '../core/face';
import { RequestError } from '../core/request';
import { rollBack } from '../deployments/rollback';
import { confirm } from '../parts/confirm';
import { Problem } from '../parts/pieces';
import {
  ICheckReport,
  IModelVersion,
  IReceipt,
  IVersionDocument
} from '../records';
import { IReplayed, Replay } from './replay';
import { inTheWay, reportOf } from './view';

/** Why something was not done, and who was quicker where somebody was. */
interface IRefusal {
  readonly error: RequestError;
  readonly receipt: IReceipt | null;
}

/** What can be done with a version, and what came of it. */
export function Actions({
  document
}: {
  readonly document: IVersionDocument;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const { version, champion } = document;
  const ref = `${version.name}/${version.version}`;
  const of = { name: version.name, version: version.version };
  const isChampion = version.aliases.includes('champion');
  const [refusal, refuse] = React.useState<IRefusal | null>(null);
  const [replayed, setReplayed] = React.useState<IReplayed | null>(null);
  const [busy, setBusy] = React.useState('');

  /** One thing at a time; what goes wrong is shown below. */
  const act = async (name: string, what: () => Promise<void>) => {
    refuse(null);
    setBusy(name);
    try {
      await what();
    } catch (problem) {
      const error = asError(problem);
      const receipt =
        error.code === 'changed_meanwhile'
          ? await newestReceipt(face, version.name)
          : null;
      refuse({ error, receipt });
    } finally {
      setBusy('');
    }
  };

  const promote = () =>
    act('promote', async () => {
      const reason = await confirm(
        {
          title: trans.__('Promote %1?', ref),
          says: await whatPromotionDoes(face, document),
          accept: trans.__('Promote'),
          reason: 'wanted'
        },
        trans
      );
      if (reason !== null) {
        await promoted(face, version, champion?.version ?? 0, reason, false);
      }
    });

  const force = () =>
    act('promote', async () => {
      const reason = await confirm(
        {
          title: trans.__('Promote %1 all the same?', ref),
          says: trans.__(
            'It becomes champion although it did not pass its check. The receipt says so, with your reason.'
          ),
          accept: trans.__('Promote all the same'),
          warns: true,
          reason: 'needed'
        },
        trans
      );
      if (reason !== null) {
        await promoted(face, version, champion?.version ?? 0, reason, true);
      }
    });

  const check = () =>
    act('check', async () => {
      await face.act('models/{name}/versions/{version}/check', of, {
        doing: trans.__('Checking %1…', ref),
        done: result =>
          trans.__(
            '%1 was checked. %2',
            ref,
            (result as ICheckReport | null)?.summary ?? ''
          )
      });
    });

  const replay = () =>
    act('replay', async () => {
      const done = await face.act(
        'models/{name}/versions/{version}/replay',
        of,
        {
          doing: trans.__('Answering logged requests with %1…', ref),
          done: result =>
            (result as IReplayed | null)?.summary ?? trans.__('Replayed.')
        }
      );
      setReplayed(done.result as unknown as IReplayed | null);
    });

  return (
    <>
      <div className="mlops-nb-Buttons">
        {face.may('write') && !isChampion && version.state === 'proven' && (
          <Button disabled={busy !== ''} onClick={() => void promote()}>
            {trans.__('Promote…')}
          </Button>
        )}
        {face.may('write') && version.state === 'proven' && (
          <Button onClick={() => face.open('deploy-form', { target: ref })}>
            {trans.__('Deploy…')}
          </Button>
        )}
        {face.may('execute') && version.state === 'proven' && (
          <Button disabled={busy !== ''} onClick={() => void check()}>
            {busy === 'check'
              ? trans.__('Checking…')
              : champion && !isChampion
                ? trans.__('Check against champion')
                : trans.__('Check')}
          </Button>
        )}
        {face.may('execute') && champion && !isChampion && (
          <Button
            disabled={busy !== ''}
            title={trans.__(
              'Answers the requests of the last seven days again, and says what would have been different.'
            )}
            onClick={() => void replay()}
          >
            {busy === 'replay'
              ? trans.__('Replaying…')
              : trans.__('Replay logged requests')}
          </Button>
        )}
        {face.may('write') && champion && (
          <Button
            disabled={busy !== ''}
            onClick={() =>
              void act('rollback', () => rollBack(face, version.name))
            }
          >
            {trans.__('Roll back…')}
          </Button>
        )}
        <Button
          minimal
          onClick={() => face.open('watch', { model: version.name })}
        >
          {trans.__('Watch')}
        </Button>
      </div>
      {refusal && (
        <Refused
          refusal={refusal}
          report={reportOf(document)}
          force={() => void force()}
          again={() => void promote()}
        />
      )}
      {replayed && <Replay report={replayed} close={() => setReplayed(null)} />}
    </>
  );
}

async function promoted(
  face: Face,
  version: IModelVersion,
  expected: number,
  reason: string,
  force: boolean
): Promise<void> {
  const { trans } = face;
  const ref = `${version.name}/${version.version}`;
  await face.act(
    'models/{name}/versions/{version}/promote',
    {
      name: version.name,
      version: version.version,
      reason,
      expected,
      force
    },
    {
      doing: force
        ? trans.__('Promoting %1…', ref)
        : trans.__('Promoting %1, after its check…', ref),
      done: () => trans.__('%1 is champion.', ref)
    }
  );
}

async function newestReceipt(
  face: Face,
  model: string
): Promise<IReceipt | null> {
  try {
    const page = await face.client.get('receipts', { model, limit: 1 });
    return page.items[0] ?? null;
  } catch {
    return null; // the refusal says enough
  }
}

/** In a sentence or three: what changes, where it is served, and what is asked of it before. */
async function whatPromotionDoes(
  face: Face,
  document: IVersionDocument
): Promise<string> {
  const { trans } = face;
  const { version, champion } = document;
  const ref = `${version.name}/${version.version}`;
  const page = await face.client.get('deployments').catch(() => null);
  const follow = (page?.items ?? [])
    .filter(
      one =>
        one.state !== 'stopped' &&
        one.routes.some(route => route.ref === `${version.name}@champion`)
    )
    .map(one => one.name);
  const report = reportOf(document);
  const passed =
    report?.passed && champion
      ? report.against === `${champion.name}/${champion.version}`
      : false;
  return [
    champion
      ? trans.__(
          '%1 becomes champion in place of version %2.',
          ref,
          champion.version
        )
      : trans.__('%1 becomes champion.', ref),
    page === null
      ? ''
      : follow.length > 0
        ? trans.__(
            '%1 answers with it as soon as it is loaded.',
            follow.join(', ')
          )
        : trans.__('No deployment follows the champion, so none changes.'),
    champion
      ? passed
        ? trans.__('It has passed its check against that version.')
        : trans.__('It is checked first, and refused when it does not pass.')
      : ''
  ]
    .filter(Boolean)
    .join(' ');
}

/** A refusal, who was quicker, and what can be done about it. */
function Refused({
  refusal,
  report,
  force,
  again
}: {
  readonly refusal: IRefusal;
  readonly report: ICheckReport | null;
  readonly force: () => void;
  readonly again: () => void;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const { error, receipt } = refusal;
  if (error.code === 'check_failed') {
    const steps = report && !report.passed ? inTheWay(report) : [];
    return (
      <div className="mlops-nb-Problem" role="alert">
        <p>{error.message}</p>
        {steps.length > 0 && (
          <ul>
            {steps.map(one => (
              <li key={one.name}>
                {one.name}: {one.detail}
                {one.next_step && ` → ${one.next_step}`}
              </li>
            ))}
          </ul>
        )}
        <p className="mlops-nb-Quiet">
          {trans.__('Nothing was changed. The whole check stands below.')}
        </p>
        {face.may('write') && (
          <div className="mlops-nb-Buttons">
            <Button small onClick={force}>
              {trans.__('Promote all the same…')}
            </Button>
          </div>
        )}
      </div>
    );
  }
  if (error.code === 'changed_meanwhile') {
    return (
      <div className="mlops-nb-Problem" role="alert">
        <p>{error.message}</p>
        {receipt && (
          <p>
            {trans.__(
              '%1 was quicker: %2 from version %3 to version %4.',
              receipt.actor?.id ?? trans.__('Somebody'),
              `${receipt.action} ${receipt.alias}`,
              receipt.from_version ?? '–',
              receipt.to_version ?? '–'
            )}{' '}
            {receipt.reason && trans.__('Reason: %1', receipt.reason)}
          </p>
        )}
        <p className="mlops-nb-Quiet">
          {trans.__('Nothing was overwritten. This page shows how it is now.')}
        </p>
        {face.may('write') && (
          <div className="mlops-nb-Buttons">
            <Button small onClick={again}>
              {trans.__('Decide again…')}
            </Button>
          </div>
        )}
      </div>
    );
  }
  return <Problem error={error} />;
}
