import { openInput } from './open-input.ts';
import { parseTypedReference } from './reference.ts';
import { showProgress } from './show-progress.ts';
import type { CommandContext } from '../command.ts';

/** Runs `pier import`. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const [source = '', reference = ''] = args;
  if (reference !== '') parseTypedReference(reference);
  // The daemon fetches what is named by a URL.
  const isUrl = /^https?:\/\//.test(source);
  const stream = isUrl ? undefined : source === '-' ? process.stdin : await openInput(source);
  const query = {
    fromSrc: isUrl ? source : '-',
    repo: reference || undefined,
    message: flags.string('message') || undefined,
    platform: flags.string('platform').toLowerCase() || undefined,
    changes: flags.list('change'),
  };
  const headers = { 'Content-Type': 'application/x-tar' };
  await showProgress(
    await client.open({ method: 'POST', path: '/images/create', query, ...(stream === undefined ? {} : { stream, headers }) }),
  );
  return 0;
}
