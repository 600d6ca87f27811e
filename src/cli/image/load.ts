import { CommandError } from '../command-error.ts';
import { platformQuery } from './platform-query.ts';
import { openInput } from './open-input.ts';
import { showProgress } from './show-progress.ts';
import type { Readable } from 'node:stream';
import type { CommandContext } from '../command.ts';

/** Runs `pier load`. */
export async function run({ flags, client }: CommandContext): Promise<number> {
  const platform = platformQuery(flags.string('platform'));
  const stream = await source(flags.string('input'));
  const quiet = flags.bool('quiet') || !process.stdout.isTTY;
  const headers = { 'Content-Type': 'application/x-tar' };
  const answer = await client.open({ method: 'POST', path: '/images/load', query: { quiet: quiet ? 1 : 0, platform }, stream, headers });
  await showProgress(answer);
  return 0;
}

async function source(input: string): Promise<Readable> {
  if (input !== '') return await openInput(input);
  if (process.stdin.isTTY) throw new CommandError('requested load from stdin, but stdin is empty');
  return process.stdin;
}
