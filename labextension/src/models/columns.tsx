import { Button } from '@jupyterlab/ui-components';
import { TranslationBundle } from '@jupyterlab/translation';
import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { shape } from '../drawings/shapes';
import { Drawing } from '../parts/drawing';
import { Grid, Part, Shown, Unfold } from '../parts/pieces';
import { asNumber, asPercent, asText } from '../parts/words';
import { IModelVersion, IVersionDocument } from '../records';
import { IColumn, shapeOf } from './shape';
import { Contract, IRuleOfColumn, contractRows } from './view';

const SHOWN = 30; // columns at first

/** What may come in, and how much the model leans on it. */
export function Columns({
  document
}: {
  readonly document: IVersionDocument;
}): React.JSX.Element {
  const { trans } = useFace();
  const [all, showAll] = React.useState(false);
  const rows = contractRows(document);
  const shown = all ? rows : rows.slice(0, SHOWN);
  const title = trans.__('Columns, and what the contract asks of them');
  return (
    <Part title={title}>
      {rows.length === 0 ? (
        <p className="mlops-nb-Quiet">{trans.__('None is known.')}</p>
      ) : (
        <Grid
          label={title}
          head={[
            trans.__('column'),
            trans.__('type'),
            trans.__('values'),
            trans.__('may be empty'),
            trans.__('importance')
          ]}
          rows={shown.map(row => [
            row.name,
            row.rule.type ?? '–',
            <Values key="values" rule={row.rule} />,
            emptyOf(row.rule, trans),
            row.importance === null ? (
              '–'
            ) : (
              <span key="importance" className="mlops-nb-Importance">
                <span>{asNumber(row.importance)}</span>
                <span className="mlops-nb-Bar100" aria-hidden="true">
                  <span style={{ width: `${100 * row.share}%` }} />
                </span>
              </span>
            )
          ])}
        />
      )}
      {rows.length > shown.length && (
        <Button small minimal onClick={() => showAll(true)}>
          {trans.__('All %1 columns', rows.length)}
        </Button>
      )}
    </Part>
  );
}

function emptyOf(rule: IRuleOfColumn, trans: TranslationBundle): string {
  if (rule.type === undefined) {
    return '–';
  }
  return rule.max_null_ratio
    ? trans.__('up to %1 of the rows', asPercent(rule.max_null_ratio))
    : trans.__('no');
}

const NAMED = 6; // categories in a line

function Values({ rule }: { readonly rule: IRuleOfColumn }): React.JSX.Element {
  const { trans } = useFace();
  const { categories, min, max } = rule;
  if (categories && categories.length > NAMED) {
    return (
      <details className="mlops-nb-Details">
        <summary>
          {trans.__(
            '%1 and %2 more',
            categories.slice(0, NAMED).join(', '),
            categories.length - NAMED
          )}
        </summary>
        {categories.slice(NAMED).join(', ')}
      </details>
    );
  }
  if (categories) {
    return <>{categories.join(', ')}</>;
  }
  if (typeof min !== 'number' && typeof max !== 'number') {
    return <>{rule.note || '–'}</>;
  }
  return (
    <span title={rule.note}>
      {trans.__('%1 to %2', asText(min), asText(max))}
    </span>
  );
}

/** How each column was distributed in training; asked for when somebody looks. */
export function Reference({
  document
}: {
  readonly document: IVersionDocument;
}): React.JSX.Element {
  const { version } = document;
  const { trans } = useFace();
  const [open, setOpen] = React.useState(false);
  return (
    <Part
      title={trans.__('What it was trained on')}
      aside={
        <Unfold
          open={open}
          onChange={setOpen}
          show={trans.__('Show histograms')}
          hide={trans.__('Hide histograms')}
        />
      }
    >
      <p className="mlops-nb-Quiet">{version.snapshots.join(', ') || '–'}</p>
      {open && (
        <Shapes
          version={version}
          contract={(document.contract ?? {}) as Contract}
        />
      )}
    </Part>
  );
}

function Shapes({
  version,
  contract
}: {
  readonly version: IModelVersion;
  readonly contract: Contract;
}): React.JSX.Element {
  const { trans } = useFace();
  const [all, showAll] = React.useState(false);
  const reference = useAnswer('models/{name}/versions/{version}/reference', {
    name: version.name,
    version: version.version
  });
  const words = { reference: trans.__('training'), seen: trans.__('window') };
  return (
    <Shown answer={reference} waiting={trans.__('Reading the reference…')}>
      {found => {
        const columns = Object.values(
          (found as { columns: Record<string, IColumn> }).columns
        );
        if (columns.length === 0) {
          return (
            <p className="mlops-nb-Quiet">
              {trans.__('It was registered without training data.')}
            </p>
          );
        }
        const shown = all ? columns : columns.slice(0, SHOWN);
        return (
          <>
            <div className="mlops-nb-Shapes">
              {shown.map(column => (
                <Column
                  key={column.name}
                  column={column}
                  type={contract[column.name]?.type ?? ''}
                  words={words}
                />
              ))}
            </div>
            {columns.length > shown.length && (
              <Button small minimal onClick={() => showAll(true)}>
                {trans.__('All %1 columns', columns.length)}
              </Button>
            )}
          </>
        );
      }}
    </Shown>
  );
}

function Column({
  column,
  type,
  words
}: {
  readonly column: IColumn;
  readonly type: string;
  readonly words: { reference: string; seen: string };
}): React.JSX.Element {
  const { trans } = useFace();
  const data = shapeOf(column, words);
  const empty = column.shape.nulls[0] ?? 0;
  const facts = [type, empty > 0 ? trans.__('%1 empty', asPercent(empty)) : ''];
  return (
    <figure>
      <figcaption>
        {column.name}{' '}
        <span className="mlops-nb-Quiet">
          {facts.filter(Boolean).join(' · ')}
        </span>
      </figcaption>
      {data ? (
        <Drawing draw={shape} data={data} />
      ) : (
        <p className="mlops-nb-Quiet">
          {trans.__('Values of this kind are not counted.')}
        </p>
      )}
    </figure>
  );
}
