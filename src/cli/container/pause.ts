import type { CommandContext } from '../command.ts';
import { actOnAll } from './settle-all.ts';

/** Runs `pier pause`. */
export async function run({ args, client }: CommandContext): Promise<number> {
  return await actOnAll(args, (name) => client.containers.pause(name));
}
