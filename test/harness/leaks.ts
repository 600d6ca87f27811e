import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync, rmdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** The marks by which what an engine left on the machine is known. */
export interface EngineMarks {
  readonly root: string;
  readonly state: string;
  /** Eight hex digits that stand in the names of the engine's cgroups, interfaces and tables. */
  readonly engineId: string;
}

/** The marks of the engine of a root directory. */
export function marksOf(root: string, state: string): EngineMarks {
  return { root, state, engineId: createHash('sha256').update(realpathOf(root)).digest('hex').slice(0, 8) };
}

/** As the engine sees it: links resolved. The directory itself need not exist yet. */
function realpathOf(path: string): string {
  return existsSync(path) ? realpathSync(path) : join(realpathSync(dirname(path)), basename(path));
}

/** What of an engine is on the machine outside its own files. */
export interface Leftovers {
  readonly mounts: readonly string[];
  readonly processes: readonly { readonly pid: number; readonly command: string }[];
  readonly cgroups: readonly string[];
  readonly interfaces: readonly string[];
  readonly tables: readonly string[];
  readonly namespaces: readonly string[];
  readonly stateFiles: readonly string[];
}

/** Looks once. */
export async function findLeftovers(marks: EngineMarks): Promise<Leftovers> {
  return {
    mounts: mountsOf(marks),
    processes: processesOf(marks),
    cgroups: cgroupsOf(marks.engineId),
    interfaces: await interfacesOf(marks.engineId),
    tables: await tablesOf(marks.engineId),
    namespaces: list(join(marks.state, 'netns')),
    stateFiles: [...list(join(marks.state, 'c')), ...list(join(marks.state, 'exits')), ...list(join(marks.state, 'crun'))],
  };
}

/** One line for each thing found. */
export function describeLeftovers(found: Leftovers): string[] {
  return [
    ...found.mounts.map((path) => `mount ${path}`),
    ...found.processes.map(({ pid, command }) => `process ${pid}: ${command}`),
    ...found.cgroups.map((path) => `cgroup ${path}`),
    ...found.interfaces.map((name) => `interface ${name}`),
    ...found.tables.map((name) => `nft table ${name}`),
    ...found.namespaces.map((name) => `network namespace ${name}`),
    ...found.stateFiles.map((name) => `state file ${name}`),
  ];
}

/**
 * Waits until nothing of an engine is left on the machine.
 *
 * @param patienceMs How long what the kernel and process 1 collect late may take.
 * @returns What is left after that, one line each.
 */
export async function waitForNoLeftovers(marks: EngineMarks, patienceMs = 4000): Promise<string[]> {
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const lines = describeLeftovers(await findLeftovers(marks));
    if (lines.length === 0 || Date.now() > deadline) return lines;
    await sleep(100);
  }
}

/** Takes away by force what an engine left, so that one failed test does not make others fail. */
export async function removeLeftovers(marks: EngineMarks): Promise<void> {
  for (const { pid } of processesOf(marks)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It ended by itself.
    }
  }
  await sleep(200);
  for (const path of mountsOf(marks).toReversed()) await exec('umount', ['-l', path]).catch(() => undefined);
  for (const path of cgroupsOf(marks.engineId).toReversed()) removeCgroup(path);
  for (const name of await interfacesOf(marks.engineId)) await exec('ip', ['link', 'delete', name]).catch(() => undefined);
  for (const table of await tablesOf(marks.engineId)) await exec('nft', ['delete', 'table', ...table.split(' ')]).catch(() => undefined);
}

function mountsOf({ root, state }: EngineMarks): string[] {
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => isUnder(path, root) || isUnder(path, state));
}

function isUnder(path: string, directory: string): boolean {
  return path.startsWith(`${directory}/`);
}

function processesOf({ root, state, engineId }: EngineMarks): { pid: number; command: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      // Process 1 of some machines reaps orphans late: a zombie holds nothing.
      if (/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return [];
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
      const isOurs =
        command.includes(`${root}/`) ||
        command.includes(`${state}/`) ||
        readFileSync(`/proc/${pid}/cgroup`, 'utf8').includes(`/pier/${engineId}`);
      return isOurs ? [{ pid, command: command || readlinkSync(`/proc/${pid}/exe`) }] : [];
    } catch {
      return []; // It ended meanwhile, or is a thread of the kernel.
    }
  });
}

function cgroupsOf(engineId: string): string[] {
  const tops = ['/sys/fs/cgroup', ...list('/sys/fs/cgroup').map((name) => join('/sys/fs/cgroup', name))];
  return tops.map((top) => join(top, 'pier', engineId)).filter((path) => existsSync(path));
}

function removeCgroup(path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) if (entry.isDirectory()) removeCgroup(join(path, entry.name));
  try {
    rmdirSync(path);
  } catch {
    // A process in it has not gone yet; the report names the cgroup anyway.
  }
}

async function interfacesOf(engineId: string): Promise<string[]> {
  const { stdout } = await exec('ip', ['-o', 'link', 'show']);
  return [...stdout.matchAll(/^\d+: ([^:@]+)/gm)].flatMap(([, name]) =>
    name !== undefined && isInterfaceOf(name, engineId) ? [name] : [],
  );
}

function isInterfaceOf(name: string, engineId: string): boolean {
  return name === `pier-${engineId.slice(0, 6)}` || name.startsWith(`ve${engineId.slice(0, 4)}`);
}

async function tablesOf(engineId: string): Promise<string[]> {
  const { stdout } = await exec('nft', ['list', 'tables']);
  return [...stdout.matchAll(/^table (\S+ \S+)$/gm)].flatMap(([, name]) => (name?.includes(engineId) ? [name] : []));
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
