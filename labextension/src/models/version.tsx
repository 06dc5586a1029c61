import React from 'react';
import { useAnswer, useFace, useList } from '../core/context';
import { IDocumentProps } from '../core/documents';
import { TryIt } from '../deployments/try';
import { Chip, StateText } from '../parts/looks';
import { Ago, Facts, Part, Shown } from '../parts/pieces';
import { IServedAt, IVersionDocument } from '../records';
import { Actions } from './actions';
import { Checks } from './checks';
import { Columns, Reference } from './columns';
import { Card, Lineage, Receipts, Versions } from './past';
import { Metrics } from './metrics';
import { Contract, inOrder } from './view';

/** All that is asked about a version. */
export function VersionDocument({ args }: IDocumentProps): React.JSX.Element {
  const { trans } = useFace();
  const name = String(args.name);
  const version = Number(args.version);
  const found = useAnswer(
    'models/{name}/versions/{version}',
    { name, version },
    { on: ['model', 'deployment'] }
  );
  return (
    <Shown
      answer={found}
      waiting={trans.__('Reading %1…', `${name}/${version}`)}
    >
      {document => <Version document={document} />}
    </Shown>
  );
}

function Version({
  document
}: {
  readonly document: IVersionDocument;
}): React.JSX.Element {
  const { trans } = useFace();
  const { version } = document;
  return (
    <>
      <div className="mlops-nb-Top">
        <h1>
          {version.name}/{version.version}
        </h1>
        <StateText state={version.state} title={version.reason} />
        {inOrder(version.aliases).map(alias => (
          <Chip key={alias}>{alias}</Chip>
        ))}
        <Switch name={version.name} shown={version.version} />
      </div>
      {version.reason && version.state !== 'proven' && (
        <p className="mlops-nb-Problem">{version.reason}</p>
      )}
      {version.description && <p>{version.description}</p>}
      <Actions document={document} />
      <Facts
        rows={[
          [trans.__('Predicts'), `${version.target} (${version.kind})`],
          [trans.__('Served'), <Served key="served" document={document} />],
          [trans.__('Owner'), version.actor?.id ?? '–'],
          [trans.__('Registered'), <Ago key="at" at={version.created_at} />],
          [
            trans.__('Compiled'),
            version.compiled
              ? version.compiled_note || trans.__('yes')
              : version.compiled_note || trans.__('no')
          ],
          [
            trans.__('Row key'),
            [version.id, version.time].filter(Boolean).join(', ') || '–'
          ],
          [trans.__('Story'), <Story key="story" name={version.name} />]
        ]}
      />
      {document.note && <p className="mlops-nb-Quiet">{document.note}</p>}
      <Metrics document={document} />
      <Checks document={document} />
      {document.example && <Try document={document} />}
      <Columns document={document} />
      <Reference document={document} />
      <Lineage document={document} />
      <Receipts name={version.name} />
      <Versions document={document} />
      <Card version={version} />
    </>
  );
}

/** The model on one page, for a manager and an auditor. */
function Story({ name }: { readonly name: string }): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  return (
    <button
      type="button"
      className="mlops-nb-Link"
      onClick={() =>
        face.open('dashboard', { name: 'model', model: name, title: name })
      }
    >
      {trans.__('Open its dashboard')}
    </button>
  );
}

/** Another version of the same model. */
function Switch({
  name,
  shown
}: {
  readonly name: string;
  readonly shown: number;
}): React.JSX.Element | null {
  const face = useFace();
  const { trans } = face;
  const versions = useList(
    'models/{name}/versions',
    { name },
    { on: ['model'] }
  );
  const items = versions.value ?? [];
  if (items.length < 2) {
    return null;
  }
  return (
    <label className="mlops-nb-Aside">
      <span className="mlops-nb-Quiet">{trans.__('Version')} </span>
      <select
        className="jp-mod-styled"
        value={shown}
        onChange={event =>
          face.open('version', { name, version: Number(event.target.value) })
        }
      >
        {!items.some(one => one.version === shown) && (
          <option value={shown}>{shown}</option>
        )}
        {items.map(one => (
          <option key={one.version} value={one.version}>
            {[one.version, ...inOrder(one.aliases)].join(' · ')}
          </option>
        ))}
      </select>
    </label>
  );
}

/** Deployments that lead to it; each opens. */
function Served({
  document
}: {
  readonly document: IVersionDocument;
}): React.JSX.Element {
  const face = useFace();
  const { trans } = face;
  const words = (one: IServedAt) =>
    one.role === 'shadow'
      ? trans.__('shadow: gets copies')
      : trans.__('%1, %2 %', one.role, one.weight ?? 0);
  if (document.served.length === 0) {
    return <>{trans.__('nowhere')}</>;
  }
  return (
    <>
      {document.served.map(one => (
        <div key={`${one.deployment} ${one.route}`}>
          <button
            type="button"
            className="mlops-nb-Link"
            onClick={() => face.open('deployment', { name: one.deployment })}
          >
            {one.deployment}
          </button>{' '}
          ({words(one)})
        </div>
      ))}
    </>
  );
}

function Try({
  document
}: {
  readonly document: IVersionDocument;
}): React.JSX.Element {
  const { trans } = useFace();
  const { served, version, example } = document;
  const there =
    served.find(one => one.role === 'live') ??
    served.find(one => one.role === 'canary');
  return (
    <Part title={trans.__('Try it')}>
      <TryIt
        example={example ?? {}}
        contract={(document.contract ?? {}) as Contract}
        deployment={there?.deployment ?? null}
        target={`${version.name}/${version.version}`}
      />
      {there && (there.weight ?? 100) < 100 && (
        <p className="mlops-nb-Quiet">
          {trans.__(
            '%1 sends this version %2 % of its requests, so another may answer; the answer says which.',
            there.deployment,
            there.weight ?? 0
          )}
        </p>
      )}
    </Part>
  );
}
