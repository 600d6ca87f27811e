import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CgroupMounts } from './cgroup-mounts.ts';

/** Which limits this machine's cgroups can hold. */
export interface CgroupFeatures {
  readonly memory: boolean;
  readonly swap: boolean;
  readonly memoryReservation: boolean;
  readonly memorySwappiness: boolean;
  readonly oomKillDisable: boolean;
  readonly pids: boolean;
  readonly cpuShares: boolean;
  readonly cpuQuota: boolean;
  readonly cpuRealtime: boolean;
  /** CPUs and memory nodes that may be asked for: `0-3`; empty if there is no such controller. */
  readonly cpusetCpus: string;
  readonly cpusetMems: string;
  readonly blkioWeight: boolean;
  readonly blkioWeightDevice: boolean;
  readonly blkioThrottle: boolean;
}

/** Finds {@linkcode CgroupFeatures} out, by the files that the kernel shows. */
export function readCgroupFeatures(mounts: CgroupMounts, hasSwapAccounting: boolean): CgroupFeatures {
  return mounts.version === 2 ? readUnified(mounts.directories[0] ?? '', hasSwapAccounting) : readByController(mounts, hasSwapAccounting);
}

function readByController({ byController }: CgroupMounts, swap: boolean): CgroupFeatures {
  const has = (controller: string, file: string): boolean => {
    const directory = byController.get(controller);
    return directory !== undefined && existsSync(join(directory, file));
  };
  return {
    memory: has('memory', 'memory.limit_in_bytes'),
    swap,
    memoryReservation: has('memory', 'memory.soft_limit_in_bytes'),
    memorySwappiness: has('memory', 'memory.swappiness'),
    oomKillDisable: has('memory', 'memory.oom_control'),
    pids: byController.has('pids'),
    cpuShares: has('cpu', 'cpu.shares'),
    cpuQuota: has('cpu', 'cpu.cfs_quota_us'),
    cpuRealtime: has('cpu', 'cpu.rt_runtime_us'),
    cpusetCpus: readText(join(byController.get('cpuset') ?? '/nonexistent', 'cpuset.cpus')),
    cpusetMems: readText(join(byController.get('cpuset') ?? '/nonexistent', 'cpuset.mems')),
    blkioWeight: has('blkio', 'blkio.weight'),
    blkioWeightDevice: has('blkio', 'blkio.weight_device'),
    blkioThrottle: has('blkio', 'blkio.throttle.read_bps_device'),
  };
}

function readUnified(root: string, swap: boolean): CgroupFeatures {
  const controllers = new Set(readText(join(root, 'cgroup.controllers')).split(' '));
  const io = controllers.has('io');
  return {
    memory: controllers.has('memory'),
    swap,
    memoryReservation: controllers.has('memory'),
    memorySwappiness: false,
    oomKillDisable: false,
    pids: controllers.has('pids'),
    cpuShares: controllers.has('cpu'),
    cpuQuota: controllers.has('cpu'),
    cpuRealtime: false,
    cpusetCpus: controllers.has('cpuset') ? readText(join(root, 'cpuset.cpus.effective')) : '',
    cpusetMems: controllers.has('cpuset') ? readText(join(root, 'cpuset.mems.effective')) : '',
    // The root has no such files; a child has them if a scheduler does that.
    blkioWeight: io && hasChildWith(root, 'io.weight', 'io.bfq.weight'),
    blkioWeightDevice: io && hasChildWith(root, 'io.weight', 'io.bfq.weight'),
    blkioThrottle: io,
  };
}

function hasChildWith(root: string, ...files: readonly string[]): boolean {
  return readdirSync(root, { withFileTypes: true }).some(
    (entry) => entry.isDirectory() && files.some((file) => existsSync(join(root, entry.name, file))),
  );
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
