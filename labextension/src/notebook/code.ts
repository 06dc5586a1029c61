/** What is to be registered, as the form says. */
export interface IRegistration {
  readonly workspace: string;
  readonly model: string;
  readonly name: string;
  readonly train: string;
  readonly test: string;
  readonly target: string;
  /** The variable that holds the answers where the frame does not; empty: the frame does. */
  readonly answers: string;
  readonly testAnswers: string;
  readonly id: string;
  readonly time: string;
  readonly description: string;
}

/** A Python text. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

function rows(frame: string, target: string, answers: string): string {
  return answers ? `${frame}.assign(**{${quoted(target)}: ${answers}})` : frame;
}

/** The cell that registers: what the form means, in the words that can be run again. */
export function registration(form: IRegistration): string {
  const ws = form.workspace || 'ws';
  const lines = form.workspace
    ? []
    : ['from mlops_nb import Workspace', '', 'ws = Workspace()'];
  const words = [
    form.model,
    quoted(form.name),
    `train=${rows(form.train, form.target, form.answers)}`,
    ...(form.test
      ? [`test=${rows(form.test, form.target, form.testAnswers)}`]
      : []),
    `target=${quoted(form.target)}`,
    ...(form.id ? [`id=${quoted(form.id)}`] : []),
    ...(form.time ? [`time=${quoted(form.time)}`] : []),
    ...(form.description ? [`description=${quoted(form.description)}`] : [])
  ];
  return [
    ...lines,
    `${ws}.register(`,
    ...words.map(word => `    ${word},`),
    ')'
  ].join('\n');
}

/** Whether a name can be a model's. */
export function fits(name: string): boolean {
  return name.trim() !== '' && name.length <= 200 && !/[/@:\\]/.test(name);
}
