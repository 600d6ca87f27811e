import assert from 'node:assert/strict';
import { it } from 'node:test';
import { SyscallError } from '../base/errors.ts';
import { checkSyscall, errnoName, libcFunction } from './libc.ts';

// Node lists two names for 11 and 95; callers compare with the kernel's.
it('errnoName() uses the names of the kernel documents', () => {
  assert.deepEqual(
    [1, 2, 11, 95, 9999].map((errno) => errnoName(errno)),
    ['EPERM', 'ENOENT', 'EAGAIN', 'EOPNOTSUPP', 'E9999'],
  );
});

it('checkSyscall() says which call failed on what and why', () => {
  const rmdir = libcFunction<(path: string) => number>('int rmdir(const char *path)');
  assert.throws(
    () => checkSyscall(rmdir('/nonexistent'), 'rmdir', '/nonexistent'),
    (error) =>
      error instanceof SyscallError &&
      error.errno === 'ENOENT' &&
      error.code === 'NotFound' &&
      error.message === 'Cannot rmdir "/nonexistent": ENOENT',
  );
});
