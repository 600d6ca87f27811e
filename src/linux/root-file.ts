import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { PierError, SyscallError } from '../base/errors.ts';
import { errnoName, libcFunction } from './libc.ts';

const openat2 = libcFunction<(number: number, dirFd: number, path: string, how: BigUint64Array, size: number) => number>(
  'long syscall(long number, int dirFd, const char *path, const void *how, size_t size)',
);

/** The same number on every architecture: it was given after the tables were unified. */
const SYS_OPENAT2 = 437;
const O_PATH = 0x20_0000;
const O_CLOEXEC = 0x8_0000;
const RESOLVE_NO_MAGICLINKS = 0x02n;
const RESOLVE_IN_ROOT = 0x10n;
/** A lookup that races with a rename gives EAGAIN; one that always does is under attack. */
const MAX_TRIES = 16;

/**
 * Reads a small file below a root that may be hostile: symbolic links, absolute ones too, are followed inside it, and
 * only a regular file is opened for reading (opening a device or a pipe may act or block).
 *
 * @param root Host directory.
 * @param path Relative to it: `etc/passwd`.
 * @param maxBytes The size it may have.
 * @returns Its content; `undefined` if there is no such file.
 * @throws {PierError} `ResourceExhausted` if it is larger; `InvalidArgument` if it is no regular file.
 */
export function readFileInRoot(root: string, path: string, maxBytes: number): Buffer | undefined {
  const rootFd = openSync(root, O_PATH | O_CLOEXEC | constants.O_DIRECTORY);
  try {
    const fd = openBeneath(rootFd, path);
    if (fd === undefined) return undefined;
    try {
      return readRegular(fd, path, maxBytes);
    } finally {
      closeSync(fd);
    }
  } finally {
    closeSync(rootFd);
  }
}

function openBeneath(rootFd: number, path: string): number | undefined {
  const how = BigUint64Array.of(BigInt(O_PATH | O_CLOEXEC), 0n, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
  for (let tries = 1; ; tries++) {
    const fd = openat2(SYS_OPENAT2, rootFd, path, how, how.byteLength);
    if (fd >= 0) return fd;
    const errno = errnoName();
    if (errno === 'ENOENT' || errno === 'ENOTDIR' || errno === 'ELOOP') return undefined;
    if (errno !== 'EAGAIN' || tries === MAX_TRIES) throw new SyscallError('openat2', errno, path);
  }
}

function readRegular(pathFd: number, path: string, maxBytes: number): Buffer {
  const { size } = regularStat(pathFd, path);
  const tooLarge = (): PierError => new PierError('ResourceExhausted', `Cannot read file "${path}": it has more than ${maxBytes} bytes`);
  if (size > maxBytes) throw tooLarge();
  // What was looked at is what is opened: the link names the descriptor's own file.
  const fd = openSync(`/proc/self/fd/${pathFd}`, constants.O_RDONLY | O_CLOEXEC);
  try {
    // One byte more than it had, to see that it did not grow.
    const content = Buffer.allocUnsafe(Math.min(size, maxBytes) + 1);
    let length = 0;
    while (length < content.length) {
      const count = readSync(fd, content, length, content.length - length, null);
      if (count === 0) break;
      length += count;
    }
    if (length > maxBytes) throw tooLarge();
    return content.subarray(0, length);
  } finally {
    closeSync(fd);
  }
}

function regularStat(fd: number, path: string): { readonly size: number } {
  const stat = fstatSync(fd);
  if (!stat.isFile()) throw new PierError('InvalidArgument', `Cannot read file "${path}": it is no regular file`);
  return stat;
}
