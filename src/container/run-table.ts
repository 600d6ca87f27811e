import type { WaitResult } from './container-service.ts';
import type { ProcessInput } from './process-input.ts';

/**
 * One run of a container, from the moment somebody waits for it until its end.
 *
 * A client may attach to, or wait for, a container before it starts: then the run exists before its process does.
 */
export class Run {
  /** Resolves when the process runs; never, if it does not come to that. */
  readonly begun: Promise<ProcessInput>;
  /** Resolves with the outcome; also when the start failed. */
  readonly ended: Promise<WaitResult>;
  /** Size of the log before this run. */
  readonly logOffset: number;
  #resolveBegun: (input: ProcessInput) => void = () => {};
  #resolveEnded: (result: WaitResult) => void = () => {};
  #input: ProcessInput | undefined;

  constructor(logOffset: number) {
    this.logOffset = logOffset;
    this.begun = new Promise((resolve) => (this.#resolveBegun = resolve));
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
  }

  begin(input: ProcessInput): void {
    this.#input = input;
    this.#resolveBegun(input);
  }

  end(result: WaitResult): void {
    this.#input?.close();
    this.#resolveEnded(result);
  }
}

/** The runs that go on or are waited for, by container id. */
export class RunTable {
  readonly #runs = new Map<string, Run>();

  /** The run that goes on, or else the next one. @param logSize Asked when a new run is made. */
  current(id: string, logSize: () => number): Run {
    let run = this.#runs.get(id);
    if (run === undefined) {
      run = new Run(logSize());
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

  /** Lets go of all inputs when the engine closes; the processes go on. */
  closeInputs(): void {
    for (const run of this.#runs.values()) void run.begun.then((input) => input.close());
    this.#runs.clear();
  }
}
