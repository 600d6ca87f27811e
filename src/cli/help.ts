import type { CommandDefinition, FlagDefinition } from './command.ts';

/** A group of commands: `container` in `pier container ls`. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
}

/** Commands that no table has, since `main` answers them itself. */
const OWN_COMMANDS: readonly (readonly [string, string])[] = [
  ['completion', 'Print the script that makes bash, zsh or fish complete command lines'],
  ['daemon', 'Run the daemon that makes and keeps containers'],
];

/** Columns of the terminal, as far as help fills them. */
function width(): number {
  return Math.min(process.stdout.columns || 80, 120);
}

/**
 * Help for one command.
 *
 * @param path The name it was called by.
 */
export function commandHelp(definition: CommandDefinition, path: string): string {
  const { flags, summary, description, examples = [], aliases = [] } = definition;
  const names = [
    ...definition.paths.filter((name) => name.includes(' ')),
    ...aliases,
    ...definition.paths.filter((name) => !name.includes(' ')),
  ];
  const shown = flags.filter((flag) => !flag.hidden && !flag.unsupported);
  // Where -h is another flag, help has a line of its own.
  if (flags.some(({ short }) => short === 'h')) shown.push({ long: 'help', kind: 'bool', description: 'Print usage' });
  const missing = flags.filter((flag) => flag.unsupported).map((flag) => `--${flag.long}`);
  const parts = [usageLine(definition, path), description ?? summary];
  if (names.length > 1) parts.push(`Aliases:\n  ${names.map((name) => `pier ${name}`).join(', ')}`);
  if (shown.length > 0) parts.push(`Options:\n${flagTable(shown)}`);
  if (missing.length > 0) parts.push(`Not supported yet:\n  ${wrap(missing.join(' '), width() - 3).join('\n  ')}`);
  if (examples.length > 0) parts.push(`Examples:\n${examples.map((line) => `  ${line}`).join('\n')}`);
  return `${parts.join('\n\n')}\n`;
}

/** The line that says how a command is called. */
export function usageLine(definition: CommandDefinition, path: string): string {
  return `Usage:  pier ${`${path} ${definition.usage}`.trimEnd()}`;
}

/** Help for a group: its commands by name. */
export function groupHelp(group: CommandGroup, definitions: readonly CommandDefinition[]): string {
  const rows = definitions
    .filter((definition) => definition.section !== 'hidden' && !definition.unsupported)
    .flatMap((definition) =>
      definition.paths
        .filter((path) => path.startsWith(`${group.name} `))
        .map((path): readonly [string, string] => [path.slice(group.name.length + 1), definition.summary]),
    );
  return `Usage:  pier ${group.name} COMMAND

${group.summary}

Commands:
${table(rows.toSorted(byName))}

Run 'pier ${group.name} COMMAND --help' for more information on a command.
`;
}

/** What `pier --help` prints. */
export function topHelp(
  definitions: readonly CommandDefinition[],
  groups: readonly CommandGroup[],
  globals: readonly FlagDefinition[],
): string {
  const listed = definitions.filter((definition) => definition.section !== 'hidden' && !definition.unsupported);
  const rowsOf = (section: string): (readonly [string, string])[] =>
    listed
      .filter((definition) => (definition.section ?? 'commands') === section)
      .toSorted((a, b) => (a.order ?? 0) - (b.order ?? 0))
      .flatMap(({ paths, aliases = [], summary }) =>
        [...paths, ...aliases].filter((path) => !path.includes(' ')).map((path): readonly [string, string] => [path, summary]),
      );
  return `Usage:  pier [OPTIONS] COMMAND

Containers, from run to cluster, in one npm package

Common Commands:
${table(rowsOf('common'))}

Management Commands:
${table(groups.map(({ name, summary }) => [name, summary] as const))}

Commands:
${table([...rowsOf('commands'), ...OWN_COMMANDS].toSorted(byName))}

Global Options:
${flagTable(globals)}

Examples:
  pier run --rm -ti pier/starter sh   # a shell in a container, from this machine's busybox
  pier help first-steps               # and formatting, filters, contexts

Run 'pier COMMAND --help' for more information on a command.
`;
}

function byName(a: readonly [string, string], b: readonly [string, string]): number {
  return a[0] < b[0] ? -1 : 1;
}

function table(rows: readonly (readonly [string, string])[]): string {
  const names = Math.max(11, ...rows.map(([name]) => name.length));
  return rows.map(([name, summary]) => `  ${name.padEnd(names)} ${summary}`).join('\n');
}

function flagTable(flags: readonly FlagDefinition[]): string {
  const rows = flags
    .toSorted((a, b) => (a.long < b.long ? -1 : 1))
    .map((flag): readonly [string, string] => [flagTerm(flag), flagText(flag)]);
  const indent = Math.max(...rows.map(([term]) => term.length)) + 3;
  return rows
    .map(
      ([term, text]) =>
        term.padEnd(indent) +
        text
          .split('\n')
          .flatMap((line) => wrap(line, width() - 1 - indent))
          .join(`\n${' '.repeat(indent)}`),
    )
    .join('\n');
}

function flagTerm({ long, short, kind, valueName }: FlagDefinition): string {
  const value = kind === 'bool' ? '' : ` ${valueName ?? kind}`;
  return `  ${short === undefined ? '    ' : `-${short}, `}--${long}${value}`;
}

function flagText({ description, shownDefault }: FlagDefinition): string {
  return shownDefault === undefined ? description : `${description} (default ${shownDefault})`;
}

/** Breaks a line at spaces. A word longer than the limit gets a line of its own. */
function wrap(line: string, limit: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(/(?<=\S) /)) {
    if (current !== '' && current.length + 1 + word.length > Math.max(limit, 24)) {
      lines.push(current);
      current = word;
    } else current = current === '' ? word : `${current} ${word}`;
  }
  return [...lines, current];
}
