/**
 * Trees of mounts in a namespace of their own, which nothing but their descriptors keeps: whoever dies leaves no mount
 * behind, and nobody else sees one.
 *
 * The calling thread visits the namespace and is back in its own on return; everything is synchronous. Threads share their
 * root and working directory until one of them needs a mount namespace, so this is for worker threads only.
 *
 * @module
 */
import { closeSync, constants, openSync, statSync } from 'node:fs';
import { posix } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { PierError, isErrno } from '../base/errors.ts';
import { checkSyscall, errnoName, libcFunction } from './libc.ts';
import { performMount, unmount } from './mount.ts';
import { isProcessAlive } from './process.ts';
import { createFileAt, makeDirectoryAt, openPathInRoot } from './tree.ts';
import type { Mount } from './mount-spec.ts';

const unshare = libcFunction<(flags: number) => number>('int unshare(int flags)');
const setns = libcFunction<(fd: number, type: number) => number>('int setns(int fd, int nstype)');
const fchdir = libcFunction<(fd: number) => number>('int fchdir(int fd)');
const chroot = libcFunction<(path: string) => number>('int chroot(const char *path)');
const openat = libcFunction<(dir: number, path: string, flags: number, mode: number) => number>(
  'int openat(int dir, const char *path, int flags, unsigned int mode)',
);
const setPropagation = libcFunction<(source: string, target: string, type: null, flags: number, data: null) => number>(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)',
);
const syscallTree = libcFunction<(number: number, dir: number, path: string, flags: number) => number>(
  'long syscall(long number, long dir, const char *path, long flags)',
);
const syscallMove = libcFunction<(number: number, fromFd: number, fromPath: string, toFd: number, toPath: string, flags: number) => number>(
  'long syscall(long number, long fromFd, const char *fromPath, long toFd, const char *toPath, long flags)',
);
const syscallSetattr = libcFunction<
  (number: number, fd: number, path: string, flags: number, attr: BigUint64Array, size: number) => number
>('long syscall(long number, long fd, const char *path, long flags, const void *attr, long size)');

const CLONE_FS = 0x200;
const CLONE_NEWNS = 0x20000;
const O_PATH = 0o10000000;
const MS = { REC: 16384, PRIVATE: 1 << 18, SLAVE: 1 << 19 } as const;
/** The same numbers on every architecture. */
const SYS = { openTree: 428, moveMount: 429, mountSetattr: 442 } as const;
const OPEN_TREE = { CLONE: 1, CLOEXEC: 0o2000000 } as const;
const AT = { FDCWD: -100, EMPTY_PATH: 0x1000, RECURSIVE: 0x8000 } as const;
const MOVE_MOUNT_BOTH_EMPTY = 0x44;
const ATTR = { RDONLY: 1n, NODEV: 4n } as const;

/** A tree of mounts. Disposing of it takes the mounts away. */
export interface MountView extends Disposable {
  /** Its root, opened with O_PATH. */
  readonly root: number;
}

/** One certain process. */
export interface ProcessRef {
  readonly pid: number;
  /** See `processStartTicks`. */
  readonly startTicks: number;
}

/** Something of the host's to show in a {@linkcode composeMounts} view. */
export interface AttachedMount {
  /** A directory or file. One that is not there is left out. */
  readonly source: string;
  /** Where; resolved inside the view, made if it is not there. */
  readonly target: string;
  readonly isReadOnly: boolean;
}

/** What {@linkcode composeMounts} puts together. */
export interface ComposedMounts {
  /** A directory of the host's on which the view is built: nobody else sees it covered. */
  readonly directory: string;
  readonly root: readonly Mount[];
  /** Used in place of `root`, unless something that is attached lacks its place there. */
  readonly readOnlyRoot: readonly Mount[] | undefined;
  readonly isRootReadOnly: boolean;
  readonly attached: readonly AttachedMount[];
}

/** Shown by the kernel and the engine, not part of a container's files. */
const PSEUDO_TREES = ['/proc', '/sys', '/dev'];

/**
 * A private copy of what a process sees mounted, without `/proc`, `/sys` and `/dev`. Devices in it cannot be opened.
 *
 * @returns `undefined` if the process has ended.
 * @throws {SyscallError} as the kernel answers.
 */
export function copyMountsOf(process: ProcessRef): MountView | undefined {
  const namespace = openNamespaceOf(process);
  if (namespace === undefined) return undefined;
  try {
    return visit(
      () => checkSyscall(setns(namespace, CLONE_NEWNS), 'enter mount namespace'),
      () => {
        checkSyscall(setPropagation('none', '/', null, MS.REC | MS.PRIVATE, null), 'mount', '/');
        for (const path of PSEUDO_TREES) while (unmount(path, { detach: true }));
        const root = openSync('/', O_PATH | constants.O_DIRECTORY);
        setAttributes(root, ATTR.NODEV, AT.RECURSIVE);
        return root;
      },
    );
  } finally {
    closeSync(namespace);
  }
}

/**
 * A tree put together from a root and what is attached to it.
 *
 * @throws {SyscallError} as the kernel answers.
 */
export function composeMounts(mounts: ComposedMounts): MountView {
  return visit(
    () => {},
    () => {
      // What the host unmounts goes here, too; nothing goes the other way.
      checkSyscall(setPropagation('none', '/', null, MS.REC | MS.SLAVE, null), 'mount', '/');
      try {
        return build(mounts, mounts.readOnlyRoot ?? mounts.root);
      } catch (error) {
        if (mounts.readOnlyRoot === undefined || !isErrno(error, 'EROFS')) throw error;
        unmount(mounts.directory, { detach: true });
        return build(mounts, mounts.root);
      }
    },
  );
}

function build({ directory, isRootReadOnly, attached }: ComposedMounts, mounts: readonly Mount[]): number {
  // Before the root covers anything.
  const sources = attached.flatMap((mount) => {
    const fd = cloneTree(mount.source);
    return fd === undefined ? [] : [{ ...mount, fd }];
  });
  try {
    for (const mount of mounts) performMount(mount, directory);
    const root = openSync(directory, O_PATH | constants.O_DIRECTORY);
    try {
      // Shallow ones first, as `/a` would cover `/a/b`.
      for (const source of sources.toSorted((a, b) => depthOf(a.target) - depthOf(b.target))) attach(root, source);
      setAttributes(root, isRootReadOnly ? ATTR.NODEV | ATTR.RDONLY : ATTR.NODEV);
      return root;
    } catch (error) {
      closeSync(root);
      throw error;
    }
  } finally {
    for (const { fd } of sources) closeSync(fd);
  }
}

function attach(root: number, { fd, source, target, isReadOnly }: AttachedMount & { readonly fd: number }): void {
  setAttributes(fd, isReadOnly ? ATTR.NODEV | ATTR.RDONLY : ATTR.NODEV, AT.RECURSIVE);
  const place = openOrMake(root, target, statSync(`/proc/self/fd/${fd}`).isDirectory());
  try {
    checkSyscall(syscallMove(SYS.moveMount, fd, '', place, '', MOVE_MOUNT_BOTH_EMPTY), 'mount', source);
  } finally {
    closeSync(place);
  }
}

function cloneTree(path: string): number | undefined {
  const fd = syscallTree(SYS.openTree, AT.FDCWD, path, OPEN_TREE.CLONE | OPEN_TREE.CLOEXEC | AT.RECURSIVE);
  if (fd < 0 && errnoName() === 'ENOENT') return undefined;
  return checkSyscall(fd, 'open_tree', path);
}

function openOrMake(root: number, path: string, isDirectory: boolean): number {
  const name = Buffer.from(path).toString('latin1');
  try {
    return openPathInRoot(root, name);
  } catch (error) {
    if (!isErrno(error, 'ENOENT') || name === '/') throw error;
  }
  const parent = openOrMake(root, posix.dirname(path), true);
  try {
    const base = posix.basename(name);
    if (isDirectory) makeDirectoryAt(parent, base, 0o755);
    else closeSync(createFileAt(parent, base));
  } finally {
    closeSync(parent);
  }
  return openPathInRoot(root, name);
}

function depthOf(path: string): number {
  return path.split('/').filter((part) => part !== '').length;
}

/** Sets attributes of a mount, and makes it private. Linux 5.12. */
function setAttributes(fd: number, set: bigint, flags: number = 0): void {
  const attr = BigUint64Array.of(set, 0n, BigInt(MS.PRIVATE), 0n);
  checkSyscall(syscallSetattr(SYS.mountSetattr, fd, '', AT.EMPTY_PATH | flags, attr, attr.byteLength), 'mount_setattr');
}

function openNamespaceOf({ pid, startTicks }: ProcessRef): number | undefined {
  let fd: number;
  try {
    fd = openSync(`/proc/${pid}/ns/mnt`, 'r');
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ESRCH')) return undefined;
    throw error;
  }
  // Only now is it certain whose namespace that is.
  if (isProcessAlive(pid, startTicks)) return fd;
  closeSync(fd);
  return undefined;
}

/** Builds a tree in a new copy of the mount namespace that `enter` leads to. @param make Returns the tree's root. */
function visit(enter: () => void, make: () => number): MountView {
  if (isMainThread) throw new PierError('Internal', 'Cannot build a view of mounts on the main thread');
  using held = new DisposableStack();
  const hold = (fd: number): number => {
    held.defer(() => closeSync(fd));
    return fd;
  };
  const home = hold(openSync('/proc/thread-self/ns/mnt', 'r'));
  const homeRoot = hold(openSync('/', O_PATH | constants.O_DIRECTORY));
  const homeDirectory = hold(openSync('.', O_PATH | constants.O_DIRECTORY));
  // Another namespace may have no /proc, or another one.
  const proc = hold(openSync('/proc', O_PATH | constants.O_DIRECTORY));
  checkSyscall(unshare(CLONE_FS), 'unshare root directory');
  let root: number;
  let namespace: number;
  try {
    enter();
    checkSyscall(unshare(CLONE_NEWNS), 'unshare mount namespace');
    root = make();
    namespace = checkSyscall(openat(proc, 'thread-self/ns/mnt', constants.O_RDONLY | OPEN_TREE.CLOEXEC, 0), 'open mount namespace');
  } finally {
    returnHome(home, homeRoot, homeDirectory);
  }
  return {
    root,
    [Symbol.dispose]() {
      closeSync(root);
      closeSync(namespace);
    },
  };
}

/** A thread that stays in a container's namespace would do everything later there: the process must not go on. */
function returnHome(home: number, root: number, directory: number): void {
  if (setns(home, CLONE_NEWNS) === 0 && fchdir(root) === 0 && chroot('.') === 0 && fchdir(directory) === 0) return;
  process.stderr.write(`Cannot leave a mount namespace: ${errnoName()}\n`);
  process.abort();
}
