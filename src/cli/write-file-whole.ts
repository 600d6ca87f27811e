import { createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isErrno } from '../base/errors.ts';

/**
 * Writes a stream to a file that appears (or replaces an older one) only once it is complete. A device or a fifo is written
 * to as it is, and stays.
 */
export async function writeFileWhole(path: string, source: Readable): Promise<void> {
  if (!(await isReplaceable(path))) return await pipeline(source, createWriteStream(path));
  const partial = `${path}.${process.pid}.partial`;
  try {
    await pipeline(source, createWriteStream(partial, { mode: 0o600, flags: 'wx' }));
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
}

async function isReplaceable(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isFile();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true;
    throw error;
  }
}
