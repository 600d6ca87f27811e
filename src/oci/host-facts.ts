import { existsSync, lstatSync, readFileSync, readdirSync } from 'node:fs';
import type { Stats } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { isErrno } from '../base/errors.ts';
import type { RuntimeDevice } from './runtime-spec.ts';

/** What of this machine goes into every config.json. It does not change while the machine runs. */
export interface HostFacts {
  /** A bind tree can be made read-only as a whole (`mount_setattr`, Linux 5.12). */
  readonly hasRecursiveReadOnly: boolean;
  /** Paths to mask because they tell what other tenants of the processors do. */
  readonly extraMaskedPaths: readonly string[];
  /** The kernel has AppArmor, and it is on. */
  readonly hasAppArmor: boolean;
}

/** Finds {@linkcode HostFacts} out. */
export function readHostFacts(): HostFacts {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  const processors = '/sys/devices/system/cpu';
  return {
    hasRecursiveReadOnly: major > 5 || (major === 5 && minor >= 12),
    hasAppArmor: hasAppArmor(),
    extraMaskedPaths: existsSync(processors)
      ? readdirSync(processors)
          .filter((name) => /^cpu\d+$/.test(name))
          .map((name) => join(processors, name, 'thermal_throttle'))
          .filter((path) => existsSync(path))
      : [],
  };
}

function hasAppArmor(): boolean {
  const path = '/sys/module/apparmor/parameters/enabled';
  return existsSync(path) && readFileSync(path, 'utf8').startsWith('Y');
}

/** Folders of /dev that a container has its own of. */
const OWN_FOLDERS: ReadonlySet<string> = new Set(['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev']);
/** The runtime puts the container's own terminal there. */
const CONSOLE = 'console';

/**
 * The device nodes below a folder, for privileged containers. Links are left out: what they lead to is listed itself.
 *
 * @param folder The host's device folder.
 */
export function readHostDevices(folder = '/dev'): RuntimeDevice[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return OWN_FOLDERS.has(entry.name) ? [] : readHostDevices(path);
    if (entry.name === CONSOLE || !(entry.isCharacterDevice() || entry.isBlockDevice())) return [];
    return deviceAt(path) ?? [];
  });
}

/** A device node as a runtime makes it; `undefined` if the file is none. */
export function deviceNodeAt(path: string, stat: Stats): RuntimeDevice | undefined {
  if (!stat.isCharacterDevice() && !stat.isBlockDevice()) return undefined;
  const { rdev, mode, uid, gid } = stat;
  return { path, type: stat.isBlockDevice() ? 'b' : 'c', ...deviceNumbers(rdev), fileMode: mode & 0o7777, uid, gid };
}

function deviceAt(path: string): RuntimeDevice | undefined {
  try {
    return deviceNodeAt(path, lstatSync(path));
  } catch (error) {
    // Unplugged since the folder was read.
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/** A device's two numbers. @param rdev As `stat` gives it. */
export function deviceNumbers(rdev: number): { readonly major: number; readonly minor: number } {
  return { major: majorOf(rdev), minor: minorOf(rdev) };
}

/** makedev(3) as glibc and musl pack it, below 2^32: 12 bits of major between 8 and 12 bits of minor. */
function majorOf(rdev: number): number {
  return (rdev >>> 8) & 0xfff;
}

function minorOf(rdev: number): number {
  return (rdev & 0xff) | ((rdev >>> 12) & 0xf_ff00);
}
