import { closeSync, openSync } from 'node:fs';
import { SyscallError } from '../base/errors.ts';
import { errnoName, libcFunction } from './libc.ts';

const flock = libcFunction<(fd: number, operation: number) => number>('int flock(int fd, int operation)');

const LOCK_EX = 2;
const LOCK_NB = 4;

/**
 * Takes an exclusive lock on a file, or gives up at once. The kernel lets go of it when this process ends, however it ends.
 *
 * @param path Made if absent, and left there: removing a lock file lets two hold "the" lock.
 * @returns `undefined` if another holds it. Disposing lets go.
 * @throws Node's error if the file cannot be opened. @throws {SyscallError} for what else the kernel refuses.
 */
export function tryLockFile(path: string): Disposable | undefined {
  const fd = openSync(path, 'a', 0o600);
  if (flock(fd, LOCK_EX | LOCK_NB) === 0) return { [Symbol.dispose]: () => closeSync(fd) };
  const errno = errnoName();
  closeSync(fd);
  if (errno === 'EWOULDBLOCK' || errno === 'EAGAIN') return undefined;
  throw new SyscallError('lock', errno, path);
}
