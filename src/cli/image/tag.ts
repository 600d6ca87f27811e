import { CommandError } from '../command-error.ts';
import { imagePath } from './image-path.ts';
import { parseTypedReference } from './reference.ts';
import type { CommandContext } from '../command.ts';
import type { TypedReference } from './reference.ts';

/** Runs `pier tag`. */
export async function run({ args, client }: CommandContext): Promise<number> {
  const [source = '', target = ''] = args;
  // A source may be an id, which is no reference; only what is neither is refused here.
  if (source === '') parse(source);
  const { name, tag = 'latest', digest } = parse(target);
  if (digest !== undefined) throw new CommandError('refusing to create a tag with a digest reference');
  await client.send({ method: 'POST', path: imagePath(source, '/tag'), query: { repo: name, tag } });
  return 0;
}

function parse(text: string): TypedReference {
  try {
    return parseTypedReference(text);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(`Error parsing reference: ${JSON.stringify(text)} is not a valid repository/tag: ${error.message}`, 1, {
      cause: error,
    });
  }
}
