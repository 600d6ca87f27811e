import { describeError } from '../describe-error.ts';
import { inspectAll } from '../format/inspect.ts';
import { NETWORK_SHAPE } from '../format/network-shape.ts';
import type { Inspected } from '../format/inspect.ts';
import type { CommandContext } from '../command.ts';

/** Runs `pier network inspect`. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const query = { verbose: flags.bool('verbose') ? 'true' : undefined };
  const fetchOne = async (name: string): Promise<Inspected> => ({
    value: await client.json<unknown>({ method: 'GET', path: `/networks/${encodeURIComponent(name)}`, query }),
    shape: NETWORK_SHAPE,
  });
  return await inspectAll(args, flags.string('format'), fetchOne, describeError);
}
