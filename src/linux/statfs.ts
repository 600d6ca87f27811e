import { statfsSync } from 'node:fs';
import { libcFunction, checkSyscall } from './libc.ts';

const statvfs = libcFunction<(path: string, buffer: Buffer) => number>('int statvfs(const char *path, void *buffer)');

/** struct statvfs on 64-bit Linux: `f_flag` follows nine longs in glibc and musl alike. The buffer has room for either's tail. */
const STATVFS_BYTES = 256;
const FLAG_OFFSET = 72;

/** statvfs's own bit, which differs from mount(2)'s. */
const ST_RELATIME = 4096;
const MS_RELATIME = 1 << 21;
/** The bits that mean the same to both: read-only, nosuid, nodev, noexec, noatime, nodiratime. */
const SHARED_BITS = 1 | 2 | 4 | 8 | 1024 | 2048;

/** What a file system is and holds. */
export interface FileSystemInfo {
  /** A short name such as `extfs`, `btrfs` or `overlayfs`; hexadecimal where it is not known here. */
  readonly typeName: string;
  readonly totalBytes: number;
  /** Free for unprivileged users. */
  readonly availableBytes: number;
}

/** linux/magic.h. */
const TYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [0x61756673, 'aufs'],
  [0x9123683e, 'btrfs'],
  [0xef53, 'extfs'],
  [0xf2f52010, 'f2fs'],
  [0x65735546, 'fuse'],
  [0x6969, 'nfs'],
  [0x794c7630, 'overlayfs'],
  [0x01021994, 'tmpfs'],
  [0x58465342, 'xfs'],
  [0x2fc12fc1, 'zfs'],
]);

/**
 * Asks the file system that holds a path what it is and how full.
 *
 * @throws Node's error for the errno.
 */
export function readFileSystem(path: string): FileSystemInfo {
  const { type, blocks, bavail, bsize } = statfsSync(path);
  return {
    typeName: TYPE_NAMES.get(type) ?? `0x${type.toString(16)}`,
    totalBytes: blocks * bsize,
    availableBytes: bavail * bsize,
  };
}

/**
 * The flags of the mount that holds a path, as mount(2) takes them.
 *
 * @throws {SyscallError}
 */
export function readMountFlags(path: string): number {
  const buffer = Buffer.alloc(STATVFS_BYTES);
  checkSyscall(statvfs(path, buffer), 'statvfs', path);
  const flags = Number(buffer.readBigUInt64LE(FLAG_OFFSET));
  return (flags & SHARED_BITS) | ((flags & ST_RELATIME) === 0 ? 0 : MS_RELATIME);
}

/** The same in `struct statvfs` and linux/mount.h. */
const GUARDS = [
  [1, 'ro'],
  [2, 'nosuid'],
  [4, 'nodev'],
  [8, 'noexec'],
] as const;

/**
 * The words of fstab for what the mount that holds a path forbids.
 *
 * @throws {SyscallError}
 */
export function readMountGuards(path: string): string[] {
  const flags = readMountFlags(path);
  return GUARDS.filter(([bit]) => (flags & bit) !== 0).map(([, word]) => word);
}

/**
 * Tells whether the mount that holds a path, or its file system, is read-only.
 *
 * @throws {SyscallError}
 */
export function isReadOnly(path: string): boolean {
  return (readMountFlags(path) & 1) !== 0;
}
