import type { Ledger } from './ledger.ts';
import type { Random } from './random.ts';
import { fileTar } from './small-images.ts';
import { BASE, runExec, sleeper } from './workloads.ts';

const MAX_CONTAINERS = 3;
const MAX_TAGS = 3;
/** What the names of containers end in that end by themselves. */
const JOB = '-job';

/** Talks so much that its log is rotated all the time. */
const TALKER = {
  Image: BASE,
  Cmd: ['sh', '-c', 'while :; do echo "says something"; sleep 0.05; done'],
  HostConfig: {
    NetworkMode: 'none',
    LogConfig: { Type: 'json-file', Config: { 'max-size': '1k', 'max-file': '3', compress: 'true' } },
  },
};
/** Is asked all the time how it is. */
const PROBED = { ...sleeper(), Healthcheck: { Test: ['CMD', 'true'], Interval: 200e6 } };

/** A client that does one thing after the other, whatever the state of its own containers and images allows. */
export class CampaignWorker {
  readonly ledger: Ledger;
  readonly #name: string;
  readonly #random: Random;
  #count = 0;
  #isHalted = true;
  /** Requests that were answered. */
  acts = 0;

  constructor(ledger: Ledger, name: string, random: Random) {
    this.ledger = ledger;
    this.#name = name;
    this.#random = random;
  }

  /**
   * Works until told to stop, or until the daemon dies.
   *
   * @param isAlive Whether an error is the worker's, and not the daemon's death.
   */
  async run(isAlive: () => boolean): Promise<void> {
    this.#isHalted = false;
    try {
      while (!this.#isHalted) {
        await this.#act();
        this.acts++;
      }
    } catch (error) {
      if (isAlive() && !this.#isHalted) throw error;
    }
  }

  /** Lets it end after what it does now. */
  halt(): void {
    this.#isHalted = true;
  }

  async #act(): Promise<void> {
    const choices = [...this.#creations(), ...this.#containerActs(), ...this.#imageActs()];
    await this.#random.pick(choices)();
  }

  #creations(): (() => Promise<void>)[] {
    if (this.ledger.containers.size >= MAX_CONTAINERS) return [];
    const name = `${this.#name}-${++this.#count}`;
    const networkMode = this.#random.below(4) === 0 ? 'bridge' : 'none';
    return [
      () => this.ledger.create(name, sleeper(networkMode)),
      async () => {
        await this.ledger.create(name, this.#random.pick([TALKER, PROBED]));
        await this.ledger.verb(name, 'start', 'running');
      },
      async () => {
        await this.ledger.create(name, sleeper(networkMode));
        await this.ledger.verb(name, 'start', 'running');
      },
      () => this.#runJob(`${name}${JOB}`),
    ];
  }

  /** Something that ends by itself, with a code that says which one it was. */
  async #runJob(name: string): Promise<void> {
    const exitCode = 1 + this.#random.below(99);
    const command = `sleep 0.${this.#random.below(6)}; exit ${exitCode}`;
    await this.ledger.create(name, { Image: BASE, Cmd: ['sh', '-c', command], HostConfig: { NetworkMode: 'none' } });
    await this.ledger.verb(name, 'start', undefined);
    const { id } = this.ledger.containers.get(name) ?? { id: '' };
    // From here on the daemon owes the code, whether it lives at the end or not.
    this.ledger.owed.set(name, { id, exitCode });
    await this.ledger.verb(name, 'wait', 'exited', exitCode);
    this.ledger.owed.delete(name);
  }

  #containerActs(): (() => Promise<void>)[] {
    const acts: (() => Promise<void>)[] = [];
    for (const [name, { status }] of this.ledger.containers) {
      acts.push(() => this.ledger.remove(name));
      if (name.endsWith(JOB)) continue;
      acts.push(
        () => this.ledger.update(name, 20 + this.#random.below(100)),
        () => this.ledger.copyIn(name, `${name}: ${this.#random.below(1_000_000)}`),
        () => this.ledger.rename(name, `${this.#name}-${++this.#count}`),
      );
      if (status === 'created' || status === 'exited') acts.push(() => this.ledger.verb(name, 'start', 'running'));
      if (status === 'paused') acts.push(() => this.ledger.verb(name, 'unpause', 'running'));
      if (status !== 'running') continue;
      acts.push(
        () => this.ledger.verb(name, 'pause', 'paused'),
        () => this.ledger.verb(name, 'stop?t=0', 'exited', 137),
        () => this.#kill(name),
        () => this.ledger.verb(name, 'restart?t=0', 'running'),
        () => runExec(this.ledger, name),
        () => runExec(this.ledger, name),
      );
    }
    return acts;
  }

  async #kill(name: string): Promise<void> {
    await this.ledger.verb(name, 'kill', undefined);
    await this.ledger.verb(name, 'wait', 'exited', 137);
  }

  #imageActs(): (() => Promise<void>)[] {
    const { tags } = this.ledger;
    const tag = `${this.#name}:${++this.#count}`;
    const acts = [...tags].map((old) => () => this.ledger.untag(old));
    if (tags.size >= MAX_TAGS) return acts;
    acts.push(async () => {
      const path = `/images/create?fromSrc=-&repo=${this.#name}&tag=${this.#count}`;
      await this.ledger.bringIn(`${this.#name}:${this.#count}`, path, await fileTar(tag));
    });
    const [first] = tags;
    if (first !== undefined) acts.push(() => this.ledger.tag(first, tag));
    const still = [...this.ledger.containers].find(([, { status }]) => status === 'exited' || status === 'running');
    if (still !== undefined) acts.push(() => this.ledger.commit(still[0], this.#name, String(this.#count)));
    return acts;
  }
}
