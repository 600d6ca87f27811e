import type { CommandContext } from '../command.ts';
import { parseTypedReference } from '../image/reference.ts';

/** Runs `pier commit`. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const [container = '', name = ''] = args;
  const reference = name === '' ? undefined : parseTypedReference(name);
  const { Id } = await client.containers.commit(container, {
    repo: reference?.name,
    tag: reference?.tag,
    comment: flags.string('message'),
    author: flags.string('author'),
    pause: flags.bool('pause'),
    changes: flags.list('change'),
  });
  process.stdout.write(`${Id}\n`);
  return 0;
}
