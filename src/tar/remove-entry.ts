import { closeSync, readdirSync } from 'node:fs';
import { PierError, isErrno } from '../base/errors.ts';
import { openDirectoryInRoot, pathAt, removeDirectoryAt, unlinkAt } from '../linux/index.ts';
import type { ByteString } from '../linux/index.ts';

/** One descriptor a level is held. */
const DEPTH_LIMIT = 1000;

/**
 * Removes an entry of an open directory with all below it. Nothing is followed, and no other mount is reached. What is gone
 * already is no error.
 *
 * @throws {SyscallError} `EBUSY` or `EXDEV` for something mounted. @throws {PierError} `ResourceExhausted` for a tree nested
 * deeper than a thousand levels.
 */
export function removeEntry(dir: number, name: ByteString, depth: number = 1): void {
  if (depth > DEPTH_LIMIT) throw new PierError('ResourceExhausted', `Cannot remove tree: it is nested deeper than ${DEPTH_LIMIT} levels`);
  try {
    unlinkAt(dir, name);
    return;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return;
    if (!isErrno(error, 'EISDIR')) throw error;
  }
  const fd = openDirectoryInRoot(dir, name);
  try {
    for (const child of readdirSync(pathAt(fd), 'latin1')) removeEntry(fd, child, depth + 1);
  } finally {
    closeSync(fd);
  }
  removeDirectoryAt(dir, name);
}
