// Every failpoint of the engine: killed there, or given an error there, it loses nothing that it acknowledged, leaves nothing
// half done, and nothing behind. The names are read from the sources: a new one is tested without a change here, and one that
// no workload passes fails.
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { IS_PEER, TestDaemon } from '../harness/daemon.ts';
import { missingMaterial } from '../harness/fixture.ts';
import { jsonOf } from '../harness/http.ts';
import { PROJECT_DIR } from '../harness/images.ts';
import { waitForNoLeftovers } from '../harness/leaks.ts';
import { useCompileCache } from './compile-cache.ts';
import { unexpectedFiles } from './engine-files.ts';
import { Ledger } from './ledger.ts';
import { rootfsTar } from './small-images.ts';
import { BASE, PROCESS_DIED, sleeper, WORKLOADS, type Workload } from './workloads.ts';

useCompileCache();

const skip = missingMaterial() || (IS_PEER && 'about what only pier has');

/** What the kernel and process 1 collect late may take so long. */
const PATIENCE_MS = 10_000;

/** What a name stands for that is put together at run time. */
const TEMPLATES: Readonly<Record<string, readonly string[]>> = { '${name}.': ['image.load.', 'image.import.', 'image.commit.'] };

/** Failpoint name → number of places in the sources that have it. */
const FAILPOINTS = findFailpoints();

function findFailpoints(): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const path of globSync('src/**/*.ts', { cwd: PROJECT_DIR, exclude: ['src/**/*.test.ts', 'src/base/failpoint.ts'] })) {
    const text = readFileSync(join(PROJECT_DIR, path), 'utf8');
    for (const [, , written = ''] of text.matchAll(/\bfailpoint\(\s*(['"`])(.*?)\1/g)) {
      for (const name of expand(written, path)) found.set(name, (found.get(name) ?? 0) + 1);
    }
  }
  return found;
}

function expand(written: string, path: string): readonly string[] {
  if (!written.includes('${')) return [written];
  const known = Object.entries(TEMPLATES).find(([start]) => written.startsWith(start));
  if (known === undefined) throw new Error(`Cannot test failpoint \`${written}\` of ${path}: say in TEMPLATES what it stands for`);
  const [start, names] = known;
  return names.map((name) => name + written.slice(start.length));
}

/** All workloads, the likeliest to pass a failpoint first. */
function workloadsFor(name: string): readonly Workload[] {
  const rank = ({ prefixes }: Workload): number =>
    Math.max(-1, ...prefixes.flatMap((prefix) => (name.startsWith(prefix) ? [prefix.length] : [])));
  return WORKLOADS.toSorted((a, b) => rank(b) - rank(a));
}

let templateRoot = '';

before(async () => {
  if (skip !== false) return;
  const directory = await mkdtemp(join(tmpdir(), 'pt-'));
  templateRoot = join(directory, 'template');
  await mkdir(join(directory, 'state'));
  const daemon = new TestDaemon(directory, { root: templateRoot });
  await daemon.start();
  const body = await rootfsTar('base');
  await daemon.json('POST', '/images/create?fromSrc=-&repo=base&tag=1&changes=ENV%20PATH=%2Fbin', { body });
  await daemon.stop();
});

after(async () => {
  if (templateRoot !== '') await rm(join(templateRoot, '..'), { recursive: true, force: true });
});

/** A daemon, not started yet, on a root with the base image; put away when all is checked. */
async function withDaemon(body: (daemon: TestDaemon) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pt-'));
  await cp(templateRoot, join(directory, 'root'), { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  await mkdir(join(directory, 'state'));
  const daemon = new TestDaemon(directory, {});
  let isClean = false;
  try {
    await body(daemon);
    isClean = true;
  } finally {
    if (!isClean) console.error(`The daemon's log:\n${daemon.log.slice(-6000)}`);
    const disposed = daemon[Symbol.asyncDispose]();
    await (isClean ? disposed : disposed.catch(() => undefined));
    await daemon.kill();
  }
}

/**
 * Runs a workload with failpoints armed.
 *
 * @returns The client's ledger, and whether the daemon, or what acted in its place, died.
 */
async function runArmed(daemon: TestDaemon, workload: Workload, failpoints: string): Promise<{ ledger: Ledger; hasDied: boolean }> {
  const env = { PIER_FAILPOINTS: failpoints };
  const ledger = new Ledger(daemon);
  ledger.tags.add(BASE);
  await daemon.start(workload.needsDaemon ? env : {});
  const logStart = daemon.log.length;
  const hasDied = (): boolean => daemon.log.slice(logStart).includes('[the daemon ended: SIGKILL]');
  try {
    await workload.run(ledger, env);
  } catch (error) {
    if (error instanceof Error && error.message === PROCESS_DIED) return { ledger, hasDied: true };
    await daemon.ended(5000).catch(() => undefined);
    if (!hasDied()) throw error;
  }
  return { ledger, hasDied: hasDied() };
}

/**
 * Everything that is there works and can be removed; then nothing is left.
 *
 * @param mayWaitForSweep Whether files that could not be removed may stay until the next daemon.
 */
async function useAndRemoveAll(ledger: Ledger, mayWaitForSweep: boolean): Promise<void> {
  const { daemon } = ledger;
  for (const { Id, State } of await ledger.listContainers()) {
    if (State === 'created' || State === 'exited') {
      const started = await ledger.request('POST', `/containers/${Id}/start`);
      assert.equal(started.status, 204, `start ${Id}, which was ${State}: ${started.body.toString()}`);
    }
    const removed = await ledger.request('DELETE', `/containers/${Id}?force=1`);
    // One that was to go by itself may have been quicker.
    assert.ok([204, 404, 409].includes(removed.status), `remove ${Id}: ${removed.status} ${removed.body.toString()}`);
  }
  const tags = await ledger.listTags();
  for (const tag of tags) await assertRuns(ledger, tag);
  assert.deepEqual(await ledger.listContainers(), []);
  for (const tag of tags) {
    const removed = await ledger.request('DELETE', `/images/${tag}`);
    assert.equal(removed.status, 200, `rmi ${tag}: ${removed.body.toString()}`);
  }
  assert.deepEqual(jsonOf<unknown[]>(await ledger.request('GET', '/images/json?all=1')), []);
  await daemon.stop();
  assert.deepEqual(await waitForNoLeftovers(daemon.marks, PATIENCE_MS), [], 'left over');
  if (mayWaitForSweep && unexpectedFiles(daemon.marks).length > 0) {
    await daemon.start({});
    await daemon.stop();
  }
  assert.deepEqual(unexpectedFiles(daemon.marks), [], 'left over');
}

async function assertRuns(ledger: Ledger, image: string): Promise<void> {
  const json = { Image: image, Cmd: ['/bin/sh', '-c', 'exit 7'], HostConfig: { NetworkMode: image === BASE ? 'bridge' : 'none' } };
  const created = await ledger.request('POST', '/containers/create?name=trial', { json });
  assert.equal(created.status, 201, `create from ${image}: ${created.body.toString()}`);
  const started = await ledger.request('POST', '/containers/trial/start');
  assert.equal(started.status, 204, `start from ${image}: ${started.body.toString()}`);
  const waited = jsonOf<{ StatusCode: number }>(await ledger.request('POST', '/containers/trial/wait'));
  assert.equal(waited.StatusCode, 7, `exit code from ${image}`);
  assert.equal((await ledger.request('DELETE', '/containers/trial')).status, 204);
}

describe('killed at a failpoint', { concurrency: 3, skip }, () => {
  for (const [name, places] of FAILPOINTS) {
    it(name, async () => {
      let deaths = 0;
      for (const workload of workloadsFor(name)) {
        await withDaemon(async (daemon) => {
          const { ledger, hasDied } = await runArmed(daemon, workload, `${name}=kill`);
          await daemon.kill();
          await daemon.start({});
          if (!hasDied) return;
          deaths++;
          await ledger.assertKept();
          await useAndRemoveAll(ledger, false);
        });
        if (deaths === places) break;
      }
      assert.ok(deaths > 0, `no workload passes failpoint "${name}"`);
    });
  }
});

describe('an error at a failpoint', { concurrency: 3, skip }, () => {
  for (const name of FAILPOINTS.keys()) {
    it(name, async () => {
      let isSeen = false;
      for (const workload of workloadsFor(name)) {
        await withDaemon(async (daemon) => {
          const { ledger, hasDied } = await runArmed(daemon, workload, `${name}=error`);
          assert.equal(hasDied, false);
          isSeen = ledger.refusals.length > 0 || daemon.log.includes('Cannot pass failpoint');
          if (!isSeen) return;
          for (const { request, message } of ledger.refusals) assert.match(message, /"(message|error)"|exit code/, request);
          if (!daemon.isRunning) await daemon.start({});
          await ledger.assertKept();
          await useAndRemoveAll(ledger, true);
        });
        if (isSeen) break;
      }
      assert.ok(isSeen, `no workload passes failpoint "${name}"`);
    });
  }
});

describe('killed again while it recovers', { skip }, () => {
  it('at each failpoint that recovery passes', async () => {
    await withDaemon(async (daemon) => {
      const ledger = new Ledger(daemon);
      ledger.tags.add(BASE);
      await daemon.start({});
      let deaths = 0;
      for (const name of FAILPOINTS.keys()) {
        if (!/^(container\.(start|end|teardown|remove)|network\.|layer\.remove)/.test(name)) continue;
        await leaveWork(ledger);
        await daemon.kill();
        await killProcessesOf(ledger);
        const hasDied = await daemon.start({ PIER_FAILPOINTS: `${name}=kill` }).then(
          () => false,
          () => true,
        );
        if (hasDied) deaths++;
        await daemon.kill();
        await daemon.start({});
        await ledger.assertKept();
        for (const { Id } of await ledger.listContainers()) await ledger.request('DELETE', `/containers/${Id}?force=1`);
        ledger.containers.clear();
      }
      assert.ok(deaths >= 5, `recovery passed only ${deaths} failpoints`);
      await useAndRemoveAll(ledger, false);
    });
  });
});

/** Containers whose processes will end while no daemon runs. */
async function leaveWork(ledger: Ledger): Promise<void> {
  for (const [name, config] of [
    ['plain', sleeper('bridge')],
    ['brief', { ...sleeper(), HostConfig: { NetworkMode: 'none', AutoRemove: true } }],
    ['again', { ...sleeper(), HostConfig: { NetworkMode: 'none', RestartPolicy: { Name: 'always' } } }],
  ] as const) {
    await ledger.create(name, config);
    await ledger.verb(name, 'start', 'running');
  }
}

/** Ends them, and notes down what the next daemon has to make of it. */
async function killProcessesOf(ledger: Ledger): Promise<void> {
  for (const [name, { id, pid }] of ledger.containers) {
    if (pid !== undefined) process.kill(pid, 'SIGKILL');
    if (name === 'plain') ledger.containers.set(name, { id, status: 'exited', exitCode: 137 });
    else if (name === 'brief') ledger.containers.delete(name);
    else ledger.containers.set(name, { id, status: undefined });
  }
  // The monitors have a moment to record it, as they have on a machine.
  const exits = join(ledger.daemon.state, 'exits');
  await ledger.untilRecorded(exits, 3);
}
