import type { CommandContext } from '../command.ts';

const MIN_COLUMN = 20;
const GAP = 3;

/** Runs `pier top`. */
export async function run({ args, client }: CommandContext): Promise<number> {
  const [name = '', ...psArguments] = args;
  const { Titles, Processes } = await client.containers.top(name, psArguments.join(' '));
  const rows = [Titles, ...Processes];
  const widths = Titles.map((_, column) => Math.max(MIN_COLUMN, ...rows.map((row) => (row[column] ?? '').length + GAP)));
  for (const row of rows) {
    const cells = row.map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)));
    process.stdout.write(`${cells.join('')}\n`);
  }
  return 0;
}
