import type { Container } from './container.ts';
import type { RestartPolicy } from './container-spec.ts';

const FIRST_DELAY_MS = 100;
const MAXIMUM_DELAY_MS = 60_000;
/** A run of this length was a success: the next delay is the first again. */
const SETTLED_RUN_MS = 10_000;

/**
 * Tells whether a container whose process has ended shall be started again by itself.
 *
 * @param container After its end.
 */
export function shallRestart(container: Container): boolean {
  const { spec, state } = container;
  if (state.isStoppedByUser) return false;
  switch (spec.restartPolicy.name) {
    case 'no':
      return false;
    case 'always':
    case 'unless-stopped':
      return true;
    case 'on-failure':
      return state.exitCode !== 0 && !isSpent(spec.restartPolicy, state.restartCount);
  }
}

function isSpent({ maximumRetryCount }: RestartPolicy, restartCount: number): boolean {
  return maximumRetryCount > 0 && restartCount >= maximumRetryCount;
}

/** Waits before restarts: 100 ms, then twice as long each time, up to a minute; anew after a run of ten seconds. */
export class RestartSupervisor implements Disposable {
  readonly #restart: (id: string) => void;
  readonly #delaysMs = new Map<string, number>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  /** @param restart Called when a container's time has come. Must not throw. */
  constructor(restart: (id: string) => void) {
    this.#restart = restart;
  }

  /**
   * Plans the next start of a container.
   *
   * @param container After its end.
   * @param hasRun `false` if not even its start succeeded: its times are those of an earlier run then.
   */
  schedule(container: Container, hasRun: boolean = true): void {
    const { startedAt, finishedAt } = container.state;
    const ranMs = Date.parse(finishedAt ?? '') - Date.parse(startedAt ?? '');
    const previous = hasRun && ranMs >= SETTLED_RUN_MS ? undefined : this.#delaysMs.get(container.id);
    const delayMs = previous === undefined ? FIRST_DELAY_MS : Math.min(previous * 2, MAXIMUM_DELAY_MS);
    this.#delaysMs.set(container.id, delayMs);
    this.cancel(container.id);
    this.#timers.set(
      container.id,
      setTimeout(() => {
        this.#timers.delete(container.id);
        this.#restart(container.id);
      }, delayMs),
    );
  }

  /** Forgets a planned start. */
  cancel(id: string): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }

  /** Forgets a container that is removed. */
  forget(id: string): void {
    this.cancel(id);
    this.#delaysMs.delete(id);
  }

  [Symbol.dispose](): void {
    for (const id of this.#timers.keys()) this.forget(id);
  }
}
