import { inspectAll } from '../format/inspect.ts';
import { IMAGE_SHAPE } from '../format/image-shape.ts';
import { describeError } from '../describe-error.ts';
import { platformQuery } from './platform-query.ts';
import { imagePath } from './image-path.ts';
import type { CommandContext } from '../command.ts';

/** Runs `pier image inspect`. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const platform = platformQuery(flags.string('platform'));
  const fetchOne = async (name: string) => ({
    value: await client.json<unknown>({ method: 'GET', path: imagePath(name, '/json'), query: { platform } }),
    shape: IMAGE_SHAPE,
  });
  return await inspectAll(args, flags.string('format'), fetchOne, describeError);
}
