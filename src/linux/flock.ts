import { closeSync, constants, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { PierError, isErrno } from '../base/errors.ts';
import { checkSyscall, libcFunction } from './libc.ts';

const flock = libcFunction<(fd: number, operation: number) => number>('int flock(int fd, int operation)');

const LOCK_EX = 2;
const LOCK_NB = 4;
const O_CLOEXEC = 0o2000000;

/** A lock that this process holds. */
export interface FileLock extends Disposable {
  readonly path: string;
}

/**
 * Takes an exclusive lock on a file and writes this process's id into it. The kernel drops the lock when the process ends,
 * however it ends; the file stays, for removing it would let two processes lock two files of one name.
 *
 * @param path Made if absent.
 * @throws {PierError} `Conflict` with reason `lock.held` and the fact `pid` (empty if unknown) if another holder has it.
 */
export function lockFile(path: string): FileLock {
  // libuv opens with O_CLOEXEC by itself; a lock that children inherit would outlive its holder.
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | O_CLOEXEC, 0o600);
  try {
    checkSyscall(flock(fd, LOCK_EX | LOCK_NB), 'lock', path);
    writeHolder(fd);
  } catch (error) {
    const pid = isErrno(error, 'EAGAIN') ? readFileSync(path, 'utf8').trim() : undefined;
    closeSync(fd);
    if (pid === undefined) throw error;
    const holder = pid === '' ? 'another process' : `process ${pid}`;
    throw new PierError('Conflict', `Cannot lock "${path}": ${holder} holds it`, { reason: 'lock.held', facts: { pid } });
  }
  let held = true;
  return {
    path,
    [Symbol.dispose]() {
      if (held) closeSync(fd);
      held = false;
    },
  };
}

/** As {@linkcode lockFile}, for those who can come again. @returns `undefined` if another holds it. */
export function tryLockFile(path: string): FileLock | undefined {
  try {
    return lockFile(path);
  } catch (error) {
    if (error instanceof PierError && error.reason === 'lock.held') return undefined;
    throw error;
  }
}

/** For people and error texts. On a full disk the lock holds without it. */
function writeHolder(fd: number): void {
  try {
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`, 0);
  } catch (error) {
    if (!isErrno(error, 'ENOSPC') && !isErrno(error, 'EDQUOT')) throw error;
  }
}
