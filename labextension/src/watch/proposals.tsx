import { Face } from '../core/face';
import { confirm } from '../parts/confirm';
import { IAlert } from '../records';
import { evidenceOf, versionOf } from './alerts';

/** A challenger becomes champion, when the person says so. */
export async function promote(face: Face, alert: IAlert): Promise<void> {
  const { trans } = face;
  const { challenger, passed } = evidenceOf(alert);
  const version = versionOf(challenger);
  if (version === null) {
    return;
  }
  const against = String(alert.evidence.against ?? '');
  const reason = await confirm(
    {
      title: trans.__('Promote %1?', challenger),
      says: [
        against
          ? trans.__(
              '%1 becomes champion in place of %2. What is deployed as champion answers with it as soon as it is loaded.',
              challenger,
              against
            )
          : trans.__('%1 becomes champion.', challenger),
        ...(passed === false
          ? [trans.__('It did not pass its check, so the gate may refuse it.')]
          : [])
      ].join(' '),
      accept: trans.__('Promote'),
      reason: 'wanted'
    },
    trans
  );
  if (reason === null) {
    return;
  }
  await face
    .act(
      'models/{name}/versions/{version}/promote',
      {
        name: alert.model,
        version,
        reason,
        expected: versionOf(against) ?? 0
      },
      {
        doing: trans.__('Promoting %1…', challenger),
        done: () => trans.__('%1 is champion.', challenger)
      }
    )
    .catch(() => undefined);
}
