import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exitOf } from '../harness/clients.ts';
import { jsonOf } from '../harness/http.ts';
import { PROJECT_DIR } from '../harness/images.ts';
import { until } from '../harness/until.ts';
import type { Ledger } from './ledger.ts';
import { archiveTar, rootfsTar } from './small-images.ts';

/** Name of the image that the containers of these tests are made from. */
export const BASE = 'base:1';

/** Something to do with a daemon that passes failpoints. */
export interface Workload {
  readonly name: string;
  /** The failpoints that it was written for; it may pass others, too. */
  readonly prefixes: readonly string[];
  /** False if it acts on the stores itself, with no daemon running: then the failpoints are armed in its own process. */
  readonly needsDaemon: boolean;
  /** @param env With the failpoints, for what does not go through the daemon. */
  readonly run: (ledger: Ledger, env: Readonly<Record<string, string>>) => Promise<void>;
}

/** Message of the error that a workload without a daemon throws when it died at a failpoint. */
export const PROCESS_DIED = 'the process died at a failpoint';

/** Together they pass every failpoint there is. */
export const WORKLOADS: readonly Workload[] = [
  { name: 'containers', prefixes: ['container.', 'network.', 'layer.prepare'], needsDaemon: true, run: workOnContainers },
  { name: 'images', prefixes: ['image.', 'blob.', 'layer.'], needsDaemon: true, run: workOnImages },
  { name: 'logs', prefixes: ['log.'], needsDaemon: true, run: rotateLogs },
  { name: 'container-commit', prefixes: ['container.commit', 'image.commit'], needsDaemon: true, run: workOnCommits },
  { name: 'shutdown', prefixes: ['network.bridge.unruled'], needsDaemon: true, run: shutDown },
  { name: 'commit', prefixes: ['layer.commit'], needsDaemon: false, run: commitLayer },
];

/** The configuration of a container that runs until it is told to end. */
export function sleeper(networkMode: 'bridge' | 'none' = 'none'): object {
  // Its shared memory is a mount of the engine's, which must not be left either.
  return { Image: BASE, Cmd: ['sleep', '100000'], HostConfig: { NetworkMode: networkMode, IpcMode: 'shareable' } };
}

async function workOnContainers(ledger: Ledger): Promise<void> {
  await ledger.create('web', { ...sleeper('bridge'), Healthcheck: { Test: ['CMD', 'true'], Interval: 20e6 } });
  await ledger.verb('web', 'start', 'running');
  await waitUntilHealthy(ledger, 'web');
  await runExec(ledger, 'web');
  await ledger.verb('web', 'pause', 'paused');
  await ledger.verb('web', 'unpause', 'running');
  await ledger.update('web', 50);
  await ledger.rename('web', 'site');
  await ledger.verb('site', 'stop?t=0', 'exited', 137);
  await ledger.verb('site', 'start', 'running');
  await ledger.verb('site', 'restart?t=0', 'running');
  await ledger.create('job', { Image: BASE, Cmd: ['sh', '-c', 'exit 3'], HostConfig: { NetworkMode: 'none' } });
  await ledger.verb('job', 'start', undefined);
  await ledger.verb('job', 'wait', 'exited', 3);
  await ledger.remove('job');
  await ledger.create('brief', { Image: BASE, Cmd: ['true'], HostConfig: { NetworkMode: 'none', AutoRemove: true } });
  // Whether it is there still when the daemon dies is anybody's guess.
  ledger.containers.delete('brief');
  await ledger.act({ method: 'POST', path: '/containers/brief/start', touches: ['brief'] });
  ledger.doubtful.add('brief');
  await ledger.verb('site', 'stop?t=0', 'exited', 137);
  await ledger.create('idle', sleeper());
  await ledger.act({
    method: 'POST',
    path: '/containers/prune',
    touches: ['idle', 'site'],
    promises: () => {
      for (const name of ['idle', 'site']) ledger.containers.delete(name);
    },
  });
}

async function waitUntilHealthy(ledger: Ledger, name: string): Promise<void> {
  await until(async () => {
    const { State } = jsonOf<{ State: { Health: { Status: string } } }>(await ledger.request('GET', `/containers/${name}/json`));
    return State.Health.Status === 'healthy';
  });
}

/** Runs `true` in a container and waits for its end. */
export async function runExec(ledger: Ledger, name: string): Promise<void> {
  const made = await ledger.act({ method: 'POST', path: `/containers/${name}/exec`, options: { json: { Cmd: ['true'] } }, touches: [] });
  const { Id } = jsonOf<{ Id: string }>(made);
  await ledger.act({ method: 'POST', path: `/exec/${Id}/start`, options: { json: {} }, touches: [] });
  const { ExitCode } = jsonOf<{ ExitCode: number }>(await ledger.request('GET', `/exec/${Id}/json`));
  assert.equal(ExitCode, 0, `exit code of an exec in ${name}`);
}

async function workOnImages(ledger: Ledger): Promise<void> {
  const rootfs = await rootfsTar('one');
  const changes = encodeURIComponent('LABEL crash=1');
  await ledger.bringIn('one:1', `/images/create?fromSrc=-&repo=one&tag=1&changes=${changes}`, rootfs);
  await ledger.tag('one:1', 'one:2');
  await ledger.bringIn('two:1', '/images/load?quiet=1', await archiveTar('two:1', rootfs));
  await ledger.untag('one:2');
  await ledger.untag('one:1');
  const filters = encodeURIComponent('{"dangling":{"false":true},"label":{"crash=1":true}}');
  await ledger.act({
    method: 'POST',
    path: `/images/prune?filters=${filters}`,
    touches: ['image:two:1'],
    promises: () => void ledger.tags.delete('two:1'),
  });
}

/** A container that talks until its log has been rotated, and older parts compressed and retired. */
async function rotateLogs(ledger: Ledger): Promise<void> {
  const LogConfig = { Type: 'json-file', Config: { 'max-size': '1k', 'max-file': '3', compress: 'true' } };
  const Cmd = ['sh', '-c', 'while :; do echo "says something"; sleep 0.01; done'];
  await ledger.create('talk', { Image: BASE, Cmd, HostConfig: { NetworkMode: 'none', LogConfig } });
  await ledger.verb('talk', 'start', 'running');
  await until(async () => {
    await ledger.request('GET', '/_ping');
    const files = await readdir(join(ledger.daemon.root, 'containers'), { recursive: true });
    return files.some((name) => Number(/ctr\.log\.(\d+)\.gz$/.exec(name)?.[1] ?? 0) > 3);
  });
  await ledger.remove('talk');
}

/** A container that runs becomes an image, and runs on. */
async function workOnCommits(ledger: Ledger): Promise<void> {
  await ledger.create('web', sleeper());
  await ledger.verb('web', 'start', 'running');
  await ledger.act({
    method: 'POST',
    path: '/commit?container=web&repo=made&tag=1',
    touches: ['image:made:1'],
    promises: () => void ledger.tags.add('made:1'),
  });
  // One that was made, but whose making failed after that, has lost its name to the second.
  await ledger.act({ method: 'POST', path: '/images/prune', touches: [] });
  await ledger.untag('made:1');
}

/** An orderly end, with a bridge to take down. */
async function shutDown(ledger: Ledger): Promise<void> {
  await ledger.create('web', sleeper('bridge'));
  await ledger.verb('web', 'start', 'running');
  await ledger.remove('web');
  await ledger.daemon.stop();
}

const COMMIT_SCRIPT = `
  const load = (folder) => import(${JSON.stringify(join(PROJECT_DIR, 'src'))} + '/' + folder + '/index.ts');
  const { openDatabase, LAYER_SCHEMA, openOverlayLayerStore } = await load('store');
  const { IMAGE_SCHEMA } = await load('image');
  const { NETWORK_SCHEMA } = await load('network');
  const { CONTAINER_SCHEMA } = await load('container');
  const root = process.argv[2];
  const database = openDatabase(root + '/pier.db', [LAYER_SCHEMA, IMAGE_SCHEMA, NETWORK_SCHEMA, CONTAINER_SCHEMA]);
  const store = await openOverlayLayerStore({ root, database });
  const digest = 'sha256:' + 'c'.repeat(64);
  await store.prepare('c'.repeat(64), undefined);
  await store.commit('c'.repeat(64), digest, digest);
`;

/** What no request asks of the engine so far: a container's layer becomes an image's. On the store itself, no daemon running. */
async function commitLayer(ledger: Ledger, env: Readonly<Record<string, string>>): Promise<void> {
  await ledger.daemon.stop();
  const script = join(ledger.daemon.directory, 'commit.mjs');
  await writeFile(script, COMMIT_SCRIPT);
  const args = ['--disable-warning=ExperimentalWarning', script, ledger.daemon.root];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
  const [stderr, exitCode] = await Promise.all([child.stderr.setEncoding('utf8').toArray(), exitOf(child)]);
  if (exitCode === 137) throw new Error(PROCESS_DIED);
  if (exitCode === 0) return;
  assert.match(stderr.join(''), /Cannot pass failpoint/);
  ledger.refusals.push({ request: 'commit', status: 500, message: `exit code ${exitCode}` });
}
