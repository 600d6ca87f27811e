import type { CommandContext } from '../command.ts';
import { actOnAll } from './settle-all.ts';

/** Runs `pier kill`. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  return await actOnAll(args, (name) => client.containers.kill(name, flags.string('signal')));
}
