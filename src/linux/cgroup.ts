/**
 * Cgroups on both versions of the interface, by the files of its mounts.
 *
 * A cgroup is named by its path below the root, `/pier/1a2b/c0ffee`; with version 1 that path exists once in every
 * hierarchy, and each operation here covers them all. On a machine with version 1, `npm run test:guest` tests the version 2 side.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PierError, isErrno } from '../base/errors.ts';
import { traceStep } from '../base/trace.ts';
import { readCgroupFeatures } from './cgroup-features.ts';
import type { CgroupFeatures } from './cgroup-features.ts';
import { readCgroupMounts } from './cgroup-mounts.ts';
import type { CgroupMounts } from './cgroup-mounts.ts';

/** How long a cgroup may stay busy after its last process was killed: the kernel frees it a little later. */
const BUSY_TIMEOUT_MS = 2000;
const KILL_TIMEOUT_MS = 10_000;
const MAX_PAUSE_MS = 20;

/** The cgroups of this machine. */
export class Cgroups {
  readonly #mounts: CgroupMounts;

  /** @param mounts Found now if absent. Mounts made later are not seen. */
  constructor(mounts: CgroupMounts = readCgroupMounts()) {
    this.#mounts = mounts;
  }

  get version(): 1 | 2 {
    return this.#mounts.version;
  }

  /** Whether the kernel can limit swap, without which a memory limit is no limit on a machine that swaps. */
  get hasSwapAccounting(): boolean {
    if (this.version === 1) return existsSync(join(this.#hierarchy('memory') ?? '/nonexistent', 'memory.memsw.limit_in_bytes'));
    // The root has no such file, so any child must answer; without children the kernel's swap support does.
    const root = this.#hierarchy('memory') ?? '/nonexistent';
    const children = childrenOf(root);
    return children.length === 0 ? existsSync('/proc/swaps') : children.some((name) => existsSync(join(root, name, 'memory.swap.max')));
  }

  /** Which limits can be set here. Looked up at each call. */
  features(): CgroupFeatures {
    return readCgroupFeatures(this.#mounts, this.hasSwapAccounting);
  }

  /** Makes a cgroup for processes that a service manager shall not take for its service's, {@linkcode Cgroups.shelter}. */
  makeShelter(path: string): void {
    for (const root of this.#mounts.trackingDirectories) mkdirSync(join(root, path), { recursive: true });
  }

  /**
   * Moves a process into a cgroup that {@linkcode Cgroups.makeShelter} made, and so out of the service that started it.
   * A process that has ended, or a cgroup that is gone, is left alone. Limits stay: only hierarchies for tracking are touched.
   */
  async shelter(path: string, pid: number): Promise<void> {
    traceStep('cgroup-move', () => ({ path, pid, directories: this.#mounts.trackingDirectories }));
    for (const root of this.#mounts.trackingDirectories) {
      try {
        // Not by a synchronous call: the kernel waits for a grace period of its own, some milliseconds.
        await writeFile(join(root, path, 'cgroup.procs'), String(pid), { flag: 'r+' });
      } catch (error) {
        if (!isErrno(error, 'ESRCH') && !isErrno(error, 'ENOENT') && !isErrno(error, 'ENODEV')) throw error;
      }
    }
  }

  /** Names of the cgroups right below one, in any hierarchy. None if it does not exist. */
  list(parent: string): string[] {
    return [...new Set(this.#directories(parent).flatMap(childrenOf))];
  }

  /** Pids in a cgroup and below it, in any hierarchy. */
  processes(path: string): number[] {
    return [...new Set(this.#directories(path).flatMap(processesBelow))];
  }

  /**
   * Kills everything in a cgroup, frozen processes too, and waits until it is empty.
   *
   * @throws {PierError} `Conflict` if processes are left after ten seconds.
   */
  async kill(path: string): Promise<void> {
    mustNotBeRoot(path);
    traceStep('cgroup-kill', () => ({ path, pids: this.processes(path) }));
    const deadline = performance.now() + KILL_TIMEOUT_MS;
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      const pids = this.processes(path);
      if (pids.length === 0) return;
      if (performance.now() > deadline) {
        throw new PierError('Conflict', `Cannot kill cgroup "${path}": ${pids.length} processes are left`);
      }
      this.#killOnce(path, pids);
      await delay(pauseMs);
    }
  }

  /**
   * Removes a cgroup and those below it from every hierarchy. Removing what is not there succeeds.
   *
   * @throws {PierError} `Conflict` if it is in use, for which two seconds are waited.
   */
  async remove(path: string): Promise<void> {
    mustNotBeRoot(path);
    traceStep('cgroup-remove', () => ({ path, directories: this.#directories(path) }));
    const deadline = performance.now() + BUSY_TIMEOUT_MS;
    for (let pauseMs = 1; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      // All of them are tried before any is waited for.
      const busy = this.#directories(path).filter((directory) => !removeTree(directory));
      if (busy.length === 0) return;
      if (performance.now() > deadline) throw new PierError('Conflict', `Cannot remove cgroup "${path}": "${busy[0]}" is in use`);
      await delay(pauseMs);
    }
  }

  /** A cgroup's file, in the controller's hierarchy with version 1; empty if there is none. */
  read(controller: string, path: string, file: string): string {
    return readIfThere(join(this.#hierarchy(controller) ?? '/nonexistent', path, file));
  }

  /** Writes a cgroup's file, in the controller's hierarchy with version 1. A cgroup that is gone is left alone. */
  write(controller: string, path: string, file: string, text: string): void {
    writeIfThere(join(this.#hierarchy(controller) ?? '/nonexistent', path, file), text);
  }

  /** Whether the kernel killed a process in the cgroup for want of memory. Read it before the cgroup is removed. */
  wasOomKilled(path: string): boolean {
    const file = this.version === 1 ? 'memory.oom_control' : 'memory.events';
    const text = readIfThere(join(this.#hierarchy('memory') ?? '/nonexistent', path, file));
    return Number(/^oom_kill (\d+)$/m.exec(text)?.[1] ?? 0) > 0;
  }

  /** Whether the cgroup's processes are stopped by the freezer, or about to be. */
  isFrozen(path: string): boolean {
    const directory = join(this.#hierarchy('freezer') ?? '/nonexistent', path);
    if (this.version === 2) return readIfThere(join(directory, 'cgroup.freeze')).trim() === '1';
    return readIfThere(join(directory, 'freezer.state')).trim().startsWith('FR');
  }

  #killOnce(path: string, pids: readonly number[]): void {
    const directories = this.#directories(path);
    if (this.version === 2) {
      // Linux 5.14: one write kills the whole tree at once.
      if (directories.every((directory) => writeIfThere(join(directory, 'cgroup.kill'), '1'))) return;
      for (const directory of directories) writeIfThere(join(directory, 'cgroup.freeze'), '0');
    }
    for (const pid of pids) killIfThere(pid);
    // With version 1 a frozen process does not even die.
    const freezer = this.#hierarchy('freezer');
    if (this.version === 1 && freezer !== undefined) thawBelow(join(freezer, path));
  }

  #hierarchy(controller: string): string | undefined {
    return this.#mounts.byController.get(controller) ?? (this.version === 2 ? this.#mounts.directories[0] : undefined);
  }

  /** Where a cgroup exists. */
  #directories(path: string): string[] {
    return this.#mounts.directories.map((root) => join(root, path)).filter((directory) => existsSync(directory));
  }
}

/** A sweep gone wrong must not reach the cgroups of the machine itself. */
function mustNotBeRoot(path: string): void {
  if (join('/', path) === '/') throw new PierError('InvalidArgument', `Cannot act on cgroup "${path}": it is the root`);
}

function childrenOf(directory: string): string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map(({ name }) => name);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return [];
    throw error;
  }
}

function processesBelow(directory: string): number[] {
  const own = readIfThere(join(directory, 'cgroup.procs')).split('\n').map(Number);
  // 0 stands for a process outside our pid namespace.
  return [...own.filter((pid) => pid > 0), ...childrenOf(directory).flatMap((name) => processesBelow(join(directory, name)))];
}

/** Children first. Returns whether it is gone. */
function removeTree(directory: string): boolean {
  try {
    rmdirSync(directory);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return true;
    if (!isErrno(error, 'EBUSY') && !isErrno(error, 'ENOTEMPTY')) throw error;
  }
  const children = childrenOf(directory);
  return children.length > 0 && children.map((name) => removeTree(join(directory, name))).every(Boolean) && removeTree(directory);
}

function thawBelow(directory: string): void {
  for (const name of childrenOf(directory)) thawBelow(join(directory, name));
  writeIfThere(join(directory, 'freezer.state'), 'THAWED');
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (!isErrno(error, 'ESRCH')) throw error;
  }
}

/** The file's text; empty if it or its cgroup does not exist or went away meanwhile. */
function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    // EOPNOTSUPP: a threaded cgroup of version 2 has its processes listed in its parent.
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENODEV') || isErrno(error, 'EOPNOTSUPP')) return '';
    throw error;
  }
}

function writeIfThere(path: string, text: string): boolean {
  try {
    // The flag keeps Node from asking for the file to be made, which cgroup file systems refuse with EACCES.
    writeFileSync(path, text, { flag: 'r+' });
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'ENODEV')) return false;
    throw error;
  }
}
