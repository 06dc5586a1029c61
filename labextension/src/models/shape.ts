import { IShapeData } from '../drawings/shapes';
import { IShape } from '../records';

/** A column of a reference, as the route tells it. */
export interface IColumn {
  readonly name: string;
  readonly kind: string;
  readonly type: string;
  readonly n: number;
  readonly nulls: number;
  readonly mean: number | null;
  readonly minimum: number | null;
  readonly maximum: number | null;
  readonly quantiles: Readonly<Record<string, number | null>>;
  readonly shape: IShape;
}

/** How a column was distributed, for a drawing; null when nothing is known. */
export function shapeOf(
  column: IColumn,
  words: IShapeData['words']
): IShapeData | null {
  const { edges, names, reference } = column.shape;
  return reference.length > 0
    ? { name: column.name, edges, names, reference, words }
    : null;
}
