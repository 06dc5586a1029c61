import React from 'react';
import { useAnswer, useFace } from '../core/context';
import { IRun } from '../records';

/** The cell that a run is at. */
export interface IAt {
  readonly cell: number;
  readonly cells: number;
}

/** Where a run is that is on; null: nobody knows yet. */
export function useCell(run: IRun): IAt | null {
  const found = useAnswer(
    'runs/{id}',
    { id: run.id },
    { on: ['run'], every: 15 }
  ).value as unknown as IAt | null;
  return found && found.cells > 0 ? found : null;
}

/** A bar and “cell 3 of 12” in the line of a run. */
export function CellLine({
  run
}: {
  readonly run: IRun;
}): React.JSX.Element | null {
  const at = useCell(run);
  return at && <Cells {...at} />;
}

export function Cells({ cell, cells }: IAt): React.JSX.Element {
  const { trans } = useFace();
  return (
    <span className="mlops-nb-Cells">
      <progress
        max={cells}
        value={cell}
        aria-label={trans.__('Cells that were run')}
      />
      <span>{trans.__('cell %1 of %2', cell, cells)}</span>
    </span>
  );
}
