import { PIER_VERSION } from '../base/version.ts';
import { ClientSettings } from './config/client-settings.ts';
import type { CommandDefinition } from './command.ts';
import { CommandError } from './command-error.ts';
import type { CommandGroup } from './help.ts';
import { GROUPS, resolveCommand } from './commands.ts';
import { connect } from './connect.ts';
import { GLOBAL_FLAGS } from './global-flags.ts';
import { refusalOf } from './later-commands.ts';
import { perform } from './perform.ts';
import { printError } from './print-error.ts';
import { FlagError, parseFlags } from './parse-flags.ts';
import type { ParsedFlags } from './parse-flags.ts';

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
  if (flags.bool('version')) {
    process.stdout.write(`pier version ${PIER_VERSION}\n`);
    return 0;
  }
  if (first === undefined || globals.wantsHelp) return await printTopHelp();
  if (!['debug', 'info', 'warn', 'error', 'fatal'].includes(flags.string('log-level'))) {
    return await complain(`Unable to parse logging level: ${flags.string('log-level')}`, 1);
  }
  switch (first) {
    case 'daemon':
      await keepYoungHeapSmall();
      return await (await import('../daemon.ts')).main(args.slice(1));
    case 'help':
      return await help(args.slice(1));
    case 'completion':
    case '__complete':
      return await complete(args);
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
      if (word === undefined) return await groupWithoutCommand(found.group);
      if (word === '--help' || word === '-h') return await help([found.group.name]);
      const name = `pier ${found.group.name}`;
      if (word.startsWith('-'))
        return await complain(`unknown flag: ${word}\n\nUsage:  ${name}\n\nRun '${name} --help' for more information`, 125);
      return await complain(`pier: unknown command: ${name} ${word}\n\nUsage:  ${name}\n\nRun '${name} --help' for more information`, 1);
    }
    case 'unsupported':
      return await complain(refusalOf(found.path), 1);
    case 'unknown':
      return await complain(`pier: unknown command: pier ${words[0]}\n\nRun 'pier --help' for more information`, 1);
  }
}

async function execute(definition: CommandDefinition, path: string, words: readonly string[], globals: ParsedFlags): Promise<number> {
  try {
    const parsed = parseFlags(definition.flags, words, definition.flagsFirst ?? false);
    if (parsed.wantsHelp) return await help(path.split(' '));
    return await perform(definition, path, parsed, { settings: new ClientSettings(globals.flags), debug: globals.flags.bool('debug') });
  } catch (error) {
    if (error instanceof FlagError) return await fail(error, path, `Usage:  pier ${path} ${definition.usage}`.trimEnd());
    return await fail(error, path, undefined, definition.exit125 ?? false);
  }
}

/** Prints why a command line did not work. @returns The exit code. */
async function fail(error: unknown, path: string, usage: string | undefined, exit125: boolean = false): Promise<number> {
  const pointer = `Run '${`pier ${path}`.trimEnd()} --help' for more information`;
  if (usage !== undefined)
    return await complain(`${error instanceof Error ? error.message : String(error)}\n\n${usage}\n\n${pointer}`, 125);
  if (error instanceof CommandError) {
    if (error.hint) return await complain(`pier: ${error.message}\n\n${pointer}`, error.exitCode);
    return await complain(error.message, error.exitCode);
  }
  const { describeError } = await import('./describe-error.ts');
  const text = describeError(error);
  if (process.env['PIER_DEBUG'] !== undefined && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return exit125 ? await complain(`pier: ${text}\n\n${pointer}`, 125) : await complain(text, 1);
}

async function complain(text: string, exitCode: number): Promise<number> {
  await printError(text, async () => (await import('./meant.ts')).whatWasMeant(text));
  return exitCode;
}

async function help(words: readonly string[]): Promise<number> {
  if (words.length === 0) return await printTopHelp();
  const found = resolveCommand(words);
  const { commandHelp, groupHelp } = await import('./help.ts');
  switch (found.kind) {
    case 'command':
      if (found.rest.length > 0) return await complain(`unknown help topic: ${found.rest.join(' ')}`, 1);
      process.stdout.write(commandHelp(found.definition, found.path));
      return 0;
    case 'group':
      if (found.rest.length > 0) return await complain(`unknown help topic: ${found.rest.join(' ')}`, 1);
      process.stdout.write(groupHelp(found.group, (await import('./commands.ts')).COMMANDS));
      return 0;
    case 'unsupported':
      return await complain(refusalOf(found.path), 1);
    case 'unknown': {
      const { HELP_TOPICS } = await import('./help-topics.ts');
      const [topic = ''] = words;
      if (words.length === 1 && Object.hasOwn(HELP_TOPICS, topic)) {
        process.stdout.write(HELP_TOPICS[topic] ?? '');
        return 0;
      }
      return await complain(`unknown help topic: ${words.join(' ')}`, 1);
    }
  }
}

/** Docker shows the same help as `--help`, but where complaints go. */
async function groupWithoutCommand(group: CommandGroup): Promise<number> {
  const { groupHelp } = await import('./help.ts');
  const { COMMANDS } = await import('./commands.ts');
  process.stderr.write(groupHelp(group, COMMANDS));
  return 0;
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

async function complete(words: readonly string[]): Promise<number> {
  if (words[0] === 'completion') return (await import('./completion/scripts.ts')).printScript(words[1]);
  const { printCandidates } = await import('./completion/candidates.ts');
  return await printCandidates(words.slice(1), async (globals) => (await connect(new ClientSettings(globals), false)).client);
}
