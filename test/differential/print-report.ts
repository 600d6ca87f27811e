import type { Difference } from './compare.ts';
import type { Report } from './run-all.ts';

/**
 * Prints what a comparison found.
 *
 * @returns Whether it is good: no difference that is not listed, none listed that is not there, every case ran.
 */
export function printReport({ differences, comparison, failures }: Report, options: { readonly isWhole: boolean }): boolean {
  for (const found of withoutDoubles(differences)) console.log(`\n${formatDifference(found)}`);
  for (const failure of failures) console.log(`\n${failure}`);
  const unused = options.isWhole ? comparison.unused : [];
  for (const { where, line } of unused) {
    console.log(`\na known difference that is not there any more: ${String(where ?? 'anywhere')} ${String(line)}`);
  }
  console.log(
    `\n${comparison.answers} answers compared, ${differences.length} differ, ${comparison.excused} differ as listed in known-differences.ts`,
  );
  return differences.length + failures.length + unused.length === 0;
}

/** The case, the client, the command line and the lines that differ. */
export function formatDifference({ name, client, command, lines }: Omit<Difference, 'client'> & { readonly client: string }): string {
  return [`${name} (${client}’s CLI)`, `$ ${command}`, ...lines.map((line) => `  ${line}`)].join('\n');
}

/** What both clients show alike is told once. */
function withoutDoubles(differences: readonly Difference[]): readonly (Omit<Difference, 'client'> & { readonly client: string })[] {
  const byText = new Map<string, Difference[]>();
  for (const found of differences) {
    const text = formatDifference({ ...found, client: '' });
    byText.set(text, [...(byText.get(text) ?? []), found]);
  }
  return [...byText.values()].flatMap(([first, ...others]) =>
    first === undefined
      ? []
      : [
          {
            ...first,
            client: [first, ...others]
              .map(({ client }) => client)
              .toSorted()
              .join('’s and '),
          },
        ],
  );
}
