import type { LocalCommandContext } from '../command.ts';

/** Runs `pier context show`. */
export async function run({ settings }: LocalCommandContext): Promise<number> {
  process.stdout.write(`${settings.contextName}\n`);
  return 0;
}
