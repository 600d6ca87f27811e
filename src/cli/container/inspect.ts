import type { CommandContext } from '../command.ts';
import { describeError } from '../describe-error.ts';
import { CONTAINER_SHAPE } from '../format/container-shape.ts';
import { inspectAll } from '../format/inspect.ts';

/** Runs `pier container inspect`. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const fetchOne = async (name: string) => ({ value: await client.containers.inspect(name, flags.bool('size')), shape: CONTAINER_SHAPE });
  return await inspectAll(args, flags.string('format'), fetchOne, describeError);
}
