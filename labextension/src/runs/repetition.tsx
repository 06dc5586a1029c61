import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { Grid, Part, Shown } from '../parts/pieces';
import { asText } from '../parts/words';
import { IReproduction, IUnlike } from '../records';
import { RunLink } from './run';

/** What came of repeating a run. */
export function Repetition({
  id,
  recorded
}: {
  /** The run that repeated it. */
  readonly id: string;
  readonly recorded: string;
}): React.JSX.Element {
  const { trans } = useFace();
  const found = useAnswer('reproductions/{id}', { id }, { on: ['run'] });
  return (
    <Part title={trans.__('Repetition of a run')}>
      <p>
        {trans.__('It repeats')} <RunLink id={recorded} />
      </p>
      <Shown answer={found}>{value => <Outcome found={value} />}</Shown>
    </Part>
  );
}

/** Identical, or what is not, in the order in which one leads to the other. */
export function Outcome({
  found
}: {
  readonly found: IReproduction;
}): React.JSX.Element {
  const { trans } = useFace();
  if (found.identical === null) {
    return <p role="status">{trans.__('It is still being compared.')}</p>;
  }
  return (
    <div role="status">
      <p
        className="mlops-nb-Lead mlops-nb-State"
        data-tone={found.identical ? 'good' : 'warn'}
      >
        <span className="mlops-nb-Glyph" aria-hidden="true">
          {found.identical ? '●' : '▲'}
        </span>
        {found.identical
          ? trans.__('Identical.')
          : trans._n(
              'It came out differently. %1 thing is not as it was:',
              'It came out differently. %1 things are not as they were, causes first:',
              found.differs.length
            )}
      </p>
      {found.compared.length > 0 && (
        <p className="mlops-nb-Quiet">
          {trans.__('Compared: %1.', found.compared.join(', '))}
        </p>
      )}
      {found.differs.length > 0 && (
        <Unlike
          label={trans.__('What is not as it was')}
          rows={found.differs}
        />
      )}
      {found.despite.length > 0 && (
        <details>
          <summary>
            {trans._n(
              '%1 other thing is not as it was, and it did not matter',
              '%1 other things are not as they were, and it did not matter',
              found.despite.length
            )}
          </summary>
          <Unlike
            label={trans.__('What did not matter')}
            rows={found.despite}
          />
        </details>
      )}
    </div>
  );
}

function Unlike({
  label,
  rows
}: {
  readonly label: string;
  readonly rows: readonly IUnlike[];
}): React.JSX.Element {
  const { trans } = useFace();
  const kinds: Readonly<Record<string, string>> = {
    environment: trans.__('environment'),
    data: trans.__('data'),
    code: trans.__('code'),
    output: trans.__('output')
  };
  return (
    <Grid
      label={label}
      head={[
        trans.__('kind'),
        trans.__('what'),
        trans.__('then'),
        trans.__('now')
      ]}
      rows={rows.map(one => [
        kinds[one.kind] ?? one.kind,
        one.what,
        <code key="then">{asText(one.recorded)}</code>,
        <code key="now">{asText(one.now)}</code>
      ])}
    />
  );
}
