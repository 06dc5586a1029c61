import { Button } from '@jupyterlab/ui-components';
import React from 'react';
import { useAnswer, useFace, useList } from '../core/context';
import { Markdown } from '../parts/markdown';
import { Chip, StateText } from '../parts/looks';
import { Ago, Facts, Grid, Part, Shown, Unfold } from '../parts/pieces';
import { asNumber, asText } from '../parts/words';
import { IModelVersion, IReceipt, IVersionDocument } from '../records';
import { cardText, inOrder, mainMetric } from './view';

/** Something that opens when it is clicked. */
function Link({
  children,
  onClick
}: {
  readonly children: React.ReactNode;
  readonly onClick: () => void;
}): React.JSX.Element {
  return (
    <button type="button" className="mlops-nb-Link" onClick={onClick}>
      {children}
    </button>
  );
}

interface IMadeOf {
  readonly notebook?: string;
  readonly git?: {
    readonly commit?: string;
    readonly branch?: string;
    readonly dirty?: boolean;
    readonly reason?: string;
  } | null;
  readonly parameters?: Readonly<Record<string, unknown>>;
  readonly environment?: {
    readonly python?: string;
    readonly distributions?: Readonly<Record<string, string>>;
  };
}

const LIBRARIES = ['scikit-learn', 'lightgbm', 'xgboost', 'torch', 'mlflow'];

/** What it was made of. */
export function Lineage({
  document
}: {
  readonly document: IVersionDocument;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const { version, notebook, run } = document;
  const made = (document.manifest ?? {}) as IMadeOf;
  const git = made.git;
  const parameters = Object.entries(made.parameters ?? {});
  const libraries = LIBRARIES.flatMap(name => {
    const there = made.environment?.distributions?.[name];
    return there ? [`${name} ${there}`] : [];
  });
  const rows: [string, React.ReactNode][] = [
    [
      trans.__('Notebook'),
      notebook ? (
        <Link key="notebook" onClick={() => face.openFile(notebook)}>
          {notebook}
        </Link>
      ) : (
        made.notebook || trans.__('not known')
      )
    ],
    [
      trans.__('Run'),
      run ? (
        <Link key="run" onClick={() => face.open('run', { id: run })}>
          {run}
        </Link>
      ) : (
        trans.__('none: registered by hand')
      )
    ],
    ...(parameters.length > 0
      ? [
          [
            trans.__('Parameters'),
            parameters
              .map(([name, value]) => `${name} = ${asText(value)}`)
              .join(', ')
          ] as [string, React.ReactNode]
        ]
      : []),
    [
      trans.__('Commit'),
      git?.commit ? (
        <>
          <code title={git.commit}>{git.commit.slice(0, 12)}</code> {git.branch}
          {git.dirty && ` ${trans.__('with changes')}`}
        </>
      ) : (
        git?.reason || '–'
      )
    ],
    [trans.__('Data'), version.snapshots.join(', ') || '–'],
    [trans.__('MLflow run'), <code key="mlflow">{version.run_id || '–'}</code>],
    [
      trans.__('Python'),
      [made.environment?.python, ...libraries].filter(Boolean).join(', ') || '–'
    ],
    [
      trans.__('Digest'),
      <code key="digest" title={version.digest}>
        {version.digest.slice(0, 19)}…
      </code>
    ]
  ];
  return (
    <Part title={trans.__('Where it comes from')}>
      <Facts rows={rows} />
    </Part>
  );
}

/** Who changed what in production. */
export function Receipts({
  name
}: {
  readonly name: string;
}): React.JSX.Element {
  const { trans } = useFace();
  const receipts = useList(
    'receipts',
    { model: name },
    { on: ['model', 'deployment'] }
  );
  const [all, showAll] = React.useState(false);
  const title = trans.__('Changes of production');
  return (
    <Part title={title}>
      <Shown answer={receipts}>
        {items =>
          items.length === 0 ? (
            <p className="mlops-nb-Quiet">{trans.__('None yet.')}</p>
          ) : (
            <>
              <Grid
                label={title}
                head={[
                  trans.__('when'),
                  trans.__('who'),
                  trans.__('what'),
                  trans.__('from → to'),
                  trans.__('reason')
                ]}
                rows={(all ? items : items.slice(0, 10)).map(one => [
                  <Ago key="at" at={one.at} />,
                  one.actor?.id ?? '',
                  <What key="what" receipt={one} />,
                  `${one.from_version ?? '–'} → ${one.to_version ?? '–'}`,
                  one.reason
                ])}
              />
              {!all && items.length > 10 && (
                <Button small minimal onClick={() => showAll(true)}>
                  {trans.__('Older changes')}
                </Button>
              )}
              {all && receipts.more && (
                <Button small minimal onClick={receipts.more}>
                  {trans.__('Older changes')}
                </Button>
              )}
            </>
          )
        }
      </Shown>
    </Part>
  );
}

/** promote champion, deploy flight-delay; whether it was forced, or did not happen. */
function What({ receipt }: { readonly receipt: IReceipt }): React.JSX.Element {
  const { trans } = useFace();
  const check = receipt.evidence.check as { id?: string } | undefined;
  return (
    <>
      {receipt.action} {receipt.alias.replace(/^deployment\//, '')}
      {receipt.forced && (
        <>
          {' '}
          <Chip tone="warn">{trans.__('forced')}</Chip>
        </>
      )}
      {check?.id && (
        <>
          {' '}
          <Chip title={check.id}>{trans.__('checked')}</Chip>
        </>
      )}
      {receipt.state !== 'done' && (
        <>
          {' '}
          <StateText state={receipt.state} />
        </>
      )}
    </>
  );
}

/** All versions of the model; each opens. */
export function Versions({
  document
}: {
  readonly document: IVersionDocument;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const { name, version: shown } = document.version;
  const metric = mainMetric(document);
  const versions = useList(
    'models/{name}/versions',
    { name },
    { on: ['model'] }
  );
  return (
    <Part title={trans.__('Versions')}>
      <Shown answer={versions}>
        {items => (
          <>
            <Grid
              label={trans.__('Versions')}
              head={[
                trans.__('version'),
                trans.__('state'),
                trans.__('aliases'),
                metric,
                trans.__('registered'),
                trans.__('owner')
              ]}
              numbers={[3]}
              rows={items.map(one => [
                one.version === shown ? (
                  <strong key="version">{one.version}</strong>
                ) : (
                  <Link
                    key="version"
                    onClick={() =>
                      face.open('version', { name, version: one.version })
                    }
                  >
                    {one.version}
                  </Link>
                ),
                <StateText key="state" state={one.state} />,
                inOrder(one.aliases).join(', '),
                asNumber(one.metrics[metric]),
                <Ago key="at" at={one.created_at} />,
                one.actor?.id ?? ''
              ])}
            />
            {versions.more && (
              <Button small minimal onClick={versions.more}>
                {trans.__('Older versions')}
              </Button>
            )}
          </>
        )}
      </Shown>
    </Part>
  );
}

/** The model card, asked for when somebody looks. */
export function Card({
  version
}: {
  readonly version: IModelVersion;
}): React.JSX.Element {
  const { trans } = useFace();
  const [open, setOpen] = React.useState(false);
  return (
    <Part
      title={trans.__('Model card')}
      aside={
        <Unfold
          open={open}
          onChange={setOpen}
          show={trans.__('Show the card')}
          hide={trans.__('Hide the card')}
        />
      }
    >
      {open && <CardText version={version} />}
    </Part>
  );
}

function CardText({
  version
}: {
  readonly version: IModelVersion;
}): React.JSX.Element {
  const card = useAnswer('models/{name}/versions/{version}/card', {
    name: version.name,
    version: version.version
  });
  return (
    <Shown answer={card}>
      {found => <Markdown text={cardText(found.markdown ?? '')} />}
    </Shown>
  );
}
