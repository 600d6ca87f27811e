import { PierError } from '../base/errors.ts';
import type { WaitResult } from './container-service.ts';
import type { ProcessInput } from './process-input.ts';

/**
 * One run of a container, from the moment somebody waits for it until its end.
 *
 * A client may attach to, or wait for, a container before it starts: then the run exists before its process does.
 */
export class Run {
  /** Resolves when the process runs; with `undefined` if it does not come to that. */
  readonly begun: Promise<ProcessInput | undefined>;
  readonly #ending = new AbortController();
  #resolveBegun: (input: ProcessInput | undefined) => void = () => {};
  #input: ProcessInput | undefined;
  #result: WaitResult | undefined;

  constructor() {
    this.begun = new Promise((resolve) => (this.#resolveBegun = resolve));
  }

  /**
   * Aborted when the run has ended, its start failed, or the engine closes. A signal, not a promise: whoever loses
   * interest takes the listener away, and a run of months does not remember all who ever looked.
   */
  get ended(): AbortSignal {
    return this.#ending.signal;
  }

  /** How it ended; `undefined` while it goes on, and after the engine has let go of it. */
  get result(): WaitResult | undefined {
    return this.#result;
  }

  /**
   * Waits for the outcome.
   *
   * @throws {PierError} `Cancelled` if the engine closes first. `signal`'s reason when that is aborted.
   */
  wait(signal?: AbortSignal): Promise<WaitResult> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        signal?.removeEventListener('abort', abort);
        if (this.#result === undefined) reject(new PierError('Cancelled', 'Cannot wait for container: the engine is closing'));
        else resolve(this.#result);
      };
      const abort = (): void => {
        this.ended.removeEventListener('abort', settle);
        reject(signal?.reason);
      };
      if (this.ended.aborted) settle();
      else if (signal?.aborted === true) abort();
      else {
        this.ended.addEventListener('abort', settle, { once: true });
        signal?.addEventListener('abort', abort, { once: true });
      }
    });
  }

  begin(input: ProcessInput): void {
    this.#input = input;
    this.#resolveBegun(input);
  }

  /** @param result `undefined` lets go of a run that goes on without this engine. */
  end(result: WaitResult | undefined): void {
    this.#input?.close();
    this.#resolveBegun(undefined);
    this.#result = result;
    this.#ending.abort();
  }
}

/** The runs that go on or are waited for, by container id. */
export class RunTable {
  readonly #runs = new Map<string, Run>();

  /** The run that goes on, or else the next one. */
  current(id: string): Run {
    let run = this.#runs.get(id);
    if (run === undefined) {
      run = new Run();
      this.#runs.set(id, run);
    }
    return run;
  }

  /** Ends the run, if there is one; the next {@linkcode current} is another. */
  end(id: string, result: WaitResult): void {
    const run = this.#runs.get(id);
    this.#runs.delete(id);
    run?.end(result);
  }

  /** Lets go of all runs when the engine closes; the processes go on. */
  letGo(): void {
    for (const run of this.#runs.values()) run.end(undefined);
    this.#runs.clear();
  }
}
