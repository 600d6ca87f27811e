import type { FlagDefinition } from './command.ts';
import { CommandError } from './command-error.ts';
import { FlagValues } from './flag-values.ts';
import type { FlagValue } from './flag-values.ts';
import { emptyValue, parseFlagValue, ValueError } from './flag-value-parser.ts';

/** A command line taken apart. */
export interface ParsedFlags {
  readonly flags: FlagValues;
  /** What is neither a flag nor a flag's value. */
  readonly args: readonly string[];
  /** `--help` was given, or `-h` where no flag has that letter. */
  readonly wantsHelp: boolean;
}

/** A command line that cannot be read. Exit code 125, as Docker's. */
export class FlagError extends CommandError {
  constructor(message: string) {
    super(message, 125);
  }
}

/** A flag of Docker's that pier does not have yet. */
export class UnsupportedFlagError extends CommandError {
  constructor(flag: string) {
    super(`${flag} is not supported yet`, 125, { hint: true });
  }
}

const HELP: FlagDefinition = { long: 'help', kind: 'bool', description: 'Print usage' };

/**
 * Reads flags by the rules of Go's pflag, which Docker's users have in their fingers: `--name=x`, `--name x`, `-ti`, `-eX=Y`,
 * `-e X=Y`, `--tty=false`, and `--`, after which nothing is a flag.
 *
 * @param definitions The flags that exist; `--help` always does.
 * @param argv Words after the command's name.
 * @param flagsFirst The first positional argument ends the flags.
 * @throws {FlagError} In pflag's words.
 * @throws {UnsupportedFlagError} At the first flag that is known but not supported.
 */
export function parseFlags(definitions: readonly FlagDefinition[], argv: readonly string[], flagsFirst: boolean = false): ParsedFlags {
  const parse = new FlagParse(definitions);
  const args: string[] = [];
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--') {
      args.push(...words);
      break;
    }
    if (word === '-' || !word.startsWith('-')) {
      args.push(word);
      if (!flagsFirst) continue;
      args.push(...words);
      break;
    }
    if (word.startsWith('--')) parse.long(word.slice(2), words);
    else parse.short(word.slice(1), words);
  }
  return { flags: parse.values(), args, wantsHelp: parse.wantsHelp };
}

/** The state of one {@linkcode parseFlags}. */
class FlagParse {
  readonly #definitions: readonly FlagDefinition[];
  readonly #values = new Map<string, FlagValue>();
  readonly #lists = new Map<string, string[]>();
  readonly #given = new Set<string>();
  wantsHelp = false;

  constructor(definitions: readonly FlagDefinition[]) {
    this.#definitions = definitions;
    for (const { long, kind, default: text } of definitions) {
      this.#values.set(long, text === undefined ? emptyValue(kind) : parseFlagValue(kind, text));
    }
  }

  /** Reads a word without its two dashes, and the next one if the flag needs it. */
  long(word: string, rest: string[]): void {
    const split = word.indexOf('=');
    const name = split === -1 ? word : word.slice(0, split);
    if (name === '' || name.startsWith('-')) throw new FlagError(`bad flag syntax: --${word}`);
    const definition = name === 'help' ? HELP : this.#definitions.find((flag) => flag.long === name);
    if (definition === undefined) throw new FlagError(`unknown flag: --${name}`);
    if (definition.unsupported) throw new UnsupportedFlagError(`--${name}`);
    if (split !== -1) this.#set(definition, word.slice(split + 1));
    else if (definition.kind === 'bool') this.#set(definition, 'true');
    else this.#set(definition, next(rest, `flag needs an argument: --${name}`));
  }

  /** Reads a word without its dash: letters without values, of which the last may have one. */
  short(word: string, rest: string[]): void {
    for (let letters = word; letters !== '';) {
      const letter = letters.charAt(0);
      const definition = this.#definitions.find((flag) => flag.short === letter) ?? (letter === 'h' ? HELP : undefined);
      if (definition === undefined) throw new FlagError(`unknown shorthand flag: '${letter}' in -${letters}`);
      if (definition.unsupported) throw new UnsupportedFlagError(`-${letter} (--${definition.long})`);
      const after = letters.slice(1);
      if (after.length > 1 && after.startsWith('=')) return this.#set(definition, after.slice(1));
      if (definition.kind !== 'bool') {
        return this.#set(definition, after === '' ? next(rest, `flag needs an argument: '${letter}' in -${letters}`) : after);
      }
      this.#set(definition, 'true');
      letters = after;
    }
  }

  values(): FlagValues {
    return new FlagValues(this.#values, this.#given);
  }

  #set(definition: FlagDefinition, text: string): void {
    const { long, short, kind } = definition;
    try {
      const value = parseFlagValue(kind, text);
      const complaint = definition.check?.(text);
      if (complaint !== undefined) throw new ValueError(complaint);
      if (definition === HELP) this.wantsHelp = value === true;
      else if (kind !== 'list') this.#values.set(long, value);
      else this.#append(long, text);
      this.#given.add(long);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      const name = short === undefined ? `--${long}` : `-${short}, --${long}`;
      throw new FlagError(`invalid argument ${JSON.stringify(text)} for ${JSON.stringify(name)} flag: ${error.message}`);
    }
  }

  /** The first item takes the place of the default. */
  #append(long: string, item: string): void {
    const items = this.#lists.get(long) ?? [];
    items.push(item);
    this.#lists.set(long, items);
    this.#values.set(long, items);
  }
}

function next(rest: string[], complaint: string): string {
  const word = rest.shift();
  if (word === undefined) throw new FlagError(complaint);
  return word;
}
