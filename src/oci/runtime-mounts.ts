import type { RuntimeMount } from './runtime-spec.ts';
import { parseTmpfsOptions } from './tmpfs-options.ts';

/** A host path shown in the container. */
export interface RuntimeBind {
  readonly source: string;
  readonly target: string;
  readonly isReadOnly: boolean;
  readonly propagation: 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';
  /** The source is no directory: it has nothing below it, and crun fails on a recursive option then. Unknown counts as a directory. */
  readonly isFile?: boolean;
}

/** What a container sees as /dev/shm: a new one of a size, nothing, or a host directory with its mount's guards, which crun would drop. */
export type ShmChoice = 'none' | { readonly sizeBytes: number } | { readonly source: string; readonly guards: readonly string[] };

/** What {@linkcode runtimeMounts} needs to know. */
export interface RuntimeMountsInput {
  readonly isRootfsReadOnly: boolean;
  readonly isPrivileged: boolean;
  readonly shm: ShmChoice;
  /** /sys/fs/cgroup can be written to, as it can in a privileged container. */
  readonly hasWritableCgroups: boolean;
  /** The runtime mounts a folder for the cgroup hierarchies that anybody may write to: crun with cgroup version 1. */
  readonly leavesCgroupFolderOpen: boolean;
  readonly binds: readonly RuntimeBind[];
  /** Path in the container → options, as in `--tmpfs`. */
  readonly tmpfs: Readonly<Record<string, string>>;
  /** Files of the engine's own: path in the container → host path. A bind on the same path wins. */
  readonly engineFiles: Readonly<Record<string, string>>;
  /** Host path of the init to show as {@linkcode INIT_PATH}; `undefined` for none. */
  readonly initPath: string | undefined;
  /** Whether kernel and runtime make a whole bind tree read-only (`rro`); otherwise its top mount only. */
  readonly hasRecursiveReadOnly: boolean;
}

/** Where an init is shown in the container; Docker's name, because scripts look for it. */
export const INIT_PATH = '/sbin/docker-init';

/**
 * The mounts of a container in Docker's order: the system's, then binds and tmpfs by depth, then init, then the engine's files.
 *
 * @throws {PierError} `InvalidArgument`, reason `container.bad-tmpfs-option`.
 */
export function runtimeMounts(input: RuntimeMountsInput): RuntimeMount[] {
  const own = [...input.binds.map((bind) => bindMount(bind, input.hasRecursiveReadOnly)), ...tmpfsMounts(input.tmpfs)];
  const taken = new Set(own.map((mount) => mount.destination));
  const system = systemMounts(input).filter(
    // A /dev of the user's own comes whole: nothing of ours is mounted into it.
    ({ destination }) => !taken.has(destination) && !(taken.has('/dev') && destination.startsWith('/dev/')),
  );
  // Parents before children; the sort is stable, so equals stay in the order of the request.
  own.sort((a, b) => depth(a.destination) - depth(b.destination));
  const init: RuntimeMount[] =
    input.initPath === undefined ? [] : [{ destination: INIT_PATH, type: 'bind', source: input.initPath, options: ['bind', 'ro'] }];
  const files = Object.entries(input.engineFiles)
    .filter(([target]) => !taken.has(target))
    .map(([target, source]) =>
      bindMount({ source, target, isReadOnly: input.isRootfsReadOnly, propagation: 'rprivate', isFile: true }, input.hasRecursiveReadOnly),
    );
  return [...system, ...own, ...init, ...files];
}

/** The propagation that the root needs so that events can pass through a bind; `undefined` for the runtime's default. */
export function rootfsPropagation(binds: readonly RuntimeBind[]): string | undefined {
  if (binds.some(({ propagation }) => propagation.endsWith('shared'))) return 'shared';
  return binds.some(({ propagation }) => propagation.endsWith('slave')) ? 'rslave' : undefined;
}

const GUARDED: readonly string[] = ['nosuid', 'noexec', 'nodev'];

function systemMounts({ isPrivileged, shm, hasWritableCgroups, leavesCgroupFolderOpen }: RuntimeMountsInput): RuntimeMount[] {
  const guarded = GUARDED;
  const readOnly = isPrivileged ? [] : ['ro'];
  return [
    { destination: '/proc', type: 'proc', source: 'proc', options: guarded },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', 'gid=5'],
    },
    { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...guarded, ...readOnly] },
    ...cgroupMounts(isPrivileged || hasWritableCgroups, leavesCgroupFolderOpen),
    { destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: guarded },
    ...shmMounts(shm),
  ];
}

function cgroupMounts(isWritable: boolean, leavesFolderOpen: boolean): RuntimeMount[] {
  const destination = '/sys/fs/cgroup';
  const access = isWritable ? [] : ['ro'];
  return [
    { destination, type: 'cgroup', source: 'cgroup', options: [...access, ...GUARDED] },
    // The folder's mode cannot be changed from here any more, but it can be closed as a whole.
    ...(leavesFolderOpen && !isWritable ? [{ destination, type: 'tmpfs', source: 'cgroup', options: ['remount', 'ro', ...GUARDED] }] : []),
  ];
}

function shmMounts(shm: ShmChoice): RuntimeMount[] {
  const destination = '/dev/shm';
  if (shm === 'none') return [];
  if ('source' in shm) return [{ destination, type: 'bind', source: shm.source, options: ['rbind', ...shm.guards, 'rprivate'] }];
  return [{ destination, type: 'tmpfs', source: 'shm', options: [...GUARDED, 'mode=1777', `size=${shm.sizeBytes}`] }];
}

function bindMount({ source, target, isReadOnly, propagation, isFile }: RuntimeBind, hasRecursiveReadOnly: boolean): RuntimeMount {
  const readOnly = isReadOnly ? [hasRecursiveReadOnly && isFile !== true ? 'rro' : 'ro'] : [];
  return { destination: cleanPath(target), type: 'bind', source, options: ['rbind', ...readOnly, propagation] };
}

function tmpfsMounts(tmpfs: Readonly<Record<string, string>>): RuntimeMount[] {
  return Object.entries(tmpfs).map(([path, options]) => ({
    destination: cleanPath(path),
    type: 'tmpfs',
    source: 'tmpfs',
    options: parseTmpfsOptions(options),
  }));
}

/** A path without `.`, `..`, doubled or trailing slashes, so that equal places compare equal. */
function cleanPath(path: string): string {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function depth(path: string): number {
  return path.split('/').length;
}
