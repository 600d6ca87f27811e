import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { describeError } from '../describe-error.ts';
import { limitsOf } from './resource-flags.ts';
import { restartPolicy } from './restart-flag.ts';

/** Runs `pier update`. */
export async function run({ args, flags, client, definition }: CommandContext): Promise<number> {
  if (definition.flags.every(({ long }) => !flags.has(long))) {
    throw new CommandError('you must provide one or more flags when using this command');
  }
  const body = { ...limitsOf(flags), ...(flags.has('restart') && { RestartPolicy: restartPolicy(flags.string('restart')) }) };
  const warnings: string[] = [];
  const errors: string[] = [];
  for (const ref of args) {
    try {
      const { Warnings: found } = await client.containers.update(ref, body);
      process.stdout.write(`${ref}\n`);
      warnings.push(...(found ?? []));
    } catch (error) {
      errors.push(describeError(error));
    }
  }
  for (const warning of warnings) process.stdout.write(`${warning}\n`);
  if (errors.length > 0) throw new CommandError(errors.join('\n'));
  return 0;
}
