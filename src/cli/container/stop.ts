import type { CommandContext } from '../command.ts';
import { actOnAll } from './settle-all.ts';
import { stopQuery } from './stop-query.ts';

/** Runs `pier stop`. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const query = stopQuery(flags);
  return await actOnAll(args, (name) => client.containers.stop(name, query));
}
