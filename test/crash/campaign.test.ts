// A random workload, and a daemon that dies of SIGKILL again and again in the middle of it. PIER_CAMPAIGN_KILLS says how often,
// PIER_CAMPAIGN_SEED repeats the choices of an earlier campaign (its timing cannot be repeated).
import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { it } from 'node:test';
import { IS_PEER, makeDaemon, type TestDaemon } from '../harness/daemon.ts';
import { missingMaterial } from '../harness/fixture.ts';
import { findLeftovers, waitForNoLeftovers } from '../harness/leaks.ts';
import { until } from '../harness/until.ts';
import { BeforeKill, LongRunning, runningContainers } from './campaign-clients.ts';
import { CampaignWorker } from './campaign-worker.ts';
import { useCompileCache } from './compile-cache.ts';
import { unexpectedFiles } from './engine-files.ts';
import { Ledger } from './ledger.ts';
import { Random } from './random.ts';
import { rootfsTar } from './small-images.ts';
import { BASE, runExec } from './workloads.ts';

useCompileCache();

const KILLS = Number(process.env['PIER_CAMPAIGN_KILLS'] ?? 200);
const SEED = Number(process.env['PIER_CAMPAIGN_SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const WORKERS = 3;
const LEAK_CHECK_EVERY = 20;
const LATE_MS = 10_000;

const skip = missingMaterial() || (IS_PEER && 'about what only pier promises');

it(`${KILLS} kills in the middle of work lose nothing (PIER_CAMPAIGN_SEED=${SEED})`, { skip }, async (t) => {
  await using daemon = await makeDaemon();
  await daemon.start();
  const campaign = new Campaign(daemon);
  let kills = 0;
  try {
    await campaign.begin();
    for (; kills < KILLS; kills++) await campaign.killOnce(kills);
    await campaign.end();
  } catch (error) {
    console.error(`Kill ${kills + 1} of PIER_CAMPAIGN_SEED=${SEED}. The daemon's log:\n${daemon.log.slice(-8000)}`);
    throw error;
  }
  t.diagnostic(`${campaign.acts} acts were acknowledged between ${KILLS} kills`);
});

class Campaign {
  readonly #daemon: TestDaemon;
  readonly #random = new Random(SEED);
  /** For what the campaign itself does; each worker has its own. */
  readonly #ledger: Ledger;
  readonly #longRunning: LongRunning;
  readonly #workers: readonly CampaignWorker[];
  /** Counts the daemons, so that a worker can tell whose death an error is. */
  #isKilling = false;

  constructor(daemon: TestDaemon) {
    this.#daemon = daemon;
    this.#ledger = new Ledger(daemon);
    this.#longRunning = new LongRunning(this.#ledger);
    this.#workers = Array.from({ length: WORKERS }, (_, i) => new CampaignWorker(new Ledger(daemon), `w${i}`, new Random(SEED + 1 + i)));
  }

  get acts(): number {
    return this.#workers.reduce((sum, worker) => sum + worker.acts, 0);
  }

  async begin(): Promise<void> {
    await this.#ledger.bringIn(BASE, '/images/create?fromSrc=-&repo=base&tag=1&changes=ENV%20PATH=%2Fbin', await rootfsTar('base'));
    await this.#longRunning.start();
  }

  /** Lets all work for a moment, kills the daemon, and holds the next one to what it had said. */
  async killOnce(number: number): Promise<void> {
    this.#isKilling = false;
    const work = Promise.all(this.#workers.map((worker) => worker.run(() => !this.#isKilling)));
    // Its failure is reported below, not as unhandled.
    work.catch(() => undefined);
    const beforeKill = number % 4 === 0 ? new BeforeKill(this.#ledger, number, number % 8 === 4) : undefined;
    await beforeKill?.start();
    await Promise.race([sleep(20 + this.#random.below(400)), work]);
    this.#isKilling = true;
    for (const worker of this.#workers) worker.halt();
    await this.#daemon.kill();
    await work;
    this.#longRunning.detach();
    const isKeeperKilled = this.#random.below(4) === 0;
    if (isKeeperKilled) this.#longRunning.killKeeper();
    await this.#daemon.start();
    if (isKeeperKilled) await this.#longRunning.assertKeeperIsBack();
    await this.#assertKept();
    await beforeKill?.assertEnded();
    await this.#longRunning.attach();
    await this.#longRunning.assertTerminalObeys();
    if (number % 4 === 1) await this.#longRunning.assertObserverSees();
    if (number % 4 === 2) await this.#longRunning.assertLogWhole();
    if (number % 4 === 3) await runExec(this.#ledger, 'logger');
    if ((number + 1) % LEAK_CHECK_EVERY === 0) await this.#assertNoLeaks();
  }

  /** Removes all, and looks for what is left. */
  async end(): Promise<void> {
    await this.#longRunning.assertLogWhole();
    this.#longRunning.detach();
    await this.#daemon.removeAllContainers();
    await this.#daemon.removeAllImages();
    await this.#daemon.stop();
    assert.deepEqual(await waitForNoLeftovers(this.#daemon.marks, LATE_MS), []);
    assert.deepEqual(unexpectedFiles(this.#daemon.marks), []);
  }

  async #assertKept(): Promise<void> {
    const ledgers = [this.#ledger, ...this.#workers.map(({ ledger }) => ledger)];
    await this.#assertNoStrangers(ledgers);
    for (const ledger of ledgers) {
      await ledger.assertOwnKept();
      if (ledger === this.#ledger) continue;
      await ledger.assertEndsReported();
      await ledger.settleDoubts();
    }
  }

  /** Nothing is there that no worker knows of. */
  async #assertNoStrangers(ledgers: readonly Ledger[]): Promise<void> {
    const containers = (await this.#ledger.listContainers()).map(({ Names }) => Names[0]?.slice(1) ?? '');
    const isKnown = (name: string): boolean => ledgers.some((ledger) => ledger.containers.has(name) || ledger.doubtful.has(name));
    assert.deepEqual(
      containers.filter((name) => !isKnown(name)),
      [],
      'containers that were removed, or that nobody created',
    );
    const tags = await this.#ledger.listTags();
    const isKnownTag = (tag: string): boolean => ledgers.some((ledger) => ledger.tags.has(tag) || ledger.doubtful.has(`image:${tag}`));
    assert.deepEqual(
      tags.filter((tag) => !isKnownTag(tag)),
      [],
      'images that were removed, or that nobody brought in',
    );
  }

  /**
   * There is as much on the machine as containers run: two mounts each, a network namespace, a cgroup, a bundle. Some have shared
   * memory that is a mount, too: in their bundles, so that none is left when those are right.
   */
  async #assertNoLeaks(): Promise<void> {
    let found = '';
    const isEven = async (): Promise<boolean> => {
      const running = await runningContainers(this.#ledger);
      const { mounts, namespaces } = await findLeftovers(this.#daemon.marks);
      const bundles = readdirSync(join(this.#daemon.state, 'c'));
      const cgroups = cgroupsOf(this.#daemon.marks.engineId);
      const own = mounts.filter((path) => !path.endsWith('/shm'));
      const counts = { mounts: own.length / 2, namespaces: namespaces.length, bundles: bundles.length, cgroups };
      found = `${running} containers run, and there are ${JSON.stringify(counts)}`;
      return Object.values(counts).every((count) => count === running);
    };
    await until(isEven, () => found);
  }
}

/** A container's cgroup is named for it; beside them is the one that the monitors live in. */
function isContainers(entry: Dirent): boolean {
  return entry.isDirectory() && /^[0-9a-f]{64}$/.test(entry.name);
}

/** How many containers of an engine have cgroups: the most in any hierarchy. */
function cgroupsOf(engineId: string): number {
  const tops = ['/sys/fs/cgroup', ...readdirSync('/sys/fs/cgroup').map((name) => join('/sys/fs/cgroup', name))];
  const counts = tops.map((top) => {
    const path = join(top, 'pier', engineId);
    return existsSync(path) ? readdirSync(path, { withFileTypes: true }).filter(isContainers).length : 0;
  });
  return Math.max(...counts);
}
