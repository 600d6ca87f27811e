import { traceSubject } from './trace.ts';

/** Runs work on one key strictly one after the other; different keys do not wait for each other. */
export class KeyedLock {
  readonly #tails = new Map<string, Promise<unknown>>();

  /** Runs `work` once all earlier work on `key` has ended, whether it failed or not. */
  async run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const previous = this.#tails.get(key) ?? Promise.resolve();
    const traced = (): Promise<T> => traceSubject(key, work);
    const current = previous.then(traced, traced);
    const settled = current.then(
      () => undefined,
      () => undefined,
    );
    this.#tails.set(key, settled);
    try {
      return await current;
    } finally {
      if (this.#tails.get(key) === settled) this.#tails.delete(key);
    }
  }

  /** Waits until no work is running or waiting. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.all(this.#tails.values());
  }

  /** Tells whether work on `key` is running or waiting. */
  isBusy(key: string): boolean {
    return this.#tails.has(key);
  }
}
