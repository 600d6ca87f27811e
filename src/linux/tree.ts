/**
 * Operations on entries of an open directory, which a path changed meanwhile cannot lead astray.
 *
 * Names of files are bytes, not text. They travel through JavaScript as strings of one character a byte (`latin1`), which
 * every name survives; {@linkcode bytesOf} makes the C string.
 *
 * @module
 */
import { constants } from 'node:fs';
import { isErrno } from '../base/errors.ts';
import { checkSyscall, libcFunction } from './libc.ts';

/** Bytes as a string of characters up to U+00FF. */
export type ByteString = string;

type Name = Buffer;

const syscallOpenat2 = libcFunction<(number: number, dir: number, path: Name, how: Buffer, size: number) => number>(
  'long syscall(long number, int dir, const void *path, const void *how, size_t size)',
);
const openat = libcFunction<(dir: number, name: Name, flags: number, mode: number) => number>(
  'int openat(int dir, const void *name, int flags, unsigned int mode)',
);
const mkdirat = libcFunction<(dir: number, name: Name, mode: number) => number>(
  'int mkdirat(int dir, const void *name, unsigned int mode)',
);
const mknodat = libcFunction<(dir: number, name: Name, mode: number, device: number) => number>(
  'int mknodat(int dir, const void *name, unsigned int mode, uint64_t device)',
);
const symlinkat = libcFunction<(target: Name, dir: number, name: Name) => number>(
  'int symlinkat(const void *target, int dir, const void *name)',
);
const linkat = libcFunction<(fromDir: number, from: Name, dir: number, name: Name, flags: number) => number>(
  'int linkat(int fromDir, const void *from, int dir, const void *name, int flags)',
);
const renameat = libcFunction<(fromDir: number, from: Name, dir: number, name: Name) => number>(
  'int renameat(int fromDir, const void *from, int dir, const void *name)',
);
const unlinkat = libcFunction<(dir: number, name: Name, flags: number) => number>('int unlinkat(int dir, const void *name, int flags)');
const fchownat = libcFunction<(dir: number, name: Name, uid: number, gid: number, flags: number) => number>(
  'int fchownat(int dir, const void *name, uint32_t uid, uint32_t gid, int flags)',
);
const fchmodat = libcFunction<(dir: number, name: Name, mode: number, flags: number) => number>(
  'int fchmodat(int dir, const void *name, unsigned int mode, int flags)',
);
const utimensat = libcFunction<(dir: number, name: Name, times: BigInt64Array, flags: number) => number>(
  'int utimensat(int dir, const void *name, const void *times, int flags)',
);
const futimens = libcFunction<(fd: number, times: BigInt64Array) => number>('int futimens(int fd, const void *times)');
const fchown = libcFunction<(fd: number, uid: number, gid: number) => number>('int fchown(int fd, uint32_t uid, uint32_t gid)');
const fchmod = libcFunction<(fd: number, mode: number) => number>('int fchmod(int fd, unsigned int mode)');

const SYS_OPENAT2 = 437;
const OPEN_HOW_BYTES = 24;
const MAX_TRIES = 100;
const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;
const RESOLVE = { noXdev: 0x01, noMagicLinks: 0x02, inRoot: 0x10 } as const;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;

/** The C string of a name. */
export function bytesOf(name: ByteString): Buffer {
  return Buffer.from(`${name}\0`, 'latin1');
}

/** A name as people read it: its bytes as UTF-8, where they are. */
export function textOf(name: ByteString): string {
  return Buffer.from(name, 'latin1').toString('utf8');
}

/**
 * The path under which calls that take one reach an entry of an open directory, or the directory itself. The entry is not
 * followed by `lstat` and the like, which an open descriptor's own link in `/proc` would be.
 */
export function pathAt(dir: number, name: ByteString = '.'): Buffer {
  return Buffer.from(`/proc/self/fd/${dir}/${name}`, 'latin1');
}

/**
 * Opens a directory as if `root` were the root of the file system: symbolic links and `..` on the way cannot leave it, nor
 * reach another mount.
 *
 * @param root An open directory.
 * @param path Relative to it; `.` for itself.
 * @returns A descriptor that serves for the other calls of this file. The caller closes it.
 * @throws {SyscallError} `ENOENT`, `ENOTDIR`, `ELOOP`….
 */
export function openDirectoryInRoot(root: number, path: ByteString): number {
  return openInRoot(root, path, constants.O_DIRECTORY, RESOLVE.inRoot | RESOLVE.noMagicLinks | RESOLVE.noXdev);
}

function openInRoot(root: number, path: ByteString, flags: number, resolve: number): number {
  const how = Buffer.alloc(OPEN_HOW_BYTES);
  how.writeUInt32LE(O_PATH | O_CLOEXEC | flags, 0);
  how.writeUInt32LE(resolve, 16);
  const cPath = bytesOf(path);
  for (let tries = 1; ; tries++) {
    try {
      return check(syscallOpenat2(SYS_OPENAT2, root, cPath, how, OPEN_HOW_BYTES), 'open', path);
    } catch (error) {
      // A rename or mount anywhere while `..` was being resolved: the kernel asks to be called again. openat2(2).
      if (!isErrno(error, 'EAGAIN') || tries === MAX_TRIES) throw error;
    }
  }
}

/**
 * Opens whatever a path leads to as if `root` were the root of the file system, across mounts. Symbolic links on the way are
 * followed inside it; links of `/proc` that lead anywhere are not.
 *
 * @param follow Whether a link in the last place is followed; with a final `/` it always is.
 * @returns A descriptor that cannot be read from but names the file for good. The caller closes it.
 * @throws {SyscallError} `ENOENT`, `ENOTDIR`, `ELOOP`….
 */
export function openPathInRoot(root: number, path: ByteString, follow: boolean = true): number {
  return openInRoot(root, path, follow ? 0 : constants.O_NOFOLLOW, RESOLVE.inRoot | RESOLVE.noMagicLinks);
}

/** Opens an entry that is a directory itself, for reading. @throws {SyscallError} `ENOTDIR` for a symbolic link. */
export function openDirectoryAt(dir: number, name: ByteString): number {
  const flags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW | O_CLOEXEC;
  return check(openat(dir, bytesOf(name), flags, 0), 'open', name);
}

/** Opens an entry for reading, without waiting on a fifo and without following a link. @throws {SyscallError} `ELOOP` for a link. */
export function openFileAt(dir: number, name: ByteString): number {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | O_CLOEXEC;
  return check(openat(dir, bytesOf(name), flags, 0), 'open', name);
}

/** Opens an entry itself, whatever it is, without touching it; a link is not followed. A descriptor that cannot be read from. */
export function openPathAt(dir: number, name: ByteString): number {
  return check(openat(dir, bytesOf(name), O_PATH | O_CLOEXEC | constants.O_NOFOLLOW, 0), 'open', name);
}

/** Makes a file and opens it for writing. @throws {SyscallError} `EEXIST` if anything has the name, a dangling link included. */
export function createFileAt(dir: number, name: ByteString): number {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW | O_CLOEXEC;
  return check(openat(dir, bytesOf(name), flags, 0o600), 'create', name);
}

/** @throws {SyscallError} `EEXIST`. */
export function makeDirectoryAt(dir: number, name: ByteString, mode: number): void {
  check(mkdirat(dir, bytesOf(name), mode), 'mkdir', name);
}

/**
 * Makes a fifo, socket or device.
 *
 * @param mode Type and permission bits; the process's umask applies.
 * @param device See {@linkcode deviceNumber}.
 * @throws {SyscallError} `EEXIST`; `EPERM` without CAP_MKNOD, except for the device 0:0.
 */
export function makeNodeAt(dir: number, name: ByteString, mode: number, device: number): void {
  check(mknodat(dir, bytesOf(name), mode, device), 'mknod', name);
}

/** The number of a device as mknod(2) takes it. Linux knows majors up to 4095 and minors up to 1048575. */
export function deviceNumber(major: number, minor: number): number {
  return (minor & 0xfff00) * 4096 + ((major & 0xfff) << 8) + (minor & 0xff);
}

/** @throws {SyscallError} `EEXIST`. */
export function makeSymlinkAt(dir: number, name: ByteString, target: ByteString): void {
  check(symlinkat(bytesOf(target), dir, bytesOf(name)), 'symlink', name);
}

/** Gives a file a second name. A symbolic link is linked to itself, not followed. @throws {SyscallError} `EEXIST`, `ENOENT`. */
export function linkAt(fromDir: number, from: ByteString, dir: number, name: ByteString): void {
  check(linkat(fromDir, bytesOf(from), dir, bytesOf(name), 0), 'link', name);
}

/** @throws {SyscallError} `ENOENT`. */
export function renameAt(fromDir: number, from: ByteString, dir: number, name: ByteString): void {
  check(renameat(fromDir, bytesOf(from), dir, bytesOf(name)), 'rename', from);
}

/** @throws {SyscallError} `EISDIR` for a directory. */
export function unlinkAt(dir: number, name: ByteString): void {
  check(unlinkat(dir, bytesOf(name), 0), 'unlink', name);
}

/** @throws {SyscallError} `ENOTEMPTY`. */
export function removeDirectoryAt(dir: number, name: ByteString): void {
  check(unlinkat(dir, bytesOf(name), AT_REMOVEDIR), 'rmdir', name);
}

/** Changes the owner of an entry itself, also if it is a symbolic link. */
export function setOwnerAt(dir: number, name: ByteString, uid: number, gid: number): void {
  check(fchownat(dir, bytesOf(name), uid, gid, AT_SYMLINK_NOFOLLOW), 'chown', name);
}

/** Changes the mode of an entry that is known to be no symbolic link (those are followed). */
export function setModeAt(dir: number, name: ByteString, mode: number): void {
  check(fchmodat(dir, bytesOf(name), mode, 0), 'chmod', name);
}

/** Sets access and modification time of an entry itself, also if it is a symbolic link. */
export function setTimeAt(dir: number, name: ByteString, timeNs: bigint): void {
  check(utimensat(dir, bytesOf(name), timesOf(timeNs), AT_SYMLINK_NOFOLLOW), 'set time of', name);
}

/** What {@linkcode setMetadata} gives a file. */
export interface FileMetadata {
  readonly uid: number;
  readonly gid: number;
  /** Permission bits, set-id and sticky bits included. */
  readonly mode: number;
}

/** Sets owner and then mode, because a change of owner clears the set-id bits. */
export function setMetadata(fd: number, { uid, gid, mode }: FileMetadata): void {
  checkSyscall(fchown(fd, uid, gid), 'chown');
  checkSyscall(fchmod(fd, mode), 'chmod');
}

/** Sets the mode of an open file. */
export function setMode(fd: number, mode: number): void {
  checkSyscall(fchmod(fd, mode), 'chmod');
}

/** Sets access and modification time of an open file. */
export function setTime(fd: number, timeNs: bigint): void {
  checkSyscall(futimens(fd, timesOf(timeNs)), 'set time');
}

/** Two struct timespec of 64-bit Linux. */
const times = new BigInt64Array(4);

function timesOf(timeNs: bigint): BigInt64Array {
  // The nanoseconds are never negative: -0.5 s is -1 s and 500,000,000 ns.
  const ns = ((timeNs % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (timeNs - ns) / 1_000_000_000n;
  times[0] = seconds;
  times[1] = ns;
  times[2] = seconds;
  times[3] = ns;
  return times;
}

/** As {@linkcode checkSyscall}; the name becomes text only where there is an error to tell. */
function check(result: number, call: string, name: ByteString): number {
  return result < 0 ? checkSyscall(result, call, textOf(name)) : result;
}
