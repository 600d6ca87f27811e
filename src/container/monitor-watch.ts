import { isProcessAlive } from '../linux/index.ts';
import { readExitRecord, unseenExit } from './end-container.ts';
import { hasProcess } from './signal-container.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';
import type { ExitRecord } from './end-container.ts';

const INTERVAL_MS = 1000;
/** What people see of a container whose monitor was killed. */
export const MONITOR_LOST =
  'the monitor (conmon) was killed: the process runs on without input, output and log, and its exit code will be unknown';

/**
 * Looks after containers whose monitor cannot tell of their end any more, because it was killed itself.
 *
 * Such a container runs on, orphaned: its state says so, attaching is refused, and its end is found by looking.
 */
export class MonitorWatch implements Disposable {
  readonly #context: ContainerContext;
  readonly #onUnseenExit: (id: string, record: ExitRecord) => Promise<void>;
  readonly #timer: NodeJS.Timeout;

  /** @param onUnseenExit Called for a process that ended without a record. */
  constructor(context: ContainerContext, onUnseenExit: (id: string, record: ExitRecord) => Promise<void>) {
    this.#context = context;
    this.#onUnseenExit = onUnseenExit;
    this.#timer = setInterval(() => this.look(), INTERVAL_MS);
    this.#timer.unref();
  }

  /** Looks at all running containers once. What goes wrong with one is tried again at the next look, and holds up no other. */
  look(): void {
    for (const container of [...this.#context.index.all()].filter(hasProcess)) {
      // A mutation in progress knows better than this look.
      if (this.#context.locks.isBusy(container.id)) continue;
      this.#lookAt(container).catch((error: unknown) => {
        this.#context.logger.error('a container without its monitor could not be dealt with', { container: container.id, error });
      });
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }

  async #lookAt(container: Container): Promise<void> {
    const { id, state } = container;
    if (isProcessAlive(state.monitorPid, state.monitorStartTicks)) return;
    // It may have recorded the end as its last act.
    if (readExitRecord(this.#context, id) !== undefined || !isProcessAlive(state.pid, state.pidStartTicks)) {
      await this.#onUnseenExit(id, unseenExit());
      return;
    }
    if (state.isMonitorLost) return;
    this.#context.logger.warn('a monitor was killed; its container runs on without it', { container: id });
    this.#context.index.updateState(id, { isMonitorLost: true, error: MONITOR_LOST });
  }
}
