import { setTimeout as delay } from 'node:timers/promises';
import { ContainerLog } from './container-log.ts';
import { createForward } from './forward/create-forward.ts';
import { LogForwarder } from './forward/log-forwarder.ts';
import { LogRotator } from './log-rotator.ts';
import { logLimits } from './log-plan.ts';
import type { Logger } from '../../base/logger.ts';
import type { Container } from '../container.ts';
import type { Run } from '../run-table.ts';
import type { Forward } from './forward/forward.ts';

/** How long the removal of a container waits for what it said last to be sent on. */
const LAST_WORDS_MS = 2000;

/** The logs of an engine's containers, kept within their limits while their containers run, and sent on where they are to go. */
export class LogKeeper implements AsyncDisposable {
  readonly #logs = new Map<string, ContainerLog>();
  /** What goes on for the runs of a container, by its id. */
  readonly #rotators = new Map<string, Set<LogRotator>>();
  readonly #forwarders = new Map<string, Set<LogForwarder>>();
  readonly #logger: Logger;
  readonly #bundleOf: (id: string) => string;

  /** @param bundleOf Where the monitor of a container has its control fifo. */
  constructor(bundleOf: (id: string) => string, logger: Logger) {
    this.#bundleOf = bundleOf;
    this.#logger = logger;
  }

  /** The log of a container; always the same one, which knows who reads it. */
  of({ id, logPath }: Container): ContainerLog {
    const known = this.#logs.get(id);
    if (known !== undefined) return known;
    const log = new ContainerLog(logPath);
    this.#logs.set(id, log);
    return log;
  }

  /**
   * A run has begun, or was found to go on: looks after its log until it ends. Never throws.
   *
   * @param forward Where it goes besides; made here when it is not given.
   */
  begin(container: Container, run: Run, forward?: Forward): void {
    if (run.ended.aborted) {
      forward?.[Symbol.dispose]();
      return;
    }
    try {
      this.#rotate(container, run);
      const target = forward ?? createForward(container);
      if (target !== undefined) this.#forward(container, run, target);
    } catch (error) {
      // The options were good when it was started: a file that they name may have gone since.
      this.#logger.error('a log is not looked after', { container: container.id, error });
    }
  }

  /** Lets go of a log whose files are about to be removed. */
  async forget(id: string): Promise<void> {
    const forwarders = [...(this.#forwarders.get(id) ?? [])];
    if (forwarders.length > 0) {
      await Promise.race([Promise.all(forwarders.map(({ finished }) => finished)), delay(LAST_WORDS_MS, undefined, { ref: false })]);
    }
    await this.#release(id);
    this.#logs.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#rotators.keys(), ...this.#forwarders.keys()].map((id) => this.#release(id)));
  }

  #rotate(container: Container, run: Run): void {
    const { id } = container;
    const limits = logLimits(container);
    const { maxBytes } = limits;
    if (maxBytes === undefined) return;
    const rotator = new LogRotator({
      containerId: id,
      log: this.of(container),
      limits: { ...limits, maxBytes },
      bundleDir: this.#bundleOf(id),
      logger: this.#logger,
    });
    const rotators = this.#rotators.get(id) ?? new Set();
    this.#rotators.set(id, rotators.add(rotator));
    run.ended.addEventListener('abort', () => void rotator[Symbol.asyncDispose]().then(() => rotators.delete(rotator)), { once: true });
  }

  #forward(container: Container, run: Run, forward: Forward): void {
    const { id } = container;
    const forwarders = this.#forwarders.get(id) ?? new Set();
    this.#forwarders.set(id, forwarders);
    const log = this.of(container);
    // What the run before has left unsent is the next one's first.
    for (const earlier of forwarders) earlier.close();
    const after = Promise.all([...forwarders].map(({ finished }) => finished));
    const forwarder = new LogForwarder({ containerId: id, log, forward, ended: run.ended, after, logger: this.#logger });
    forwarders.add(forwarder);
    void forwarder.finished.then(() => forwarders.delete(forwarder));
  }

  async #release(id: string): Promise<void> {
    const forwarders = [...(this.#forwarders.get(id) ?? [])];
    for (const forwarder of forwarders) forwarder.close();
    await Promise.all([
      ...[...(this.#rotators.get(id) ?? [])].map((rotator) => rotator[Symbol.asyncDispose]()),
      ...forwarders.map(({ finished }) => finished),
    ]);
    this.#rotators.delete(id);
    this.#forwarders.delete(id);
  }
}
