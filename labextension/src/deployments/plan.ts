import { IDeployment, IModelSummary } from '../records';

/** What a person asks for in the form. */
export interface IPlan {
  readonly target: string;
  readonly name: string;
  readonly canary: string;
  /** Per cent, as typed. */
  readonly share: string;
  readonly shadow: string;
}

/** delay@champion, delay/2 and delay are about delay. */
export function modelOf(ref: string): string {
  return ref.split(/[@/]/)[0] ?? '';
}

/** What the form of a deployment begins with: what it is now. */
export function planOf(deployment: IDeployment): IPlan {
  const by = (role: string) =>
    deployment.routes.find(route => route.role === role);
  const canary = by('canary');
  return {
    target: by('live')?.ref ?? '',
    name: deployment.name,
    canary: canary?.ref ?? '',
    share: String(canary?.weight ?? 10),
    shadow: by('shadow')?.ref ?? ''
  };
}

/** What can be deployed: aliases of each model, its newest version, and of one model every version that is known. */
export function choicesOf(
  models: readonly IModelSummary[],
  versions: readonly { readonly name: string; readonly version: number }[]
): string[] {
  const found = models.flatMap(model => [
    ...Object.keys(model.aliases).map(alias => `${model.name}@${alias}`),
    ...(model.newest ? [`${model.name}/${model.newest.version}`] : [])
  ]);
  return [
    ...new Set([...found, ...versions.map(one => `${one.name}/${one.version}`)])
  ];
}

export type Wrong = 'share' | 'same' | 'other' | 'form' | 'none';

/** What is wrong with a version that is asked for; null: nothing. */
export function wrongWith(
  ref: string,
  models: readonly IModelSummary[] | null
): Wrong | null {
  if (!/^[^/@:\s]+([/@][^/@:\s]+)?$/.test(ref)) {
    return 'form';
  }
  return models !== null && !models.some(one => one.name === modelOf(ref))
    ? 'none'
    : null;
}

/** What is wrong with a canary or a shadow beside a target; null: nothing. */
export function wrongBeside(ref: string, target: string): Wrong | null {
  return ref === target
    ? 'same'
    : modelOf(ref) !== modelOf(target)
      ? 'other'
      : null;
}

/** What is wrong with a share; null: nothing. */
export function wrongShare(text: string): Wrong | null {
  const share = Number(text);
  return text.trim() !== '' && share > 0 && share < 100 ? null : 'share';
}
