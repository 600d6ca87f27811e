/**
 * What a command of the command line is: data that help, completion and the flag parser read, and a loader for its code.
 *
 * The tables (`container/commands.ts`, `image/commands.ts`, `system/commands.ts`) are read on every start, the code behind
 * `load` only when its command runs. So a table imports nothing but types.
 *
 * @module
 */
import type { Client } from '../client/index.ts';
import type { ClientSettings } from './config/client-settings.ts';
import type { FlagValues } from './flag-values.ts';

/**
 * How a flag's value is read.
 *
 * | kind | accepts | read with |
 * |---|---|---|
 * | `bool` | nothing, or `=true` and the like | `flags.bool()` |
 * | `string` | any text; given twice, the last counts | `flags.string()` |
 * | `int` | a signed integer | `flags.int()` |
 * | `decimal` | a number with a fraction | `flags.number()` |
 * | `duration` | `1m30s`, `500ms` as Go writes it | `flags.int()`, in nanoseconds |
 * | `bytes` | `512`, `64m`, `1.5GiB` | `flags.int()`, in bytes |
 * | `list` | any text, once per flag | `flags.list()` |
 */
export type FlagKind = 'bool' | 'string' | 'int' | 'decimal' | 'duration' | 'bytes' | 'list';

/** One flag of a command. */
export interface FlagDefinition {
  /** Without dashes: `no-trunc`. */
  readonly long: string;
  /** One letter. */
  readonly short?: string;
  readonly kind: FlagKind;
  /** What is wrong with a value that the kind allows; `undefined` when nothing is. */
  readonly check?: (text: string) => string | undefined;
  /** As it would be typed. @default {"false", "0" or ""} */
  readonly default?: string;
  /** The word for the value in help. @default {the kind's name} */
  readonly valueName?: string;
  /** One sentence for help, without a final period; line feeds are kept. */
  readonly description: string;
  /** Shown by help as `(default …)`; only where Docker's help shows one. */
  readonly shownDefault?: string;
  /** The member of the client's `config.json` that stands in where the flag is not given: `psFormat`. */
  readonly configMember?: string;
  /** Accepted, but not in help. */
  readonly hidden?: boolean;
  /** Docker has it and pier does not yet: using it is refused by name. */
  readonly unsupported?: boolean;
}

/** How many positional arguments a command takes. `max` is endless when absent. */
export interface ArgumentRule {
  readonly min: number;
  readonly max?: number;
}

/** Where the top-level help lists a command; `hidden` is nowhere. */
export type HelpSection = 'common' | 'commands' | 'hidden';

/** A command: its words, its flags, and where its code is. */
export interface CommandDefinition {
  /** Full names, each a command of its own: `['ps', 'container ls']`. The first is the short form if there is one. */
  readonly paths: readonly string[];
  /** Other spellings, for the path in the same group: `['container list', 'container ps']`. */
  readonly aliases?: readonly string[];
  /** Where the top-level help lists a one-word path. @default {"commands"} */
  readonly section?: HelpSection;
  /** Place among the common commands, least first. */
  readonly order?: number;
  /** What follows the name in the usage line: `[OPTIONS] CONTAINER [CONTAINER...]`. */
  readonly usage: string;
  /** One line, without a final period. */
  readonly summary: string;
  /** Shown in place of the summary by the command's own help. */
  readonly description?: string;
  /** Command lines for the end of the command's own help. */
  readonly examples?: readonly string[];
  readonly flags: readonly FlagDefinition[];
  readonly args: ArgumentRule;
  /** Flags end at the first positional argument, which begins another program's words. @default {false} */
  readonly flagsFirst?: boolean;
  /** Failures to start anything exit with 125, since other codes are the container's. @default {false} */
  readonly exit125?: boolean;
  /** Docker has it and pier does not yet: using it is refused by name. Then `load` is absent. */
  readonly unsupported?: boolean;
  /** Imports the code. Absent for `unsupported`. */
  readonly load?: () => Promise<CommandModule>;
  /** In place of `load`: the code of a command that works on the client's own files and needs no daemon. */
  readonly loadLocal?: () => Promise<LocalCommandModule>;
  /** What the positional arguments name, for shell completion; `command` is a command line of pier's. */
  readonly completes?: 'command' | 'container' | 'context' | 'image' | 'none';
}

/** What a command's file exports. */
export interface CommandModule {
  /**
   * Runs the command.
   *
   * @returns The exit code.
   * @throws {PierError} Whose text is printed to standard error; `main` then exits with 1, or with the code of a {@linkcode CommandError}.
   */
  readonly run: (context: CommandContext) => Promise<number>;
}

/** What the file of a command without a daemon exports. */
export interface LocalCommandModule {
  /** As {@linkcode CommandModule.run}. */
  readonly run: (context: LocalCommandContext) => Promise<number>;
}

/** What a command without a daemon may use. */
export type LocalCommandContext = Omit<CommandContext, 'client' | 'host' | 'runWords'>;

/** What a running command may use. */
export interface CommandContext {
  /** The path that was called, for example `container ls`. */
  readonly path: string;
  readonly definition: CommandDefinition;
  readonly flags: FlagValues;
  /** Positional arguments. Their number has been checked. */
  readonly args: readonly string[];
  /**
   * The Docker Engine API of the chosen host. Nothing is connected before the first request, which starts the default
   * daemon if none runs.
   */
  readonly client: Client;
  /** The configuration directory, and the context in use. */
  readonly settings: ClientSettings;
  /** The daemon's address, for commands that print it. */
  readonly host: string;
  /** `-D` or `--debug` was given. */
  readonly debug: boolean;
  /** Runs another command line with a client of the caller's. @returns Its exit code. @throws {PierError} As it does. */
  readonly runWords: (words: readonly string[], client: Client) => Promise<number>;
}
