import { SyscallError, isErrno } from '../base/errors.ts';
import { checkSyscall, libcFunction } from './libc.ts';

const lsetxattr = libcFunction<(path: Buffer, name: string, value: Uint8Array, size: number, flags: number) => number>(
  'int lsetxattr(const void *path, const char *name, const void *value, size_t size, int flags)',
);
const fsetxattr = libcFunction<(fd: number, name: string, value: Uint8Array, size: number, flags: number) => number>(
  'int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)',
);
const lgetxattr = libcFunction<(path: Buffer, name: string, value: Buffer, size: number) => number>(
  'long lgetxattr(const void *path, const char *name, void *value, size_t size)',
);
const llistxattr = libcFunction<(path: Buffer, list: Buffer, size: number) => number>(
  'long llistxattr(const void *path, void *list, size_t size)',
);

/** What the kernel allows for one value and for the list of names. xattr(7). */
const XATTR_LIMIT_BYTES = 65_536;

// Used between a call and the copy of its result only; everything here is synchronous.
const scratch = Buffer.allocUnsafeSlow(XATTR_LIMIT_BYTES);

/**
 * Sets an extended attribute of an open file, or of the entry a path names; a symbolic link is not followed.
 *
 * @throws {SyscallError} `EOPNOTSUPP` where the file system or the type of file cannot have it.
 */
export function setXattr(file: number | string | Buffer, name: string, value: Uint8Array): void {
  const size = value.byteLength;
  if (typeof file === 'number') checkSyscall(fsetxattr(file, name, value, size, 0), 'setxattr', name);
  else checkSyscall(lsetxattr(cPath(file), name, value, size, 0), 'setxattr', String(file));
}

/** The value of an extended attribute of the entry itself; `undefined` if it has none. */
export function getXattr(path: string | Buffer, name: string): Buffer | undefined {
  try {
    const size = checkSyscall(lgetxattr(cPath(path), name, scratch, scratch.length), 'getxattr', String(path));
    return Buffer.from(scratch.subarray(0, size));
  } catch (error) {
    if (isErrno(error, 'ENODATA') || isUnsupported(error)) return undefined;
    throw error;
  }
}

/** The names of an entry's extended attributes; none where the file system has none. */
export function listXattrs(path: string | Buffer): readonly string[] {
  try {
    const size = checkSyscall(llistxattr(cPath(path), scratch, scratch.length), 'listxattr', String(path));
    if (size === 0) return [];
    return scratch.toString('utf8', 0, size - 1).split('\0');
  } catch (error) {
    if (isUnsupported(error)) return [];
    throw error;
  }
}

function isUnsupported(error: unknown): boolean {
  return error instanceof SyscallError && (error.errno === 'EOPNOTSUPP' || error.errno === 'ENOTSUP');
}

function cPath(path: string | Buffer): Buffer {
  return typeof path === 'string' ? Buffer.from(`${path}\0`) : Buffer.concat([path, Buffer.of(0)]);
}
