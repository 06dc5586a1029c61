import { Button } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { useFace } from '../core/context';
import { IInvoked } from '../core/client';
import { asError } from '../core/face';
import { RequestError } from '../core/request';
import { Contract, IRuleOfColumn, firstAnswer } from '../models/view';
import { Choice, TextField } from '../parts/fields';
import { Code, Empty, Problem } from '../parts/pieces';
import { asText } from '../parts/words';
import { Cell, asBody, asRow, breach, typed } from './body';

interface IAnswered extends IInvoked {
  readonly took: number;
}

/** A form made from a request that is answered: change a value, ask, see the answer. */
export function TryIt({
  example,
  contract = {},
  deployment,
  target
}: {
  readonly example: Readonly<Record<string, unknown>>;
  /** What the version asks of its columns. */
  readonly contract?: Contract;
  /** Which deployment is asked; null: nobody serves it. */
  readonly deployment: string | null;
  /** What to deploy when nobody serves it. */
  readonly target?: string;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const first = React.useMemo(
    () => asRow(example, contract),
    [JSON.stringify(example), contract]
  );
  const [changed, change] = React.useState<Readonly<Record<string, string>>>(
    {}
  );
  const [answered, setAnswered] = React.useState<IAnswered | null>(null);
  const [error, setError] = React.useState<RequestError | null>(null);
  const [busy, setBusy] = React.useState(false);
  const row = first.map(cell => ({
    ...cell,
    text: changed[cell.name] ?? cell.text
  }));
  if (deployment === null) {
    return (
      <Empty
        {...(face.may('write') &&
          target && {
            action: trans.__('Deploy it…'),
            onAction: () => face.open('deploy-form', { target })
          })}
      >
        {trans.__(
          'It is not served. Once it is deployed, it can be asked here.'
        )}
      </Empty>
    );
  }
  const wrong = row.some(cell => typed(cell) === undefined);
  const ask = async () => {
    const begun = performance.now();
    setBusy(true);
    try {
      const found = await face.client.invoke(deployment, asBody(row));
      setAnswered({ ...found, took: performance.now() - begun });
      setError(null);
    } catch (problem) {
      setError(asError(problem));
      setAnswered(null);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form
      onSubmit={event => {
        event.preventDefault();
        void ask();
      }}
    >
      <div className="mlops-nb-TryFields">
        {row.map(cell => (
          <Value
            key={cell.name}
            cell={cell}
            rule={contract[cell.name]}
            onChange={text => change({ ...changed, [cell.name]: text })}
          />
        ))}
      </div>
      <div className="mlops-nb-Buttons">
        <Button type="submit" disabled={busy || wrong}>
          {trans.__('Ask %1', deployment)}
        </Button>
        <Button type="button" minimal onClick={() => change({})}>
          {trans.__('Back to the example')}
        </Button>
      </div>
      <div role="status">
        {error && <Problem error={error} />}
        {answered && <Answer answered={answered} />}
      </div>
    </form>
  );
}

function Answer({
  answered
}: {
  readonly answered: IAnswered;
}): React.JSX.Element {
  const { trans } = useFace();
  const first = firstAnswer(answered.answer);
  const took = Math.max(1, Math.round(answered.took));
  return (
    <div className="mlops-nb-Answer">
      {first && (
        <p>
          {trans.__('Answer:')} <strong>{first}</strong>
        </p>
      )}
      <p className="mlops-nb-Quiet">
        {answered.version
          ? trans.__('%1, in %2 ms through Jupyter.', answered.version, took)
          : trans.__('In %1 ms through Jupyter.', took)}
      </p>
      <Code code={JSON.stringify(answered.answer, null, 2)} />
    </div>
  );
}

/** One value of the request, as its type is typed. */
function Value({
  cell,
  rule,
  onChange
}: {
  readonly cell: Cell;
  readonly rule: IRuleOfColumn | undefined;
  readonly onChange: (text: string) => void;
}): React.JSX.Element {
  const { trans } = useFace();
  const error =
    typed(cell) === undefined
      ? cell.type === 'number'
        ? trans.__('A number is wanted.')
        : trans.__('true or false is wanted.')
      : undefined;
  if (cell.type === 'boolean') {
    return (
      <Choice<string>
        label={cell.name}
        value={cell.text.toLowerCase()}
        onChange={onChange}
        error={error}
        choices={[
          ['', trans.__('(empty)')],
          ['true', 'true'],
          ['false', 'false']
        ]}
      />
    );
  }
  return (
    <TextField
      label={cell.name}
      value={cell.text}
      onChange={onChange}
      error={error}
      help={outside(cell, rule, trans)}
      {...(cell.choices.length > 0 && { list: cell.choices })}
    />
  );
}

/** What the contract says to a value that it does not know; it may be answered all the same. */
function outside(
  cell: Cell,
  rule: IRuleOfColumn | undefined,
  trans: TranslationBundle
): string | undefined {
  switch (breach(cell, rule)) {
    case 'missing':
      return trans.__('▲ Never empty in training.');
    case 'low':
      return trans.__(
        '▲ Below %1, the least in the contract.',
        asText(rule?.min)
      );
    case 'high':
      return trans.__(
        '▲ Above %1, the most in the contract.',
        asText(rule?.max)
      );
    case 'unseen':
      return trans.__('▲ Not seen in training.');
    default:
      return undefined;
  }
}
