import type { CommandContext } from '../command.ts';
import { describeError } from '../describe-error.ts';

/** Runs `pier wait`. */
export async function run({ args, client }: CommandContext): Promise<number> {
  const failures: string[] = [];
  for (const name of args) {
    try {
      const wait = await client.containers.wait(name, 'not-running');
      const { StatusCode } = await wait.result();
      process.stdout.write(`${StatusCode}\n`);
    } catch (error) {
      failures.push(`${describeError(error)}\n`);
    }
  }
  process.stderr.write(failures.join(''));
  return failures.length > 0 ? 1 : 0;
}
