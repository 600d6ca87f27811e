import { PATIENCE } from './patience.ts';
import { execFile, spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';
import { exitOf, type Client } from './clients.ts';

/** A client that runs on a terminal of its own, and a person at its keyboard. */
export class TtySession implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #label: string;
  #output = '';
  #seen = 0;
  #wake: (() => void)[] = [];
  readonly #exitCode: Promise<number>;

  constructor(child: ChildProcessWithoutNullStreams, label: string) {
    this.#child = child;
    this.#label = label;
    this.#exitCode = exitOf(child);
    child.stdin.on('error', () => undefined);
    child.stdout.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString('latin1');
      this.#wakeAll();
    });
    child.stdout.on('end', () => this.#wakeAll());
  }

  /** All that the terminal showed. */
  get output(): string {
    return this.#output;
  }

  /** Types. */
  write(text: string): void {
    this.#child.stdin.write(text);
  }

  /**
   * Waits until the terminal has shown something that was not waited for before.
   *
   * @returns What it showed since the last call, up to and with the match.
   */
  async until(expected: string | RegExp, timeoutMs: number = 20_000 * PATIENCE): Promise<string> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const rest = this.#output.slice(this.#seen);
      const at = typeof expected === 'string' ? rest.indexOf(expected) : rest.search(expected);
      if (at >= 0) {
        const length = typeof expected === 'string' ? expected.length : (expected.exec(rest)?.[0].length ?? 0);
        this.#seen += at + length;
        return rest.slice(0, at + length);
      }
      const leftMs = deadline - Date.now();
      if (leftMs <= 0 || this.#child.stdout.readableEnded) {
        throw new Error(`Cannot see ${String(expected)} on the terminal of "${this.#label}": it showed ${JSON.stringify(rest)}`);
      }
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, leftMs);
        this.#wake.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  /** Waits until the client has ended; its exit code. */
  async exited(timeoutMs: number = 20_000 * PATIENCE): Promise<number> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`Cannot see "${this.#label}" end within ${timeoutMs} ms: it showed ${JSON.stringify(this.#output)}`)),
      timeoutMs,
    );
    try {
      return await Promise.race([this.#exitCode, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Types a line and waits for something that it makes appear (on a line of its own, not in its echo). */
  async command(line: string, expected: string | RegExp): Promise<string> {
    this.write(`${line}\n`);
    return await this.until(expected);
  }

  /** Gives the terminal another size, as a person does by pulling at the window's corner. */
  async resize(rows: number, columns: number): Promise<void> {
    await promisify(execFile)('stty', [
      '-F',
      await readlink(`/proc/${await this.clientPid()}/fd/0`),
      'rows',
      String(rows),
      'cols',
      String(columns),
    ]);
  }

  /** Pid of the client itself. */
  async clientPid(): Promise<number> {
    const pid = this.#child.pid ?? 0;
    const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ');
    return Number(children[0]);
  }

  /** Kills the client outright; its terminal goes with it. */
  async killClient(): Promise<void> {
    process.kill(await this.clientPid(), 'SIGKILL');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill('SIGKILL');
    await this.#exitCode;
  }

  #wakeAll(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}

/**
 * Starts a client on a terminal of 24 lines and 80 columns.
 *
 * The terminal is made by `script` of util-linux, which every Debian machine has.
 */
export function startOnTty(
  client: Client,
  args: readonly string[],
  options: { readonly host: string; readonly env?: Readonly<Record<string, string>> },
): TtySession {
  const quoted = [...client.command, ...args].map((word) => `'${word.replaceAll("'", String.raw`'\''`)}'`).join(' ');
  const env = { ...process.env, ...client.env, DOCKER_HOST: options.host, TERM: 'xterm', SHELL: '/bin/sh', ...options.env };
  const child = spawn('script', ['-q', '-e', '-c', `stty rows 24 cols 80; exec ${quoted}`, '/dev/null'], { env, stdio: 'pipe' });
  return new TtySession(child, `${client.name} ${args.join(' ')}`);
}
