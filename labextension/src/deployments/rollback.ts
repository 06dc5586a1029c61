import { Face } from '../core/face';
import { confirm } from '../parts/confirm';

/** What the route tells of the change that going back would undo. */
interface IToldBefore {
  readonly sentence?: string;
  readonly receipt?: { readonly id?: string };
}

/** Says in a sentence what going back would do, and does it when that is wanted. `name` is a deployment or a model. */
export async function rollBack(face: Face, name: string): Promise<void> {
  const { trans } = face;
  const told = (await face.client.get('rollback/{name}', {
    name
  })) as IToldBefore;
  const reason = await confirm(
    {
      title: trans.__('Roll back %1?', name),
      says: told.sentence ?? '',
      accept: trans.__('Roll back'),
      warns: true,
      reason: 'wanted'
    },
    trans
  );
  if (reason === null) {
    return;
  }
  await face.act(
    'rollback/{name}',
    { name, reason, expected_receipt: told.receipt?.id ?? '' },
    {
      doing: trans.__('Rolling back %1…', name),
      done: () => trans.__('%1 was rolled back.', name)
    }
  );
}
