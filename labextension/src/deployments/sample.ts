import { Face } from '../core/face';
import { IDeployment } from '../records';

const MANY = 20;

/** Sends the deployment's own example a few times, through Jupyter. */
export async function sendSample(
  face: Face,
  deployment: Pick<IDeployment, 'name' | 'example'>
): Promise<void> {
  const { trans } = face;
  const { name, example } = deployment;
  if (!example) {
    return;
  }
  await face.follow(
    async () => {
      for (let at = 0; at < MANY; at++) {
        await face.client.invoke(name, example);
      }
      return null;
    },
    {
      doing: trans.__('Sending %1 example requests to %2…', MANY, name),
      done: () => trans.__('%1 answered %2 requests.', name, MANY)
    }
  );
}
