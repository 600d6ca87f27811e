import { open } from 'node:fs/promises';
import { isErrno } from '../../base/errors.ts';
import { CommandError } from '../command-error.ts';
import type { Readable } from 'node:stream';

/**
 * Opens a file to be sent.
 *
 * @throws {CommandError} If it cannot be opened, in Go's words.
 */
export async function openInput(path: string): Promise<Readable> {
  try {
    const file = await open(path, 'r');
    if ((await file.stat()).isDirectory()) {
      await file.close();
      throw new CommandError(`read ${path}: is a directory`);
    }
    return file.createReadStream();
  } catch (error) {
    if (error instanceof CommandError) throw error;
    const reason = isErrno(error, 'ENOENT') ? 'no such file or directory' : isErrno(error, 'EACCES') ? 'permission denied' : String(error);
    throw new CommandError(`open ${path}: ${reason}`, 1, { cause: error });
  }
}
