import { CommandError } from '../command-error.ts';
import { openInput } from './open-input.ts';
import { parseTypedReference } from './reference.ts';
import { showProgress } from './show-progress.ts';
import type { CommandContext } from '../command.ts';

/** Runs `pier import`. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const [source = '', reference = ''] = args;
  if (/^https?:\/\//.test(source)) throw new CommandError(`import from a URL is not supported yet: "${source}"`);
  if (reference !== '') parseTypedReference(reference);
  const stream = source === '-' ? process.stdin : await openInput(source);
  const query = {
    fromSrc: '-',
    repo: reference || undefined,
    message: flags.string('message') || undefined,
    platform: flags.string('platform').toLowerCase() || undefined,
    changes: flags.list('change'),
  };
  const headers = { 'Content-Type': 'application/x-tar' };
  await showProgress(await client.open({ method: 'POST', path: '/images/create', query, stream, headers }));
  return 0;
}
