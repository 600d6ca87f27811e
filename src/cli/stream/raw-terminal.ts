import { spawnSync } from 'node:child_process';
import type { ReadStream } from 'node:tty';

/** Signals that end this process by default, and would leave the terminal raw. */
const DEADLY = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM'] as const;

/**
 * Hands every key on as it is typed, until disposed.
 *
 * The terminal gets its old settings back when this is disposed, when the process exits for whatever reason it can act on,
 * and when a signal ends it. A signal that somebody else listens to (to pass it on to a container) is left to them.
 */
export class RawTerminal implements Disposable {
  readonly #input: ReadStream;
  readonly #restore = (): void => this[Symbol.dispose]();
  readonly #die = (signal: NodeJS.Signals): void => {
    if (process.listenerCount(signal) > 1) return;
    this[Symbol.dispose]();
    process.kill(process.pid, signal);
  };
  #isRaw = true;

  /** @param input Standard input, a terminal. */
  constructor(input: ReadStream) {
    this.#input = input;
    process.on('exit', this.#restore);
    for (const signal of DEADLY) process.on(signal, this.#die);
    input.setRawMode(true);
    // libuv's raw mode still turns line feeds into CR LF on the way out, which moves the cursor of full-screen programs.
    // Node has no call for the rest. The child is waited for: later it might undo the restoring.
    spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
  }

  [Symbol.dispose](): void {
    if (!this.#isRaw) return;
    this.#isRaw = false;
    process.off('exit', this.#restore);
    for (const signal of DEADLY) process.off(signal, this.#die);
    this.#input.setRawMode(false);
  }
}
