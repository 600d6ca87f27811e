import { timestamp } from '../../base/timestamp.ts';
import { cgroupOf } from '../container-cgroup.ts';
import { hasProcess } from '../signal-container.ts';
import { readCgroupStatsV1, readCgroupStatsV2 } from './cgroup-stats.ts';
import { readMachineStats, seenFromInside } from './machine-stats.ts';
import type { Container } from '../container.ts';
import type { ContainerContext } from '../container-context.ts';
import type { ContainerStats, InterfaceStats } from './container-stats.ts';
import type { MachineStats } from './machine-stats.ts';

/** How often those who listen get a new sample. */
const INTERVAL_MS = 1000;

/** A sample and the one before it, from which rates follow. Both `undefined` while the container does not run. */
export interface StatsSample {
  readonly stats: ContainerStats | undefined;
  readonly previous: ContainerStats | undefined;
}

interface Listener {
  readonly id: string;
  latest: StatsSample | undefined;
  previous: ContainerStats | undefined;
  wake: (() => void) | undefined;
}

/**
 * Samples containers that somebody listens to, once a second: each container once however many listen, and the machine's
 * own counters once for all of them. Nothing runs while nobody listens.
 */
export class StatsSampler implements Disposable {
  readonly #context: ContainerContext;
  readonly #listeners = new Set<Listener>();
  #timer: NodeJS.Timeout | undefined;

  constructor(context: ContainerContext) {
    this.#context = context;
  }

  /**
   * Samples of a container: one now, then one each second, until it is removed or the signal says so. Who reads slowly misses
   * some.
   *
   * @yields The latest.
   */
  async *listen(id: string, signal?: AbortSignal): AsyncGenerator<StatsSample> {
    const listener: Listener = { id, latest: undefined, previous: undefined, wake: undefined };
    const wake = (): void => listener.wake?.();
    signal?.addEventListener('abort', wake);
    this.#listeners.add(listener);
    this.#timer ??= setInterval(() => this.#tick(), INTERVAL_MS);
    try {
      const container = this.#context.index.byId(id);
      if (container !== undefined) this.#give(listener, this.#sample(container, readMachineStats()));
      for (;;) {
        if (signal?.aborted === true) return;
        const sample = listener.latest;
        listener.latest = undefined;
        if (sample !== undefined) yield sample;
        else if (this.#context.index.byId(id) === undefined || this.#timer === undefined) return;
        else await new Promise<void>((resolve) => (listener.wake = resolve));
      }
    } finally {
      signal?.removeEventListener('abort', wake);
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#stop();
    }
  }

  [Symbol.dispose](): void {
    this.#stop();
    for (const { wake } of this.#listeners) wake?.();
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const machine = readMachineStats();
    const byId = new Map<string, ContainerStats | undefined>();
    for (const listener of this.#listeners) {
      const container = this.#context.index.byId(listener.id);
      if (container === undefined) {
        listener.wake?.();
        continue;
      }
      if (!byId.has(listener.id)) byId.set(listener.id, this.#sample(container, machine));
      this.#give(listener, byId.get(listener.id));
    }
  }

  #give(listener: Listener, stats: ContainerStats | undefined): void {
    listener.latest = { stats, previous: stats === undefined ? undefined : listener.previous };
    listener.previous = stats;
    listener.wake?.();
  }

  #sample(container: Container, machine: MachineStats): ContainerStats | undefined {
    if (!hasProcess(container)) return undefined;
    const { cgroups } = this.#context.host;
    const path = cgroupOf(this.#context.host, container);
    const read = (controller: string, file: string): string => cgroups.read(controller, path, file);
    const stats = cgroups.version === 1 ? readCgroupStatsV1(read) : readCgroupStatsV2(read);
    const { systemNs, onlineCpus } = machine;
    return {
      ...stats,
      cpu: { ...stats.cpu, systemNs, onlineCpus },
      readAt: timestamp(),
      networks: this.#networksOf(container, machine),
      cgroupVersion: cgroups.version,
    };
  }

  #networksOf({ id }: Container, { interfaces }: MachineStats): Readonly<Record<string, InterfaceStats>> | undefined {
    const names = this.#context.networks.hostInterfaces(id);
    // Counted at the end of the cable that is here: no namespace need be entered.
    const found = names.flatMap((name, index): [string, InterfaceStats][] => {
      const outside = interfaces.get(name);
      return outside === undefined ? [] : [[`eth${index}`, seenFromInside(outside)]];
    });
    return found.length === 0 ? undefined : Object.fromEntries(found);
  }
}
