import { isErrno } from '../base/errors.ts';
import { checkSyscall, libcFunction } from './libc.ts';

const fallocate = libcFunction<(fd: number, mode: number, offset: number, bytes: number) => number>(
  'int fallocate(int fd, int mode, int64_t offset, int64_t bytes)',
);

const FALLOC_FL_KEEP_SIZE = 1;

/**
 * Gives a file its disk blocks ahead, up to `bytes` from its beginning; its size and content stay. Later writes there need
 * no free disk.
 *
 * @param fd Open for writing.
 * @returns `false` where the file system cannot do it.
 * @throws {SyscallError} `ENOSPC`.
 */
export function preallocate(fd: number, bytes: number): boolean {
  try {
    checkSyscall(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, bytes), 'fallocate');
    return true;
  } catch (error) {
    if (isErrno(error, 'EOPNOTSUPP') || isErrno(error, 'ENOSYS')) return false;
    throw error;
  }
}
