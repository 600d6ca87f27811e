import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { platformQuery } from './platform-query.ts';
import { CommandError } from '../command-error.ts';
import { writeRaw } from '../stream/write-raw.ts';
import { writeFileWhole } from '../write-file-whole.ts';
import type { CommandContext } from '../command.ts';

/** Runs `pier save`. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const output = flags.string('output');
  if (output === '' && process.stdout.isTTY) {
    throw new CommandError('cowardly refusing to save to a terminal. Use the -o flag or redirect');
  }
  if (output !== '') await checkOutputPath(output);
  const archive = await client.open({
    method: 'GET',
    path: '/images/get',
    query: { names: args, platform: platformQuery(flags.string('platform')) },
  });
  if (output === '') await writeRaw(archive, process.stdout);
  else await writeFileWhole(output, archive);
  return 0;
}

async function checkOutputPath(output: string): Promise<void> {
  const folder = dirname(output);
  try {
    await stat(folder);
  } catch (error) {
    throw new CommandError(`failed to save image: invalid output path: stat ${folder}: no such file or directory`, 1, { cause: error });
  }
}
