import { CONTENDERS } from './work.ts';
import type { Outcome } from './measure.ts';
import type { Medians, Row } from './work.ts';

const HEAD = ['work', ...CONTENDERS, 'dockerd/pier', 'pier/floor', 'target', 'verdict'];

/** The outcomes as an aligned table. */
export function formatTable(outcomes: readonly Outcome[]): string {
  const lines = outcomes.flatMap(({ work, medians }) => work.rows.map((row) => cellsOf(row, medians[row.key] ?? {})));
  const table = [HEAD, ...lines];
  const widths = HEAD.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  return table
    .map((cells) =>
      cells
        .map((cell, column) => pad(cell, column, widths))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Whether a row met its targets, in a word each. */
export function verdicts(row: Row, medians: Medians): string[] {
  return row.targets.map(({ reach }) => {
    const reached = reach(medians);
    if (reached === undefined) return 'not measured';
    return reached >= 1 ? 'met' : `missed by ${Math.ceil((1 / reached - 1) * 100)} %`;
  });
}

function cellsOf(row: Row, medians: Medians): string[] {
  const { pier, dockerd, floor } = medians;
  return [
    row.title,
    ...CONTENDERS.map((contender) => figure(medians[contender], row.unit)),
    ratio(dockerd, pier),
    ratio(pier, floor),
    row.targets.map(({ text }) => text).join(', '),
    verdicts(row, medians).join(', '),
  ];
}

function figure(value: number | undefined, unit: string): string {
  return value === undefined ? '-' : `${value.toFixed(value < 10 ? 1 : 0)} ${unit}`;
}

function ratio(above: number | undefined, below: number | undefined): string {
  return above === undefined || below === undefined ? '-' : `${(above / below).toFixed(1)}×`;
}

/** Figures to the right, words to the left. */
function pad(cell: string, column: number, widths: readonly number[]): string {
  const isFigure = column > 0 && column < HEAD.length - 2;
  return isFigure ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
}
