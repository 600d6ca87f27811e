import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { describeError } from '../describe-error.ts';

/** Runs `pier rename`. */
export async function run({ args, client }: CommandContext): Promise<number> {
  const [oldName = '', newName = ''] = args.map((name) => name.trim());
  if (oldName === '' || newName === '') throw new CommandError('Error: Neither old nor new names may be empty');
  try {
    await client.containers.rename(oldName, newName);
  } catch (error) {
    throw new CommandError(`${describeError(error)}\nError: failed to rename container named ${oldName}`, 1, { cause: error });
  }
  return 0;
}
