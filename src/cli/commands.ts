import type { CommandDefinition } from './command.ts';
import type { CommandGroup } from './help.ts';
import { CONTAINER_COMMANDS } from './container/commands.ts';
import { CONTEXT_COMMANDS } from './context/commands.ts';
import { IMAGE_COMMANDS } from './image/commands.ts';
import { isLaterWord } from './later-commands.ts';
import { SYSTEM_COMMANDS } from './system/commands.ts';

/** Every command of pier's but `daemon`, `help` and `completion`, which `main` answers itself. */
export const COMMANDS: readonly CommandDefinition[] = [...CONTAINER_COMMANDS, ...IMAGE_COMMANDS, ...SYSTEM_COMMANDS, ...CONTEXT_COMMANDS];

/** Groups in the order of help. */
export const GROUPS: readonly CommandGroup[] = [
  { name: 'container', summary: 'Manage containers' },
  { name: 'context', summary: 'Manage contexts' },
  { name: 'image', summary: 'Manage images' },
  { name: 'network', summary: 'Manage networks' },
  { name: 'system', summary: 'Manage pier' },
];

/** What the first words of a command line mean. */
export type Resolution =
  | { readonly kind: 'command'; readonly definition: CommandDefinition; readonly path: string; readonly rest: readonly string[] }
  | { readonly kind: 'group'; readonly group: CommandGroup; readonly rest: readonly string[] }
  | { readonly kind: 'unsupported'; readonly path: string }
  | { readonly kind: 'unknown' };

/** Finds the command that words begin with, the longer name first. */
export function resolveCommand(words: readonly string[]): Resolution {
  const [first = '', second] = words;
  const long = second === undefined ? undefined : find(`${first} ${second}`);
  const found = long ?? find(first);
  if (found !== undefined) {
    if (found.definition.unsupported) return { kind: 'unsupported', path: found.path };
    return { kind: 'command', ...found, rest: words.slice(long === undefined ? 1 : 2) };
  }
  const group = GROUPS.find(({ name }) => name === first);
  if (group !== undefined) return { kind: 'group', group, rest: words.slice(1) };
  return isLaterWord(first) ? { kind: 'unsupported', path: first } : { kind: 'unknown' };
}

function find(name: string): { definition: CommandDefinition; path: string } | undefined {
  for (const definition of COMMANDS) {
    if (definition.paths.includes(name)) return { definition, path: name };
    if (definition.aliases?.includes(name)) return { definition, path: canonicalPath(definition, name) };
  }
  return undefined;
}

/** Docker names a command by its own name, not by the alias that was typed; a one-word alias is a name of its own. */
function canonicalPath({ paths }: CommandDefinition, alias: string): string {
  if (!alias.includes(' ')) return alias;
  return paths.find((path) => path.includes(' ')) ?? alias;
}
