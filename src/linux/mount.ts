/**
 * Mounts, performed by system call.
 *
 * @module
 */
import { readFileSync } from 'node:fs';
import { PierError, SyscallError, isErrno } from '../base/errors.ts';
import { traceStep } from '../base/trace.ts';
import { checkSyscall, libcFunction } from './libc.ts';
import { mountByContext } from './mount-context.ts';
import { readMountFlags } from './statfs.ts';
import type { Mount } from './mount-spec.ts';

const mount2 = libcFunction<(source: string, target: string, type: string | null, flags: number, data: string | null) => number>(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
);
const umount2 = libcFunction<(target: string, flags: number) => number>('int umount2(const char *target, int flags)');

/** linux/mount.h. */
const MS = {
  RDONLY: 1,
  NOSUID: 2,
  NODEV: 4,
  NOEXEC: 8,
  SYNCHRONOUS: 16,
  REMOUNT: 32,
  DIRSYNC: 128,
  NOSYMFOLLOW: 256,
  NOATIME: 1024,
  NODIRATIME: 2048,
  BIND: 4096,
  REC: 16384,
  SILENT: 32768,
  UNBINDABLE: 1 << 17,
  PRIVATE: 1 << 18,
  SLAVE: 1 << 19,
  SHARED: 1 << 20,
  RELATIME: 1 << 21,
  STRICTATIME: 1 << 24,
  LAZYTIME: 1 << 25,
} as const;

interface FlagOption {
  readonly set?: number;
  readonly clear?: number;
  readonly propagation?: number;
}

const FLAG_OPTIONS: ReadonlyMap<string, FlagOption> = new Map<string, FlagOption>([
  ['defaults', {}],
  ['bind', { set: MS.BIND }],
  ['rbind', { set: MS.BIND | MS.REC }],
  ['ro', { set: MS.RDONLY }],
  ['rw', { clear: MS.RDONLY }],
  ['nosuid', { set: MS.NOSUID }],
  ['suid', { clear: MS.NOSUID }],
  ['nodev', { set: MS.NODEV }],
  ['dev', { clear: MS.NODEV }],
  ['noexec', { set: MS.NOEXEC }],
  ['exec', { clear: MS.NOEXEC }],
  ['sync', { set: MS.SYNCHRONOUS }],
  ['async', { clear: MS.SYNCHRONOUS }],
  ['dirsync', { set: MS.DIRSYNC }],
  ['nosymfollow', { set: MS.NOSYMFOLLOW }],
  ['noatime', { set: MS.NOATIME }],
  ['atime', { clear: MS.NOATIME }],
  ['nodiratime', { set: MS.NODIRATIME }],
  ['relatime', { set: MS.RELATIME }],
  ['strictatime', { set: MS.STRICTATIME }],
  ['lazytime', { set: MS.LAZYTIME }],
  ['silent', { set: MS.SILENT }],
  ['private', { propagation: MS.PRIVATE }],
  ['rprivate', { propagation: MS.PRIVATE | MS.REC }],
  ['shared', { propagation: MS.SHARED }],
  ['rshared', { propagation: MS.SHARED | MS.REC }],
  ['slave', { propagation: MS.SLAVE }],
  ['rslave', { propagation: MS.SLAVE | MS.REC }],
  ['unbindable', { propagation: MS.UNBINDABLE }],
  ['runbindable', { propagation: MS.UNBINDABLE | MS.REC }],
]);

/** Flags of a bind mount that take effect only by a second call. */
const PER_MOUNT = MS.RDONLY | MS.NOSUID | MS.NODEV | MS.NOEXEC | MS.NOSYMFOLLOW | MS.NOATIME | MS.NODIRATIME;

/** mount(2) copies one page of options, the final zero byte included. */
const OPTION_PAGE_BYTES = 4096;

/**
 * The kernel's defaults for these depend on how it was built and on module parameters; a directory written under one
 * setting may not be readable under another, so none of them is left to chance.
 */
const OVERLAY_PINNED = ['redirect_dir=off', 'metacopy=off', 'index=off'] as const;

/**
 * Performs a mount.
 *
 * Option words that mount(8) knows as flags become flags (`ro`, `nosuid`, `rbind`, `private`…); the rest goes to the file
 * system. `ro` on an `rbind` concerns its topmost mount. An overlay of any number of layers is mounted: when its options do
 * not fit mount(2) the newer mount interface is used (Linux 6.5).
 *
 * @param mount What to mount. In overlay directories `:`, `,` and `\` are escaped by `\`; see {@linkcode escapeOverlayPath}.
 * @param target An existing directory, or a file for a `bind` of a file.
 * @throws {SyscallError} as the kernel answers. Nothing stays mounted then.
 */
export function performMount(mount: Mount, target: string): void {
  const { flags, propagation, data } = parseOptions(mount);
  traceStep('mount', () => ({ ...mount, target }));
  if ((flags & MS.BIND) !== 0) {
    if (data.length > 0) throw new PierError('InvalidArgument', `Cannot mount "${target}": bind mounts have no option "${data[0]}"`);
    bindWithFlags(mount.source, target, flags);
  } else {
    const text = data.join(',');
    if (mount.type === 'overlay' && Buffer.byteLength(text) >= OPTION_PAGE_BYTES) {
      mountByContext({ type: mount.type, source: mount.source, target, data, ...attributesOf(flags) });
    } else {
      checkSyscall(mount2(mount.source, target, mount.type, flags, text), 'mount', target);
    }
  }
  for (const flag of propagation) orUnmount(target, () => checkSyscall(mount2('none', target, null, flag, null), 'mount', target));
}

/**
 * Makes `source` visible at `target` as well.
 *
 * @param source A directory or a file, such as a namespace under `/proc`.
 * @param target One of the same kind.
 * @param options Flag words as in fstab: `ro`, `private`.
 * @throws {SyscallError} as the kernel answers.
 */
export function bindMount(source: string, target: string, options: readonly string[] = []): void {
  performMount({ type: 'bind', source, options }, target);
}

/** How {@linkcode unmount} goes about it. */
export interface UnmountOptions {
  /** Takes the mount out of sight at once and lets it end when nobody uses it any more. @default {false} */
  readonly detach?: boolean;
}

/**
 * Unmounts the topmost mount at a path. A symbolic link there is not followed.
 *
 * @returns Whether something was mounted there.
 * @throws {SyscallError} for everything but its absence: `EBUSY` while it is in use and not detached.
 */
export function unmount(target: string, options: UnmountOptions = {}): boolean {
  const MNT_DETACH = 2;
  const UMOUNT_NOFOLLOW = 8;
  try {
    checkSyscall(umount2(target, UMOUNT_NOFOLLOW | (options.detach === true ? MNT_DETACH : 0)), 'unmount', target);
    traceStep('unmount', () => ({ target, isDetached: options.detach === true }));
    return true;
  } catch (error) {
    if (isErrno(error, 'EINVAL') || isErrno(error, 'ENOENT')) return false;
    throw error;
  }
}

/** One line of `/proc/self/mountinfo`. proc_pid_mountinfo(5). */
export interface MountTableEntry {
  /** Where it is mounted. */
  readonly target: string;
  /** A device, or whatever the file system calls its source. */
  readonly source: string;
  readonly fsType: string;
  /** The part of the file system that is shown: not `/` for a bind mount of a subtree. */
  readonly root: string;
  /** Per-mount options, then those of the file system. */
  readonly options: readonly string[];
}

/** All mounts of this process's mount namespace, in the order in which they were made. */
export function readMountTable(): readonly MountTableEntry[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map(parseMountLine);
}

/** Writes a path so that it may stand in an overlay's `lowerdir=`, `upperdir=` or `workdir=`. */
export function escapeOverlayPath(path: string): string {
  return path.replaceAll(/[\\,:]/g, String.raw`\$&`);
}

function parseMountLine(line: string): MountTableEntry {
  const separator = line.indexOf(' - ');
  const [, , , root = '', target = '', mountOptions = ''] = line.slice(0, separator).split(' ');
  const [fsType = '', source = '', superOptions = ''] = line.slice(separator + 3).split(' ');
  return {
    target: unescapeOctal(target),
    source: unescapeOctal(source),
    fsType,
    root: unescapeOctal(root),
    options: [...mountOptions.split(','), ...superOptions.split(',')].map(unescapeOctal),
  };
}

/** The kernel writes space, tab, line feed and backslash as three octal digits. */
function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 8)));
}

function parseOptions(mount: Mount): { flags: number; propagation: readonly number[]; data: readonly string[] } {
  let flags = mount.type === 'bind' ? MS.BIND : 0;
  const propagation: number[] = [];
  const data: string[] = [];
  for (const option of mount.options) {
    const known = FLAG_OPTIONS.get(option);
    if (known === undefined) data.push(option);
    else if (known.propagation === undefined) flags = (flags | (known.set ?? 0)) & ~(known.clear ?? 0);
    else propagation.push(known.propagation);
  }
  if (mount.type === 'overlay') {
    const given = new Set(data.map((option) => option.split('=', 1)[0]));
    data.push(...OVERLAY_PINNED.filter((option) => !given.has(option.split('=', 1)[0])));
  }
  return { flags, propagation, data };
}

function bindWithFlags(source: string, target: string, flags: number): void {
  checkSyscall(mount2(source, target, null, flags & (MS.BIND | MS.REC), null), 'mount', target);
  if ((flags & PER_MOUNT) === 0) return;
  // A remount sets all flags anew: those that the source's mount has are kept, or `ro` would take `nosuid` away.
  orUnmount(target, () => {
    const kept = readMountFlags(target);
    checkSyscall(mount2('none', target, null, MS.BIND | MS.REMOUNT | kept | (flags & PER_MOUNT), null), 'mount', target);
  });
}

function attributesOf(flags: number): { readOnly: boolean; attributes: number } {
  // linux/mount.h, MOUNT_ATTR_*: the first four bits are the same; the others moved.
  const low = flags & (MS.RDONLY | MS.NOSUID | MS.NODEV | MS.NOEXEC);
  const moved = ((flags & MS.NOATIME) === 0 ? 0 : 0x10) | ((flags & MS.NODIRATIME) === 0 ? 0 : 0x80);
  return { readOnly: (flags & MS.RDONLY) !== 0, attributes: low | moved };
}

function orUnmount(target: string, step: () => void): void {
  try {
    step();
  } catch (error) {
    try {
      unmount(target, { detach: true });
    } catch (cleanup) {
      throw new SuppressedError(cleanup, error, error instanceof SyscallError ? error.message : `Cannot mount "${target}"`);
    }
    throw error;
  }
}
