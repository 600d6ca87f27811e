import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/**
 * A bash that stays, and times what it is told to run: what starts the commands costs the same for every contender, and
 * nothing of this process's own memory or work is in the figures. It may live in a root and namespaces of its own.
 */
export class Shell implements AsyncDisposable {
  readonly #bash: ChildProcessWithoutNullStreams;
  readonly #replies: AsyncIterator<string>;
  #errors = '';

  /** @param command What starts the bash; it must read its script from standard input. */
  constructor(command: readonly string[] = ['bash']) {
    const [program = 'bash', ...args] = command;
    this.#bash = spawn(program, args, { stdio: 'pipe' });
    this.#bash.stdin.on('error', () => undefined);
    this.#bash.stderr.on('data', (chunk: Buffer) => (this.#errors = (this.#errors + chunk.toString()).slice(-2000)));
    this.#replies = createInterface({ input: this.#bash.stdout })[Symbol.asyncIterator]();
  }

  /**
   * Runs a line of bash with its output thrown away.
   *
   * @returns Milliseconds.
   * @throws {Error} if it exits with anything but 0.
   */
  async time(line: string): Promise<number> {
    this.#errors = '';
    // The exit code first: the time of day would overwrite it.
    this.#bash.stdin.write(`s=$EPOCHREALTIME; { ${line}\n} </dev/null >/dev/null; c=$?; e=$EPOCHREALTIME; echo "$c $s $e"\n`);
    const { value } = await this.#replies.next();
    const [code, start, end] = String(value).split(' ').map(Number);
    if (code !== 0 || start === undefined || end === undefined) {
      // What went wrong may still be on its way through the other pipe.
      await new Promise((resolve) => setTimeout(resolve, 100));
      throw new Error(`Cannot run "${line}": it exited with ${code ?? 'nothing'}: ${this.#errors.trim()}`);
    }
    return (end - start) * 1000;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#bash.exitCode !== null || this.#bash.signalCode !== null) return;
    const gone = once(this.#bash, 'exit');
    this.#bash.stdin.end();
    await gone;
  }
}

/** A command as bash must see it to pass the words on unchanged. */
export function quote(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
}
