import { hasCode } from '../../base/errors.ts';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { describeError } from '../describe-error.ts';
import { printError } from '../print-error.ts';
import { settleAll } from './settle-all.ts';

/** Runs `pier rm`. What is not there is no failure under `--force`, though it is said. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const names = args.map((name) => name.replace(/^\/+/, ''));
  if (names.includes('')) throw new CommandError('Container name cannot be empty');
  const force = flags.bool('force');
  const query = { force, v: flags.bool('volumes'), link: flags.bool('link') };
  let exitCode = 0;
  for (const outcome of await settleAll(names, (name) => client.containers.remove(name, query))) {
    if (!('error' in outcome)) {
      process.stdout.write(`${outcome.name}\n`);
      continue;
    }
    await printError(describeError(outcome.error));
    if (!force || !hasCode(outcome.error, 'NotFound')) exitCode = 1;
  }
  return exitCode;
}
