import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { PROJECT_DIR, SHARED } from '../test/harness/images.ts';
import { DockerApi } from './docker-api.ts';
import { cpuMsOf } from './cpu.ts';
import { importImage, removeEverything } from './docker-engine.ts';
import { memoryOf, pidsByCommandLine, pidsBeside } from './memory.ts';
import type { DockerEngine } from './docker-engine.ts';

const PIER_JS = join(PROJECT_DIR, 'bin', 'pier.js');
/** linux/magic.h */
const TMPFS_MAGIC = 0x01021994;
const READY_LIMIT_MS = 20_000;

/** Where pier's own engine keeps its things. */
export interface PierPlace {
  readonly root: string;
  readonly state: string;
}

/**
 * Starts the built pier's daemon with its root on a disk and its state in memory, as they are where /run is a tmpfs (and
 * as dockerd has them in the peers' root), and gives it the image.
 */
export async function startPier(directory: string, held: AsyncDisposableStack): Promise<DockerEngine & PierPlace> {
  const root = join(directory, 'root');
  const state = mkdtempSync(join(TMPFS_MAGIC === statfsSync('/run').type ? '/run' : '/dev/shm', 'pier-bench-'));
  held.defer(() => rmSync(state, { recursive: true, force: true }));
  const socketPath = join(directory, 'pier.sock');
  const host = `unix://${socketPath}`;
  const log = openSync(join(directory, 'daemon.log'), 'a');
  const args = [PIER_JS, 'daemon', '--root', root, '--state', state, '-H', host];
  const daemon = spawn(process.execPath, args, { stdio: ['ignore', log, log] });
  closeSync(log);
  held.defer(async () => {
    if (daemon.exitCode !== null || daemon.signalCode !== null) return;
    const gone = once(daemon, 'exit');
    daemon.kill('SIGTERM');
    await gone;
  });
  for (let waitedMs = 0; !existsSync(socketPath); waitedMs += 20) {
    if (waitedMs > READY_LIMIT_MS || daemon.exitCode !== null)
      throw new Error(`Cannot start pier: ${readFileSync(join(directory, 'daemon.log'), 'utf8')}`);
    await sleep(20);
  }
  const api = await openApi(socketPath, held);
  const pid = daemon.pid ?? 0;
  const pids = (): number[] => [pid, ...pidsByCommandLine('conmon', state)];
  return {
    name: 'pier',
    host,
    api,
    cli: [process.execPath, PIER_JS, '-H', host],
    memory: () => memoryOf(pids()),
    cpuMs: () => cpuMsOf(pids()),
    root,
    state,
  };
}

/**
 * Finds or starts the current dockerd in its own root, and gives it the image. One that this run started is stopped in
 * the end.
 *
 * @param directory Where the peers' root is, or is made.
 * @param docker Docker's own client; its directory is put on the path, since the script asks it whether dockerd answers.
 */
export async function startDockerd(directory: string, docker: readonly string[], held: AsyncDisposableStack): Promise<DockerEngine> {
  mkdirSync(directory, { recursive: true });
  const env = { ...process.env, PATH: `${join(docker[0] ?? '', '..')}:${process.env['PATH']}` };
  const socketPath = join(directory, 'share', 'docker.sock');
  const wasRunning = spawnSync(docker[0] ?? 'docker', ['-H', `unix://${socketPath}`, 'version'], { stdio: 'ignore' }).status === 0;
  // A daemon that is started keeps the script's output open: wait for the script, not for the end of its output.
  const log = openSync(join(directory, 'start.log'), 'w');
  const starting = spawn('bash', [SHARED.peersScript, 'start', directory], { env, stdio: ['ignore', log, log] });
  closeSync(log);
  await once(starting, 'exit');
  if (starting.exitCode !== 0)
    throw new Error(readFileSync(join(directory, 'start.log'), 'utf8').trim() || `no word from ${SHARED.peersScript}`);
  if (!wasRunning) held.defer(() => void spawnSync('bash', [SHARED.peersScript, 'stop', directory]));
  const api = await openApi(socketPath, held);
  const pid = Number(readFileSync(join(directory, 'share', 'docker.pid'), 'utf8'));
  const host = `unix://${socketPath}`;
  return {
    name: 'dockerd',
    host,
    api,
    cli: [...docker, '-H', host],
    memory: () => memoryOf(pidsBeside(pid)),
    cpuMs: () => cpuMsOf(pidsBeside(pid)),
  };
}

async function openApi(socketPath: string, held: AsyncDisposableStack): Promise<DockerApi> {
  const api = held.use(new DockerApi(socketPath));
  held.defer(() => removeEverything(api));
  await importImage(api, SHARED.alpineTar);
  return api;
}

/** Makes the `dist/` that is measured. */
export async function build(): Promise<void> {
  await promisify(execFile)('bash', [join(PROJECT_DIR, 'tools', 'build.sh')]);
}
