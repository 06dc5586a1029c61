/** A line of a text, and whether the other text has it, too. */
export interface ILine {
  readonly text: string;
  readonly same: boolean;
}

const MOST = 400; // lines that are compared one with the other

/** The lines of two texts; `same` are those of the longest common sequence. */
export function lines(
  before: string,
  after: string
): readonly [readonly ILine[], readonly ILine[]] {
  const [a, b] = [before.split('\n'), after.split('\n')];
  if (a.length > MOST || b.length > MOST) {
    const held = [new Set(a), new Set(b)] as const;
    return [
      a.map(text => ({ text, same: held[1].has(text) })),
      b.map(text => ({ text, same: held[0].has(text) }))
    ];
  }
  const width = b.length + 1;
  const common = new Uint16Array((a.length + 1) * width);
  const at = (row: number, column: number) => common[row * width + column] ?? 0;
  for (let row = a.length - 1; row >= 0; row--) {
    for (let column = b.length - 1; column >= 0; column--) {
      common[row * width + column] =
        a[row] === b[column]
          ? at(row + 1, column + 1) + 1
          : Math.max(at(row + 1, column), at(row, column + 1));
    }
  }
  const found: [ILine[], ILine[]] = [[], []];
  let [row, column] = [0, 0];
  while (row < a.length || column < b.length) {
    if (row < a.length && column < b.length && a[row] === b[column]) {
      found[0].push({ text: a[row++] ?? '', same: true });
      found[1].push({ text: b[column++] ?? '', same: true });
    } else if (
      column >= b.length ||
      (row < a.length && at(row + 1, column) >= at(row, column + 1))
    ) {
      found[0].push({ text: a[row++] ?? '', same: false });
    } else {
      found[1].push({ text: b[column++] ?? '', same: false });
    }
  }
  return found;
}
