import { statSync } from 'node:fs';

/** Kinds of namespaces, as /proc/PID/ns names them. */
export type NamespaceKind = 'cgroup' | 'ipc' | 'mnt' | 'net' | 'pid' | 'user' | 'uts';

/** Path that leads to a namespace of a process for as long as that process is there. */
export function namespacePath(pid: number, kind: NamespaceKind): `/${string}` {
  return `/proc/${pid}/ns/${kind}`;
}

/**
 * What tells a namespace from all others that exist: namespaces(7).
 *
 * @returns `undefined` if there is no such process.
 */
export function namespaceId(pid: number, kind: NamespaceKind): bigint | undefined {
  try {
    return statSync(namespacePath(pid, kind), { bigint: true }).ino;
  } catch {
    // It has ended.
    return undefined;
  }
}
