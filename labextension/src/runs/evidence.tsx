import React from 'react';
import { useFace } from '../core/context';
import { Facts, Grid, Part } from '../parts/pieces';

/** What a run was made of, as far as a person asks for it. */
export interface IManifest {
  readonly cells?: number;
  readonly cells_digest?: string;
  readonly seeds?: Readonly<Record<string, number>>;
  readonly git?: {
    readonly commit?: string;
    readonly branch?: string;
    readonly dirty?: boolean;
  } | null;
  readonly environment?: {
    readonly python?: string;
    readonly cpu?: string;
    readonly platform?: string;
    readonly distributions?: Readonly<Record<string, string>>;
  } | null;
  readonly actor?: { readonly id?: string } | null;
}

/** What is needed to run it again: code, seed, environment. */
export function Evidence({
  manifest,
  notebook
}: {
  readonly manifest: IManifest;
  readonly notebook: string;
}): React.JSX.Element {
  const { trans } = useFace();
  const { git, environment } = manifest;
  const packages = Object.entries(environment?.distributions ?? {});
  const commit = git?.commit?.slice(0, 10);
  const rows: [string, React.ReactNode][] = [
    [
      trans.__('Code'),
      commit ? (
        <span key="code" title={git?.commit}>
          {git?.dirty
            ? trans.__('commit %1, with changes that were kept', commit)
            : trans.__('commit %1', commit)}
        </span>
      ) : (
        trans.__('not in git')
      )
    ],
    [
      trans.__('Cells'),
      <span key="cells" title={manifest.cells_digest}>
        {trans.__('%1, their text kept', manifest.cells ?? 0)}
      </span>
    ],
    [trans.__('Seed'), Object.values(manifest.seeds ?? {}).join(', ') || '–'],
    [trans.__('Python'), environment?.python ?? '–'],
    [trans.__('Computer'), environment?.cpu ?? '–'],
    [trans.__('By'), manifest.actor?.id ?? '–']
  ];
  return (
    <Part title={trans.__('What it takes to run it again')}>
      <Facts rows={rows} />
      <p className="mlops-nb-Quiet mlops-nb-Path">{notebook}</p>
      {packages.length > 0 && (
        <details>
          <summary>
            {trans._n('%1 package', '%1 packages', packages.length)}
          </summary>
          <Grid
            label={trans.__('Packages')}
            head={[trans.__('package'), trans.__('version')]}
            rows={packages.map(([name, version]) => [name, version])}
          />
        </details>
      )}
    </Part>
  );
}
