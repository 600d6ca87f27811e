import { stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { writeRaw } from '../stream/write-raw.ts';
import { writeFileWhole } from '../write-file-whole.ts';

/** Runs `pier export`. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const [name = ''] = args;
  const output = flags.string('output');
  if (output === '') {
    if (process.stdout.isTTY) throw new CommandError('cowardly refusing to save to a terminal. Use the -o flag or redirect');
    await writeRaw(await client.containers.export(name), process.stdout);
    return 0;
  }
  await checkOutputPath(output);
  await writeFileWhole(output, await client.containers.export(name));
  return 0;
}

async function checkOutputPath(output: string): Promise<void> {
  const folder = dirname(output);
  try {
    await stat(folder);
  } catch (error) {
    const message = `failed to export container: invalid output path: stat ${folder}: no such file or directory`;
    throw new CommandError(message, 1, { cause: error });
  }
}
