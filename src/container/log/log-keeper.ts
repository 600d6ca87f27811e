import { ContainerLog } from './container-log.ts';
import { LogRotator } from './log-rotator.ts';
import { logLimits } from './log-plan.ts';
import type { Logger } from '../../base/logger.ts';
import type { Container } from '../container.ts';
import type { Run } from '../run-table.ts';

/** The logs of an engine's containers, kept within their limits while their containers run. */
export class LogKeeper implements AsyncDisposable {
  readonly #logs = new Map<string, ContainerLog>();
  /** What goes on for the runs of a container, by its id. */
  readonly #rotators = new Map<string, Set<LogRotator>>();
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

  /** A run has begun, or was found to go on: looks after its log until it ends. */
  begin(container: Container, run: Run): void {
    const { id } = container;
    const limits = logLimits(container);
    const { maxBytes } = limits;
    if (maxBytes === undefined || run.ended.aborted) return;
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

  /** Lets go of a log whose files are about to be removed. */
  async forget(id: string): Promise<void> {
    await Promise.all([...(this.#rotators.get(id) ?? [])].map((rotator) => rotator[Symbol.asyncDispose]()));
    this.#rotators.delete(id);
    this.#logs.delete(id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#rotators.keys()].map((id) => this.forget(id)));
  }
}
