import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { IDocumentProps } from '../core/documents';
import { Choice, TextField } from '../parts/fields';
import { Code, Empty } from '../parts/pieces';
import { IRegistration, fits, registration } from './code';
import { runBelow } from './front';
import { INamespace, KernelProblem, lookInto } from './kernel';
import { notebookAt } from './notebooks';

/** Registers a model of the notebook in front: what is plain from the kernel is filled in. */
export function RegisterForm({
  args,
  close
}: IDocumentProps): React.JSX.Element {
  const { trans } = useFace();
  const path = String(args.path ?? '');
  const [found, setFound] = React.useState<INamespace | null>(null);
  const [problem, setProblem] = React.useState<KernelProblem | null>(null);
  const look = React.useCallback(() => {
    setProblem(null);
    lookInto(notebookAt(path)?.sessionContext.session?.kernel)
      .then(setFound)
      .catch((error: unknown) =>
        setProblem(
          error instanceof KernelProblem
            ? error
            : new KernelProblem('other', String(error))
        )
      );
  }, [path]);
  React.useEffect(look, [look]);
  return (
    <>
      <h1>{trans.__('Register a model')}</h1>
      {problem ? (
        <>
          <Trouble problem={problem} />
          <Button small onClick={look}>
            {trans.__('Look again')}
          </Button>
        </>
      ) : found === null ? (
        <p role="status" className="mlops-nb-Quiet">
          {trans.__('Looking at what the notebook has…')}
        </p>
      ) : found.models.length === 0 ? (
        <Empty action={trans.__('Look again')} onAction={look}>
          {trans.__(
            'The kernel holds no fitted model. Run the cell that trains it, then look again.'
          )}
        </Empty>
      ) : (
        <Form found={found} path={path} close={close} />
      )}
    </>
  );
}

function Trouble({
  problem
}: {
  readonly problem: KernelProblem;
}): React.JSX.Element {
  const { trans } = useFace();
  switch (problem.kind) {
    case 'no kernel':
      return (
        <Empty>
          {trans.__(
            'No notebook with a running kernel is open. Open one, run the cell that trains a model, and click “Register model…” in its toolbar.'
          )}
        </Empty>
      );
    case 'not installed':
      return (
        <>
          <Empty>{trans.__('The kernel has no mlops-nb. In a cell:')}</Empty>
          <Code code="%pip install mlops-nb" />
        </>
      );
    case 'busy':
      return (
        <Empty>{trans.__('The kernel is busy. Wait until it is idle.')}</Empty>
      );
    default:
      return (
        <Empty>
          {trans.__('The kernel could not be asked: %1', problem.message)}
        </Empty>
      );
  }
}

function Form({
  found,
  path,
  close
}: {
  readonly found: INamespace;
  readonly path: string;
  readonly close: () => void;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const split = found.series.find(one => one.name === found.target);
  const [form, setForm] = React.useState<IRegistration>({
    workspace: found.workspace,
    model: found.model,
    name: found.name,
    train: found.train || (found.frames[0]?.name ?? ''),
    test: found.test,
    target: split ? split.column : found.target,
    answers: split ? split.name : '',
    testAnswers: split
      ? (found.series.find(
          one => one.name === split.name.replace('train', 'test')
        )?.name ?? '')
      : '',
    id: found.id,
    time: found.time,
    description: ''
  });
  const [problem, setProblem] = React.useState('');
  const [busy, setBusy] = React.useState(false);
  const set = (change: Partial<IRegistration>) =>
    setForm({ ...form, ...change });
  const models = useAnswer('models', { limit: 200 }, { on: ['model'] });
  const there = models.value?.items.find(one => one.name === form.name);
  const train = found.frames.find(one => one.name === form.train);
  const columns = train?.columns ?? [];
  const features =
    found.models.find(one => one.name === form.model)?.features ?? [];
  const others = columns.filter(one => !features.includes(one));
  const frames = found.frames.map(one => one.name);
  const sizes = (name: string) => {
    const frame = found.frames.find(one => one.name === name);
    return frame
      ? trans.__(
          '%1 rows, %2 columns',
          frame.rows.toLocaleString(),
          frame.columns.length
        )
      : undefined;
  };
  const whole = form.target !== '' && form.train !== '' && fits(form.name);

  const submit = async () => {
    const panel = notebookAt(path);
    if (!panel) {
      setProblem(trans.__('The notebook was closed.'));
      return;
    }
    setBusy(true);
    setProblem('');
    try {
      const done = await runBelow(panel, registration(form));
      if (!done.worked) {
        setProblem(
          done.problem || trans.__('The cell failed: its output says why.')
        );
        return;
      }
      face.answers.refresh();
      const model = await face.client.get('models/{name}', { name: form.name });
      face.open('version', {
        name: form.name,
        version: model.newest?.version ?? 1
      });
      close();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      className="mlops-nb-Form"
      onSubmit={event => {
        event.preventDefault();
        void submit();
      }}
    >
      {problem && (
        <div className="mlops-nb-Problem" role="alert">
          <p>{problem}</p>
        </div>
      )}
      <Choice
        label={trans.__('Model')}
        value={form.model}
        onChange={model => set({ model })}
        choices={found.models.map(one => [
          one.name,
          `${one.name} (${one.kind})`
        ])}
      />
      <TextField
        label={trans.__('Name')}
        value={form.name}
        list={(models.value?.items ?? []).map(one => one.name)}
        help={
          there
            ? trans.__('Becomes version %1.', (there.newest?.version ?? 0) + 1)
            : trans.__(
                'A new model: its first version becomes champion once it is proven.'
              )
        }
        error={
          fits(form.name) ? undefined : trans.__('A name without / @ : and \\.')
        }
        onChange={name => set({ name })}
      />
      <TextField
        label={trans.__('Trained on')}
        value={form.train}
        list={frames}
        help={sizes(form.train)}
        onChange={value => set({ train: value })}
      />
      <TextField
        label={trans.__('Tested on')}
        value={form.test}
        list={frames}
        help={
          sizes(form.test) ??
          trans.__(
            'Rows it never saw. Without them nobody knows how good it is.'
          )
        }
        onChange={value => set({ test: value })}
      />
      <TextField
        label={trans.__('Predicts')}
        value={form.target}
        list={others}
        help={
          form.answers
            ? trans.__('The column that the values of %1 become.', form.answers)
            : undefined
        }
        onChange={value => set({ target: value })}
      />
      <TextField
        label={trans.__('Key')}
        help={trans.__(
          'The column that names a row; labels that come later are joined by it.'
        )}
        value={form.id}
        list={columns}
        onChange={value => set({ id: value })}
      />
      <TextField
        label={trans.__('Time')}
        help={trans.__('The column with the time of the event.')}
        value={form.time}
        list={columns}
        onChange={value => set({ time: value })}
      />
      <TextField
        label={trans.__('Description')}
        value={form.description}
        onChange={value => set({ description: value })}
      />
      <details>
        <summary>{trans.__('The cell that this runs')}</summary>
        <Code code={registration(form)} />
      </details>
      <div className="mlops-nb-Buttons">
        <Button type="submit" disabled={busy || !whole}>
          {busy ? trans.__('Registering and proving…') : trans.__('Register')}
        </Button>
        <Button type="button" minimal onClick={close}>
          {trans.__('Cancel')}
        </Button>
      </div>
    </form>
  );
}
