/** The cell at which a run failed. */
export interface IFailure {
  /** Counted among the code cells, from 1. */
  readonly cell: number;
  readonly source: string;
  readonly name: string;
  readonly value: string;
  readonly traceback: string;
}

interface ICell {
  readonly cell_type?: string;
  readonly source?: string | readonly string[];
  readonly outputs?: readonly {
    readonly output_type?: string;
    readonly ename?: string;
    readonly evalue?: string;
    readonly traceback?: readonly string[];
  }[];
}

function joined(text: string | readonly string[] | undefined): string {
  return typeof text === 'string' ? text : (text ?? []).join('');
}

/** Text without a terminal's colours. */
export function plain(text: string): string {
  return text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '');
}

/** What went wrong in an executed notebook; null: nothing did, or it did outside its cells. */
export function failure(notebook: unknown): IFailure | null {
  const cells = (notebook as { cells?: readonly ICell[] } | null)?.cells ?? [];
  let count = 0;
  for (const cell of cells) {
    if (cell.cell_type !== 'code') {
      continue;
    }
    count += 1;
    const error = cell.outputs?.find(one => one.output_type === 'error');
    if (error) {
      return {
        cell: count,
        source: joined(cell.source),
        name: error.ename ?? '',
        value: plain(error.evalue ?? ''),
        traceback: plain((error.traceback ?? []).join('\n'))
      };
    }
  }
  return null;
}
