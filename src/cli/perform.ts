import { CommandError } from './command-error.ts';
import { resolveCommand } from './commands.ts';
import { connect } from './connect.ts';
import { parseFlags } from './parse-flags.ts';
import type { Client } from '../client/index.ts';
import type { CommandContext, CommandDefinition } from './command.ts';
import type { ClientSettings } from './config/client-settings.ts';
import type { FlagValues } from './flag-values.ts';
import type { ParsedFlags } from './parse-flags.ts';

/** What a command runs in. */
export interface Surroundings {
  readonly settings: ClientSettings;
  readonly debug: boolean;
  /** Given where a command runs another one over the same connection. */
  readonly connected?: Pick<CommandContext, 'client' | 'host'>;
}

/**
 * Runs a command whose words have been read.
 *
 * @returns Its exit code.
 */
export async function perform(
  definition: CommandDefinition,
  path: string,
  parsed: ParsedFlags,
  surroundings: Surroundings,
): Promise<number> {
  const { args } = parsed;
  const { settings, debug } = surroundings;
  checkArguments(definition, path, args.length);
  const context = { path, definition, flags: withConfiguredDefaults(definition, parsed.flags, settings), args, settings, debug };
  if (definition.loadLocal !== undefined) return await (await definition.loadLocal()).run(context);
  if (definition.load === undefined) throw new CommandError(`'pier ${path}' is not supported yet`, 1);
  const [{ run }, connected] = await Promise.all([definition.load(), surroundings.connected ?? connect(settings, true)]);
  const runWords = async (words: readonly string[], client: Client): Promise<number> => {
    const found = resolveCommand(words);
    if (found.kind !== 'command') throw new CommandError(`'${words.join(' ')}' is no command that can be run here`, 125, { hint: true });
    const inner = parseFlags(found.definition.flags, found.rest, found.definition.flagsFirst ?? false);
    return await perform(found.definition, found.path, inner, { ...surroundings, connected: { ...connected, client } });
  };
  return await run({ ...context, ...connected, runWords });
}

/** What `config.json` says in place of a flag that is not given, such as `psFormat`. */
function withConfiguredDefaults({ flags: definitions }: CommandDefinition, flags: FlagValues, settings: ClientSettings): FlagValues {
  let values = flags;
  for (const { long, configMember } of definitions) {
    if (configMember === undefined || flags.has(long)) continue;
    // A list of ids has no format of its own.
    if (long === 'format' && definitions.some((each) => each.long === 'quiet') && flags.bool('quiet')) continue;
    const text = settings.config.text(configMember);
    if (text !== '') values = values.withDefault(long, text);
  }
  return values;
}

function checkArguments({ args: { min, max }, usage }: CommandDefinition, path: string, count: number): void {
  if (count >= min && (max === undefined || count <= max)) return;
  let rule: string;
  if (max === 0) rule = 'accepts no arguments';
  else if (max === min) rule = `requires ${plural(min)}`;
  else if (max === undefined) rule = `requires at least ${plural(min)}`;
  else if (min > 0) rule = `requires at least ${min} and at most ${plural(max)}`;
  else rule = `requires at most ${plural(max)}`;
  const pointer = max === undefined ? 'See' : 'Run';
  const line = `Usage:  pier ${path} ${usage}`.trimEnd();
  throw new CommandError(`pier: 'pier ${path}' ${rule}\n\n${line}\n\n${pointer} 'pier ${path} --help' for more information`);
}

function plural(count: number): string {
  return `${count} argument${count === 1 ? '' : 's'}`;
}
