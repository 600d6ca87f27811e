import type { Difference } from './compare.ts';
import type { Report } from './run-all.ts';

/**
 * Prints what a comparison found.
 *
 * @returns Whether it is good: no difference that is not listed, none listed that is not there, every case ran.
 */
export function printReport({ differences, comparison, failures }: Report, options: { readonly isWhole: boolean }): boolean {
  const isSame = (a: Difference, b: Difference): boolean =>
    a.name === b.name && a.command === b.command && a.lines.join('\n') === b.lines.join('\n');
  for (const [index, found] of differences.entries()) {
    const { name, command, lines } = found;
    if (differences.findIndex((other) => isSame(found, other)) < index) continue;
    const clients = differences.filter((other) => isSame(found, other)).map(({ client }) => `${client}’s CLI`);
    console.log(`\n${name} (${clients.toSorted().join(', ')})\n$ ${command}`);
    for (const line of lines) console.log(`  ${line}`);
  }
  for (const failure of failures) console.log(`\n${failure}`);
  const unused = options.isWhole ? comparison.unused : [];
  for (const { where, line } of unused)
    console.log(`\na known difference that is not there any more: ${String(where ?? 'anywhere')} ${String(line)}`);
  console.log(
    `\n${comparison.answers} answers compared, ${differences.length} differ, ${comparison.excused} differ as listed in known-differences.ts`,
  );
  return differences.length + failures.length + unused.length === 0;
}
