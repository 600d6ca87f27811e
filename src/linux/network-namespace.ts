/**
 * Network namespaces kept alive by a bind mount.
 *
 * Everything here is synchronous and happens on the calling thread, which is back in its own namespace on return. There is
 * no asynchronous call between: one would let libuv start its shared pool inside the foreign namespace.
 *
 * @module
 */
import { closeSync, openSync, statSync, unlinkSync } from 'node:fs';
import { PierError, isErrno } from '../base/errors.ts';
import { traceStep } from '../base/trace.ts';
import { checkSyscall, errnoName, libcFunction } from './libc.ts';

const unshare = libcFunction<(flags: number) => number>('int unshare(int flags)');
const setns = libcFunction<(fd: number, type: number) => number>('int setns(int fd, int nstype)');
const bindMount = libcFunction<(source: string, target: string, type: null, flags: number, data: null) => number>(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const void *data)',
);
const unmount = libcFunction<(target: string, flags: number) => number>('int umount2(const char *target, int flags)');

const CLONE_NEWNET = 0x40000000;
const MS_BIND = 0x1000;
const MNT_DETACH = 2;
const UMOUNT_NOFOLLOW = 8;
/** Not `/proc/self`: that is the main thread's, whichever thread calls. */
const OWN_NAMESPACE = '/proc/thread-self/ns/net';

/**
 * Makes a network namespace and keeps it at `path`. About 0.3 ms.
 *
 * @param path A file that does not exist yet, in a directory that does. Nothing is left there on failure.
 * @param configure Runs inside the new namespace, for example to bring loopback up. Synchronous.
 * @throws Node's `EEXIST` for the path. @throws {SyscallError} what the kernel refused. Rethrows whatever `configure` throws.
 */
export function createNetworkNamespace(path: string, configure?: () => void): void {
  traceStep('namespace', () => ({ type: 'network', path }));
  closeSync(openSync(path, 'wx', 0o600));
  try {
    visitNamespace(
      () => checkSyscall(unshare(CLONE_NEWNET), 'unshare network namespace for', path),
      () => {
        checkSyscall(bindMount(OWN_NAMESPACE, path, null, MS_BIND, null), 'bind mount', path);
        configure?.();
      },
    );
  } catch (error) {
    dropNetworkNamespace(path);
    throw error;
  }
}

/**
 * Runs synchronous work inside the namespace kept at `path`. Sockets opened there stay there.
 *
 * @returns What `work` returned.
 * @throws Node's `ENOENT` for the path. @throws {SyscallError} `InvalidArgument` if it is no network namespace.
 * @throws {PierError} `Internal` if `work` returned a promise.
 */
export function withNetworkNamespace<T>(path: string, work: () => T): T {
  const fd = openSync(path, 'r');
  try {
    return visitNamespace(() => checkSyscall(setns(fd, CLONE_NEWNET), 'enter network namespace', path), work);
  } finally {
    closeSync(fd);
  }
}

/** Tells whether a namespace is kept at `path`; a file whose mount is gone (after a reboot) is none. */
export function isNetworkNamespace(path: string): boolean {
  // All namespaces are files of one file system, and nothing else is on it.
  return statSync(path, { throwIfNoEntry: false })?.dev === statSync(OWN_NAMESPACE).dev;
}

/**
 * Lets go of the namespace kept at `path`; the kernel frees it with all its interfaces once no process is in it. 0.01 ms.
 * Dropping what is not there succeeds.
 *
 * @throws {SyscallError} what the kernel refused.
 */
export function dropNetworkNamespace(path: string): void {
  // A leftover of a crash may be mounted more than once; EINVAL says that nothing is mounted any more.
  while (unmount(path, MNT_DETACH | UMOUNT_NOFOLLOW) === 0) traceStep('namespace-drop', () => ({ type: 'network', path }));
  const errno = errnoName();
  if (errno === 'ENOENT') return;
  if (errno !== 'EINVAL') checkSyscall(-1, 'unmount', path);
  try {
    unlinkSync(path);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
  }
}

function visitNamespace<T>(enter: () => void, work: () => T): T {
  const home = openSync(OWN_NAMESPACE, 'r');
  try {
    enter();
    try {
      const result = work();
      if (result instanceof Promise) {
        throw new PierError('Internal', 'Cannot work in a network namespace: the work is asynchronous');
      }
      return result;
    } finally {
      returnHome(home);
    }
  } finally {
    closeSync(home);
  }
}

/** A thread that stays in a container's network would serve every later request from there: the process must not go on. */
function returnHome(home: number): void {
  if (setns(home, CLONE_NEWNET) === 0) return;
  process.stderr.write(`Cannot leave a network namespace: ${errnoName()}\n`);
  process.abort();
}
