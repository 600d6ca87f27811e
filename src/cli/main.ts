import type { Client } from '../client/index.ts';
import type { CommandContext, CommandDefinition, FlagDefinition } from './command.ts';
import { CommandError } from './command-error.ts';
import { GROUPS, resolveCommand } from './commands.ts';
import { FlagError, parseFlags } from './parse-flags.ts';
import type { ParsedFlags } from './parse-flags.ts';

/** Where pier's own daemon listens, and where it is started when it is needed. */
const DEFAULT_HOST = 'unix:///run/pier/pier.sock';

const GLOBAL_FLAGS: readonly FlagDefinition[] = [
  { long: 'debug', short: 'D', kind: 'bool', description: 'Enable debug mode' },
  { long: 'host', short: 'H', kind: 'list', valueName: 'string', description: 'Daemon socket to connect to' },
  {
    long: 'log-level',
    short: 'l',
    kind: 'string',
    default: 'info',
    shownDefault: '"info"',
    description: 'Set the logging level ("debug", "info", "warn", "error", "fatal")',
  },
  { long: 'version', short: 'v', kind: 'bool', description: 'Print version information and quit' },
  { long: 'config', kind: 'string', hidden: true, description: 'Location of client config files; pier has none' },
  ...['context', 'tls', 'tlscacert', 'tlscert', 'tlskey', 'tlsverify'].map((long): FlagDefinition => ({
    long,
    kind: 'bool',
    hidden: true,
    unsupported: true,
    description: 'Not supported yet',
  })),
];

/**
 * Runs one command line.
 *
 * @param argv Without the interpreter and the script: `['run', '--rm', 'alpine']`.
 * @returns The exit code.
 */
export async function main(argv: readonly string[]): Promise<number> {
  let globals: ParsedFlags;
  try {
    globals = parseFlags(GLOBAL_FLAGS, argv, true);
  } catch (error) {
    return await fail(error, '', 'Usage:  pier [OPTIONS] COMMAND [ARG...]');
  }
  const { flags, args } = globals;
  const [first] = args;
  if (flags.bool('version')) return await printVersion();
  if (first === undefined || globals.wantsHelp) return await printTopHelp();
  if (!['debug', 'info', 'warn', 'error', 'fatal'].includes(flags.string('log-level'))) {
    return complain(`Unable to parse logging level: ${flags.string('log-level')}`, 1);
  }
  switch (first) {
    case 'daemon':
      await keepYoungHeapSmall();
      return await (await import('../daemon.ts')).main(args.slice(1));
    case 'help':
      return await help(args.slice(1));
    case 'completion':
    case '__complete':
      return await complete(args, globals);
    default:
      return await dispatch(args, globals);
  }
}

/**
 * Left alone, the space for new objects grows from 2 to 64 MB with the first work, loading the daemon's modules, and stays
 * so. A process that idles most of its life rather collects a little more often. (`--max-semi-space-size` would say it
 * better, but is read once, before any of this runs.)
 */
async function keepYoungHeapSmall(): Promise<void> {
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--semi-space-growth-factor=1');
}

async function dispatch(words: readonly string[], globals: ParsedFlags): Promise<number> {
  const found = resolveCommand(words);
  switch (found.kind) {
    case 'command':
      return await execute(found.definition, found.path, found.rest, globals);
    case 'group': {
      const [word] = found.rest;
      if (word === undefined || word === '--help' || word === '-h') return await help([found.group.name]);
      const name = `pier ${found.group.name}`;
      if (word.startsWith('-'))
        return complain(`unknown flag: ${word}\n\nUsage:  ${name} COMMAND\n\nRun '${name} --help' for more information`, 125);
      return complain(`pier: unknown command: ${name} ${word}\n\nUsage:  ${name}\n\nRun '${name} --help' for more information`, 1);
    }
    case 'unsupported':
      return complain(`pier: 'pier ${found.path}' is not supported yet`, 1);
    case 'unknown':
      return complain(`pier: unknown command: pier ${words[0]}\n\nRun 'pier --help' for more information`, 1);
  }
}

async function execute(definition: CommandDefinition, path: string, words: readonly string[], globals: ParsedFlags): Promise<number> {
  try {
    const parsed = parseFlags(definition.flags, words, definition.flagsFirst ?? false);
    if (parsed.wantsHelp) return await help(path.split(' '));
    return await perform(definition, path, parsed, await connection(globals, true));
  } catch (error) {
    if (error instanceof FlagError) return await fail(error, path, `Usage:  pier ${path} ${definition.usage}`.trimEnd());
    return await fail(error, path, undefined, definition.exit125 ?? false);
  }
}

async function perform(definition: CommandDefinition, path: string, parsed: ParsedFlags, connected: Connection): Promise<number> {
  const { flags, args } = parsed;
  checkArguments(definition, path, args.length);
  if (definition.load === undefined) throw new CommandError(`'pier ${path}' is not supported yet`, 1);
  const { run } = await definition.load();
  const runWords = async (words: readonly string[], client: Client): Promise<number> => {
    const found = resolveCommand(words);
    if (found.kind !== 'command') throw new CommandError(`'${words.join(' ')}' is no command that can be run here`, 125, { hint: true });
    const inner = parseFlags(found.definition.flags, found.rest, found.definition.flagsFirst ?? false);
    return await perform(found.definition, found.path, inner, { ...connected, client });
  };
  return await run({ path, definition, flags, args, runWords, ...connected });
}

type Connection = Pick<CommandContext, 'client' | 'host' | 'debug'>;

/** The last of several `-H` counts; without one `DOCKER_HOST`; without that pier's own daemon, which may be started. */
async function connection(globals: ParsedFlags, mayStart: boolean): Promise<Connection> {
  const { Client } = await import('../client/index.ts');
  const chosen = globals.flags.list('host').at(-1) ?? (process.env['DOCKER_HOST'] || undefined);
  const host = chosen ?? DEFAULT_HOST;
  const apiVersion = process.env['DOCKER_API_VERSION'];
  const onUnreachable = async (): Promise<boolean> => await (await import('./daemon-autostart.ts')).startDaemon(host);
  const client: Client = new Client({
    host,
    ...(apiVersion && { apiVersion }),
    ...(mayStart && chosen === undefined && { onUnreachable }),
  });
  return { client, host, debug: globals.flags.bool('debug') };
}

function checkArguments({ args: { min, max }, usage }: CommandDefinition, path: string, count: number): void {
  if (count >= min && (max === undefined || count <= max)) return;
  let rule: string;
  if (max === 0) rule = 'accepts no arguments';
  else if (max === min) rule = `requires ${plural(min)}`;
  else if (max === undefined) rule = `requires at least ${plural(min)}`;
  else if (count < min) rule = `requires at least ${plural(min)}`;
  else rule = `requires at most ${plural(max)}`;
  const pointer = max === undefined ? 'See' : 'Run';
  const line = `Usage:  pier ${path} ${usage}`.trimEnd();
  throw new CommandError(`pier: 'pier ${path}' ${rule}\n\n${line}\n\n${pointer} 'pier ${path} --help' for more information`);
}

function plural(count: number): string {
  return `${count} argument${count === 1 ? '' : 's'}`;
}

/** Prints why a command line did not work. @returns The exit code. */
async function fail(error: unknown, path: string, usage: string | undefined, exit125: boolean = false): Promise<number> {
  const pointer = `Run '${`pier ${path}`.trimEnd()} --help' for more information`;
  if (usage !== undefined) return complain(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n\n${pointer}`, 125);
  if (error instanceof CommandError) {
    if (error.hint) return complain(`pier: ${error.message}\n\n${pointer}`, error.exitCode);
    return complain(error.message, error.exitCode);
  }
  const { describeError } = await import('./describe-error.ts');
  const text = describeError(error);
  if (process.env['PIER_DEBUG'] !== undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return exit125 ? complain(`pier: ${text}\n\n${pointer}`, 125) : complain(text, 1);
}

function complain(text: string, exitCode: number): number {
  if (text !== '') process.stderr.write(`${text}\n`);
  return exitCode;
}

async function help(words: readonly string[]): Promise<number> {
  if (words.length === 0) return await printTopHelp();
  const found = resolveCommand(words);
  const { commandHelp, groupHelp } = await import('./help.ts');
  switch (found.kind) {
    case 'command':
      process.stdout.write(commandHelp(found.definition, found.path));
      return 0;
    case 'group':
      process.stdout.write(groupHelp(found.group, (await import('./commands.ts')).COMMANDS));
      return 0;
    case 'unsupported':
      return complain(`pier: 'pier ${found.path}' is not supported yet`, 1);
    case 'unknown':
      return complain(`unknown help topic: ${words.join(' ')}`, 1);
  }
}

async function printTopHelp(): Promise<number> {
  const { topHelp } = await import('./help.ts');
  const { COMMANDS } = await import('./commands.ts');
  process.stdout.write(
    topHelp(
      COMMANDS,
      GROUPS,
      GLOBAL_FLAGS.filter((flag) => !flag.hidden),
    ),
  );
  return 0;
}

async function printVersion(): Promise<number> {
  const { readFile } = await import('node:fs/promises');
  const manifest = await readFile(new URL('../../package.json', import.meta.url), 'utf8');
  const version = /"version": "([^"]+)"/.exec(manifest)?.[1] ?? 'unknown';
  process.stdout.write(`pier version ${version}\n`);
  return 0;
}

async function complete(words: readonly string[], globals: ParsedFlags): Promise<number> {
  const { completion, candidates } = await import('./completion.ts');
  if (words[0] === 'completion') return completion(words[1]);
  return await candidates(words.slice(1), (await connection(globals, false)).client);
}
