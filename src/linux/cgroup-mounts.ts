import { existsSync, mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { checkSyscall, libcFunction } from './libc.ts';
import { readMountTable } from './mount.ts';

const mountCall = libcFunction<(source: string, target: string, type: string, flags: number, data: string) => number>(
  'int mount(const char *source, const char *target, const char *type, unsigned long flags, const char *data)',
);

/** The cgroup file systems of this machine. */
export interface CgroupMounts {
  /** 2 if version 2 has all controllers; a hybrid machine counts as 1. */
  readonly version: 1 | 2;
  /** Mount points of all hierarchies, a hybrid machine's version 2 too. */
  readonly directories: readonly string[];
  /** Controller → mount point, for version 1 controllers. */
  readonly byController: ReadonlyMap<string, string>;
  /** A hybrid machine's version 2 mount point. */
  readonly unifiedDirectory: string | undefined;
  /** Mount points of the hierarchies by which a service manager knows, and ends, the processes of a service. */
  readonly trackingDirectories: readonly string[];
}

const ROOT = '/sys/fs/cgroup';
const MS_NOSUID = 2;
const MS_NODEV = 4;
const MS_NOEXEC = 8;

/** Finds the hierarchies that are mounted below /sys/fs/cgroup. */
export function readCgroupMounts(): CgroupMounts {
  const mounts = readMountTable().filter(({ target }) => target === ROOT || target.startsWith(`${ROOT}/`));
  const unified = mounts.find(({ fsType }) => fsType === 'cgroup2')?.target;
  if (unified === ROOT) {
    return { version: 2, directories: [ROOT], byController: new Map(), unifiedDirectory: undefined, trackingDirectories: [ROOT] };
  }
  const controllers = new Set(readControllers());
  const byController = new Map<string, string>();
  const directories = new Set<string>();
  for (const { fsType, target, options } of mounts) {
    if (fsType !== 'cgroup') continue;
    directories.add(target);
    for (const option of options) if (controllers.has(option)) byController.set(option, target);
  }
  const trackingDirectories = mounts.filter(({ options }) => options.includes('name=systemd')).map(({ target }) => target);
  if (unified !== undefined) {
    directories.add(unified);
    trackingDirectories.push(unified);
  }
  return { version: 1, directories: [...directories], byController, unifiedDirectory: unified, trackingDirectories };
}

/** What {@linkcode freeUnifiedControllers} did. */
export interface FreedControllers {
  /** Controllers that now have a version 1 mount. */
  readonly mounted: readonly string[];
  /** Why crun still cannot run here; `undefined` if it can. */
  readonly problem: string | undefined;
}

/**
 * Makes a hybrid machine usable for crun, which refuses one whose version 2 tree still has controllers: mounts each of
 * them as version 1, `/sys/fs/cgroup/<controller>`, as the machine has its others. Does nothing elsewhere.
 */
export function freeUnifiedControllers(mounts: CgroupMounts = readCgroupMounts()): FreedControllers {
  if (mounts.unifiedDirectory === undefined) return { mounted: [], problem: undefined };
  const mounted: string[] = [];
  for (const name of controllersOf(mounts.unifiedDirectory)) {
    try {
      mountController(name);
      mounted.push(name);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      return { mounted, problem: `cgroup controller ${name} cannot be moved out of the hybrid version 2 tree: ${detail}` };
    }
  }
  const left = controllersOf(mounts.unifiedDirectory);
  return { mounted, problem: left.length === 0 ? undefined : `the hybrid version 2 cgroup tree still has ${left.join(', ')}` };
}

function mountController(name: string): void {
  const target = join(ROOT, name);
  const isNew = !existsSync(target);
  if (isNew) mkdirSync(target);
  try {
    checkSyscall(mountCall('cgroup', target, 'cgroup', MS_NOSUID | MS_NODEV | MS_NOEXEC, name), 'mount', target);
  } catch (error) {
    if (isNew) rmdirSync(target);
    throw error;
  }
}

function controllersOf(directory: string): string[] {
  return readFileSync(join(directory, 'cgroup.controllers'), 'utf8')
    .split(/\s+/)
    .filter((name) => name !== '');
}

/** Names of all controllers that the kernel has. */
function readControllers(): string[] {
  return readFileSync('/proc/cgroups', 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t')[0] ?? '');
}
