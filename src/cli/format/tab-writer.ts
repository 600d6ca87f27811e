/** Columns are at least this wide, the padding included. */
const MINIMUM_WIDTH = 10;

/** Blanks after the widest cell of a column. */
const PADDING = 3;

/**
 * Lays out text in columns, as Go's text/tabwriter does with Docker's settings: a tab ends a cell, a column is a run of lines that
 * have that cell, and the last cell of a line belongs to no column.
 */
export function layOutColumns(text: string): string {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths = lines.map((line): number[] => line.map(() => 0));
  setWidths(lines, widths, 0, lines.length, 0);
  return lines
    .map((cells, line) =>
      cells
        .map((cell, column) =>
          column === cells.length - 1 ? cell : cell + ' '.repeat((widths[line]?.[column] ?? 0) - displayLength(cell)),
        )
        .join(''),
    )
    .join('\n');
}

/** Sets the widths of one column and of all to its right, for the lines `from` up to `to`. */
function setWidths(lines: readonly string[][], widths: readonly number[][], from: number, to: number, column: number): void {
  for (let start = from; start < to;) {
    if (!hasColumn(lines[start], column)) {
      start++;
      continue;
    }
    let end = start;
    let width = MINIMUM_WIDTH;
    for (; end < to && hasColumn(lines[end], column); end++) {
      const length = displayLength(lines[end]?.[column] ?? '');
      width = Math.max(width, length + PADDING);
    }
    for (const line of widths.slice(start, end)) line[column] = width;
    setWidths(lines, widths, start, end, column + 1);
    start = end;
  }
}

function hasColumn(line: readonly string[] | undefined, column: number): boolean {
  return line !== undefined && column < line.length - 1;
}

function displayLength(text: string): number {
  return /^[ -~]*$/.test(text) ? text.length : Array.from(text).length;
}
