import { Button } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { IDocumentProps } from '../core/documents';
import { asError } from '../core/face';
import { RequestError } from '../core/request';
import { Choice, TextField } from '../parts/fields';
import { confirm } from '../parts/confirm';
import { Empty, Part, Shown } from '../parts/pieces';
import { IDeployment, IModelSummary } from '../records';
import { Conflict, Now } from './conflict';
import {
  IPlan,
  Wrong,
  choicesOf,
  modelOf,
  planOf,
  wrongBeside,
  wrongShare,
  wrongWith
} from './plan';
import { routesOf } from './routes';

type Log = IDeployment['log'];

/** What is deployed, with which canary and shadow; said in a sentence before it happens. */
export function DeployForm(props: IDocumentProps): React.JSX.Element {
  const { trans } = useFace();
  const models = useAnswer('models', { limit: 200 }, { on: ['model'] });
  const deployments = useAnswer(
    'deployments',
    {},
    { on: ['deployment', 'agent'] }
  );
  return (
    <Shown answer={deployments}>
      {page => (
        <Shown answer={models}>
          {known =>
            known.items.length === 0 ? (
              <Empty>
                {trans.__(
                  'There is no model to deploy yet. Train one in a notebook, then click “Register model…” in its toolbar.'
                )}
              </Empty>
            ) : (
              <Form {...props} models={known.items} deployments={page.items} />
            )
          }
        </Shown>
      )}
    </Shown>
  );
}

function Form({
  args,
  close,
  models,
  deployments
}: IDocumentProps & {
  readonly models: readonly IModelSummary[];
  readonly deployments: readonly IDeployment[];
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const named = args.name === undefined ? '' : String(args.name);
  const begin = deployments.find(one => one.name === named);
  const [plan, setPlan] = React.useState<IPlan>(() => ({
    target: '',
    name: named,
    canary: '',
    share: '10',
    shadow: '',
    ...(begin && planOf(begin)),
    ...(args.target !== undefined && { target: String(args.target) })
  }));
  const [log, setLog] = React.useState<Log>(begin?.log ?? 'features');
  const [error, setError] = React.useState<RequestError | null>(null);
  const [busy, setBusy] = React.useState(false);
  const put = (change: Partial<IPlan>) => setPlan({ ...plan, ...change });

  const of = modelOf(plan.target);
  const called = plan.name || of;
  const current = deployments.find(one => one.name === called);
  // What the person has seen of the deployment that is changed; what others do meanwhile is told, not overwritten.
  const [seen, see] = React.useState<{ name: string; revision: number }>({
    name: '',
    revision: 0
  });
  const revision = current?.revision ?? 0;
  React.useEffect(() => {
    if (seen.name !== called) {
      see({ name: called, revision });
      setLog(current?.log ?? 'features');
    }
  }, [called]);
  const meanwhile = seen.name === called && seen.revision !== revision;

  const model = models.find(one => one.name === of);
  const choices = choicesOf(models, useVersions(model?.name));
  const others = choices.filter(
    one => modelOf(one) === of && one !== plan.target
  );
  const wrong = {
    target: plan.target ? wrongWith(plan.target, models) : null,
    canary: plan.canary ? wrongBeside(plan.canary, plan.target) : null,
    share: plan.canary ? wrongShare(plan.share) : null,
    shadow: plan.shadow ? wrongBeside(plan.shadow, plan.target) : null
  };
  const isWrong = Object.values(wrong).some(one => one !== null);
  const say = (one: Wrong | null) =>
    one === null ? undefined : wordsOf(one, trans);

  const deploy = async () => {
    setError(null);
    const reason = await confirm(
      {
        title: trans.__('Deploy %1?', plan.target),
        says: whatItDoes(plan, called, current, trans),
        accept: trans.__('Deploy'),
        reason: 'wanted'
      },
      trans
    );
    if (reason === null) {
      return;
    }
    setBusy(true);
    try {
      await face.act(
        'deployments',
        {
          target: plan.target,
          name: called,
          canary: plan.canary ? { [plan.canary]: Number(plan.share) } : {},
          shadow: plan.shadow ? [plan.shadow] : [],
          log,
          reason,
          expected_revision: seen.revision
        },
        {
          doing: trans.__('Loading %1…', plan.target),
          done: () => trans.__('%1 answers requests.', called)
        }
      );
      face.open('deployment', { name: called });
      close();
    } catch (problem) {
      setError(asError(problem));
    } finally {
      setBusy(false);
    }
  };

  const look = () => {
    setError(null);
    see({ name: called, revision });
  };

  return (
    <form
      className="mlops-nb-Form"
      onSubmit={event => {
        event.preventDefault();
        void deploy();
      }}
    >
      <h1>
        {named ? trans.__('Change %1', named) : trans.__('Deploy a model')}
      </h1>
      {current && current.state !== 'stopped' && !meanwhile && (
        <p className="mlops-nb-Quiet">
          {trans.__(
            '%1 is there already, at revision %2: %3.',
            called,
            revision,
            routesOf(current, trans)
          )}
        </p>
      )}
      {error && !(meanwhile && error.code === 'changed_meanwhile') && (
        <Conflict error={error} />
      )}
      {meanwhile && !busy && (
        <div className="mlops-nb-Problem" role="alert">
          <p>{trans.__('%1 was changed while this form was open.', called)}</p>
          {current && <Now deployment={current} />}
          <div className="mlops-nb-Buttons">
            <Button type="button" small onClick={look}>
              {trans.__('Change it all the same')}
            </Button>
            {current && (
              <Button
                type="button"
                small
                minimal
                onClick={() => {
                  look();
                  setPlan(planOf(current));
                }}
              >
                {trans.__('Begin with how it is now')}
              </Button>
            )}
          </div>
        </div>
      )}
      <TextField
        label={trans.__('What answers')}
        help={trans.__(
          'An alias follows promotions (delay@champion); a version stays what it is (delay/2).'
        )}
        error={say(wrong.target)}
        value={plan.target}
        list={choices}
        onChange={target => put({ target })}
      />
      {!named && (
        <TextField
          label={trans.__('Name')}
          help={trans.__('What requests call it; part of its address.')}
          value={plan.name}
          placeholder={of}
          onChange={name => put({ name })}
        />
      )}
      <Part title={trans.__('Beside it')}>
        <TextField
          label={trans.__('Canary')}
          help={trans.__(
            'A second version that answers some requests, to see how it does. Empty: none.'
          )}
          error={say(wrong.canary)}
          value={plan.canary}
          list={others}
          onChange={canary => put({ canary })}
        />
        {plan.canary && (
          <div className="mlops-nb-Slider">
            <TextField
              label={trans.__('Share of the canary, in per cent')}
              type="number"
              value={plan.share}
              error={say(wrong.share)}
              onChange={share => put({ share })}
            />
            <input
              type="range"
              min={1}
              max={99}
              aria-label={trans.__('Share of the canary, in per cent')}
              value={Number(plan.share) || 1}
              onChange={event => put({ share: event.target.value })}
            />
          </div>
        )}
        <TextField
          label={trans.__('Shadow')}
          help={trans.__(
            'A version that gets copies of all requests; nobody sees what it answers. Empty: none.'
          )}
          error={say(wrong.shadow)}
          value={plan.shadow}
          list={others}
          onChange={shadow => put({ shadow })}
        />
      </Part>
      <Choice<Log>
        label={trans.__('What is kept of requests')}
        value={log}
        onChange={setLog}
        choices={[
          ['features', trans.__('features and answers')],
          ['profile', trans.__('only their profiles')],
          ['off', trans.__('nothing: it cannot be watched')]
        ]}
      />
      <div className="mlops-nb-Buttons">
        <Button
          type="submit"
          className="jp-mod-accept jp-mod-styled"
          disabled={busy || !plan.target || isWrong || meanwhile}
        >
          {busy ? trans.__('Loading…') : trans.__('Deploy…')}
        </Button>
        <Button type="button" minimal onClick={close}>
          {trans.__('Cancel')}
        </Button>
      </div>
    </form>
  );
}

/** The newest versions of a model; nothing while it is not known. */
function useVersions(
  name: string | undefined
): readonly { name: string; version: number }[] {
  const page = useAnswer('versions', { q: name ?? '', limit: 100 });
  return name === undefined
    ? []
    : (page.value?.items ?? []).filter(
        one => one.name === name && one.state === 'proven'
      );
}

function wordsOf(wrong: Wrong, trans: TranslationBundle): string {
  switch (wrong) {
    case 'share':
      return trans.__(
        'More than 0 and less than 100; the rest goes to what is live.'
      );
    case 'same':
      return trans.__('It is what answers already.');
    case 'other':
      return trans.__('It has to be of the same model.');
    case 'form':
      return trans.__('Write delay@champion, delay/2 or delay.');
    case 'none':
      return trans.__('There is no model of that name.');
  }
}

/** In sentences: where requests go, who gets copies, and what ends. */
function whatItDoes(
  plan: IPlan,
  called: string,
  current: IDeployment | undefined,
  trans: TranslationBundle
): string {
  const runs = current !== undefined && current.state !== 'stopped';
  const kept = [plan.target, plan.canary, plan.shadow];
  const ends = runs
    ? current.routes
        .filter(route => route.role !== 'live' && !kept.includes(route.ref))
        .map(route => route.version || route.ref)
    : [];
  return [
    plan.canary
      ? trans.__(
          '%1: %2 % of the requests go to %3, the others to %4.',
          called,
          Number(plan.share),
          plan.canary,
          plan.target
        )
      : trans.__('%1: all requests go to %2.', called, plan.target),
    plan.shadow
      ? trans.__('%1 gets a copy of each and answers nobody.', plan.shadow)
      : '',
    ends.length > 0
      ? trans.__('%1 gets no requests any more.', ends.join(', '))
      : '',
    runs ? trans.__('What answers now goes on until that is ready.') : ''
  ]
    .filter(Boolean)
    .join(' ');
}
