import { resolveCommand } from '../commands.ts';
import { GLOBAL_FLAGS } from '../global-flags.ts';
import type { CommandDefinition, FlagDefinition } from '../command.ts';
import type { CommandGroup } from '../help.ts';

/** What the word at the cursor is. */
export type Place =
  | { readonly kind: 'command'; readonly group: CommandGroup | undefined }
  | { readonly kind: 'flag'; readonly flags: readonly FlagDefinition[]; readonly definition: CommandDefinition | undefined }
  | {
      readonly kind: 'value';
      readonly flag: FlagDefinition;
      readonly definition: CommandDefinition | undefined;
      /** What of the word stands before the value: `--network=`. */
      readonly prefix: string;
    }
  | { readonly kind: 'argument'; readonly definition: CommandDefinition; readonly given: readonly string[] }
  /** What help is wanted about. */
  | { readonly kind: 'topic' }
  | { readonly kind: 'shell' }
  | { readonly kind: 'nothing' };

/** A place, and the global flags before it as they were typed. */
export interface Located {
  readonly place: Place;
  readonly globalWords: readonly string[];
}

const NOTHING: Place = { kind: 'nothing' };

/**
 * Finds out what the last of some words is, without complaining about those before it.
 *
 * @param words Without the program's name; the last is the one at the cursor, possibly empty.
 */
export function locate(words: readonly string[]): Located {
  const before = words.slice(0, -1);
  const current = words.at(-1) ?? '';
  const globals = skipFlags(before, GLOBAL_FLAGS);
  const globalWords = before.slice(0, globals.end);
  const rest = before.slice(globals.end);
  if (globals.open !== undefined) return { place: valuePlace(globals.open, undefined, ''), globalWords: globalWords.slice(0, -1) };
  if (rest.length === 0) return { place: placeOf(current, GLOBAL_FLAGS, undefined) ?? { kind: 'command', group: undefined }, globalWords };
  if (rest.length === 1 && rest[0] === 'help') return { place: { kind: 'topic' }, globalWords };
  if (rest.length === 1 && rest[0] === 'completion') return { place: { kind: 'shell' }, globalWords };
  const found = resolveCommand(rest);
  if (found.kind === 'group') return { place: found.rest.length === 0 ? { kind: 'command', group: found.group } : NOTHING, globalWords };
  if (found.kind !== 'command') return { place: NOTHING, globalWords };
  if (found.definition.completes === 'command') {
    // A command line within a command line: what `explain` runs.
    const { end, open } = skipFlags(found.rest, found.definition.flags);
    const isOwnFlag = open !== undefined || (end >= found.rest.length && current.startsWith('-'));
    if (!isOwnFlag) return { place: locate([...found.rest.slice(end), current]).place, globalWords };
  }
  return { place: placeInCommand(found.definition, found.rest, current), globalWords };
}

function placeInCommand(definition: CommandDefinition, words: readonly string[], current: string): Place {
  const given: string[] = [];
  for (let rest = words; rest.length > 0;) {
    const { end, open } = skipFlags(rest, definition.flags);
    if (open !== undefined) return valuePlace(open, definition, '');
    if (rest[end - 1] === '--') given.push(...rest.slice(end));
    else if (rest[end] !== undefined) given.push(rest[end]);
    // The words of another program follow.
    if (definition.flagsFirst && given.length > 0) return { kind: 'argument', definition, given: [...given, ...rest.slice(end + 1)] };
    rest = rest[end - 1] === '--' ? [] : rest.slice(end + 1);
  }
  const isAfterDashes = words.includes('--');
  return (isAfterDashes ? undefined : placeOf(current, definition.flags, definition)) ?? { kind: 'argument', definition, given };
}

/** For a word that begins with a dash. */
function placeOf(current: string, flags: readonly FlagDefinition[], definition: CommandDefinition | undefined): Place | undefined {
  if (!current.startsWith('-')) return undefined;
  const split = current.indexOf('=');
  if (!current.startsWith('--') || split === -1) return { kind: 'flag', flags, definition };
  const flag = flags.find(({ long }) => `--${long}` === current.slice(0, split));
  return flag === undefined ? NOTHING : valuePlace(flag, definition, current.slice(0, split + 1));
}

function valuePlace(flag: FlagDefinition, definition: CommandDefinition | undefined, prefix: string): Place {
  return { kind: 'value', flag, definition, prefix };
}

/** Passes over flags with their values. @returns Where they end, and the flag whose value is still to come. */
function skipFlags(words: readonly string[], flags: readonly FlagDefinition[]): { readonly end: number; readonly open?: FlagDefinition } {
  let at = 0;
  for (; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') return { end: at + 1 };
    if (!word.startsWith('-') || word === '-') break;
    const open = word.includes('=') ? undefined : flagThatWants(word, flags);
    if (open === undefined) continue;
    at++;
    if (at >= words.length) return { end: at, open };
  }
  return { end: at };
}

/** The flag of a word, if its value is the next word. */
function flagThatWants(word: string, flags: readonly FlagDefinition[]): FlagDefinition | undefined {
  const flag = word.startsWith('--')
    ? flags.find(({ long }) => long === word.slice(2))
    : Array.from(word.slice(1), (letter) => flags.find(({ short }) => short === letter)).find((each) => each?.kind !== 'bool');
  if (flag === undefined || flag.kind === 'bool') return undefined;
  return word.startsWith('--') || word.endsWith(flag.short ?? '') ? flag : undefined;
}
