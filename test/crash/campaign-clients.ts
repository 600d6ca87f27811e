import assert from 'node:assert/strict';
import { hijack, jsonOf, streamText, type HijackedConnection } from '../harness/http.ts';
import { until } from '../harness/until.ts';
import type { Inspected, Ledger } from './ledger.ts';
import { BASE, sleeper } from './workloads.ts';

const LOGGER = 'i=0; while true; do echo line $i; i=$((i+1)); usleep 30000; done';

/** What runs through the whole campaign, with clients that are attached whenever a daemon is there. */
export class LongRunning {
  readonly #ledger: Ledger;
  readonly #socket: string;
  #observer: HijackedConnection | undefined;
  #terminal: HijackedConnection | undefined;
  #typed = 0;

  /** @param ledger Its containers are noted down there. */
  constructor(ledger: Ledger) {
    this.#ledger = ledger;
    this.#socket = ledger.daemon.directSocket;
  }

  async start(): Promise<void> {
    const none = { NetworkMode: 'none' };
    await this.#ledger.create('logger', { Image: BASE, Cmd: ['sh', '-c', LOGGER], HostConfig: none });
    await this.#ledger.create('terminal', { Image: BASE, Cmd: ['sh'], Tty: true, OpenStdin: true, HostConfig: none });
    await this.#ledger.create('keeper', { ...sleeper(), HostConfig: { ...none, RestartPolicy: { Name: 'always' } } });
    for (const name of ['logger', 'terminal', 'keeper']) await this.#ledger.verb(name, 'start', 'running');
    await this.attach();
  }

  /** Attaches an observer to the logger, and a keyboard to the terminal. */
  async attach(): Promise<void> {
    this.#observer = await attach(this.#socket, 'logger', 'stream=1&stdout=1&stderr=1');
    this.#terminal = await attach(this.#socket, 'terminal', 'stream=1&stdin=1&stdout=1&stderr=1');
  }

  /** Drops the clients; what they had must be without a gap. */
  detach(): void {
    const seen = this.#observer === undefined ? [] : completeLines(streamText(this.#observer.received()));
    assertConsecutive(seen, 'what an attached client saw');
    this.#observer?.socket.destroy();
    this.#terminal?.socket.destroy();
  }

  /** Every line that the logger ever wrote is in its log, once and in order. */
  async assertLogWhole(): Promise<void> {
    const response = await this.#ledger.request('GET', '/containers/logger/logs?stdout=1&stderr=1');
    assert.equal(response.status, 200, response.body.toString());
    const lines = completeLines(streamText(response.body));
    assert.equal(lines[0], 'line 0', 'the first line of the log');
    assertConsecutive(lines, 'the log');
  }

  /** The attached observer sees new output. */
  async assertObserverSees(): Promise<void> {
    const observer = this.#observer;
    await until(
      () => completeLines(streamText(observer?.received() ?? Buffer.alloc(0))).length > 0,
      () => 'no output for an attached client',
    );
  }

  /** The shell on the terminal obeys. */
  async assertTerminalObeys(): Promise<void> {
    const terminal = this.#terminal;
    assert.ok(terminal !== undefined);
    const number = ++this.#typed;
    terminal.socket.write(`echo typed-$((${number}+0))-end\n`);
    await until(
      () => terminal.received().toString().includes(`typed-${number}-end`),
      () => `on the terminal: ${JSON.stringify(terminal.received().toString().slice(-300))}`,
    );
  }

  /** Ends the process of the container that is always restarted. Made for when no daemon runs. */
  killKeeper(): void {
    const known = this.#ledger.containers.get('keeper');
    if (known?.pid === undefined) throw new Error('Cannot kill the keeper: its pid is not known');
    process.kill(known.pid, 'SIGKILL');
    this.#ledger.doubtful.add('keeper');
  }

  /** Waits until the restart policy has brought it back. */
  async assertKeeperIsBack(): Promise<void> {
    const previous = this.#ledger.containers.get('keeper');
    let found = '';
    await until(
      async () => {
        const { State, Id } = await this.#ledger.inspect('keeper');
        found = `${State.Status} ${State.Pid}`;
        if (State.Status !== 'running' || State.Pid === previous?.pid) return false;
        this.#ledger.containers.set('keeper', { id: Id, status: 'running', pid: State.Pid });
        return true;
      },
      () => `keeper is ${found}`,
    );
    this.#ledger.doubtful.delete('keeper');
  }
}

/** What is begun right before a kill, to be looked at after it. */
export class BeforeKill {
  readonly #ledger: Ledger;
  readonly #id: number;
  readonly #said: string;
  #input: HijackedConnection | undefined;

  /** @param isSilent Whether the client of `cat` is attached, but has said nothing when it dies. */
  constructor(ledger: Ledger, id: number, isSilent: boolean) {
    this.#ledger = ledger;
    this.#id = id;
    this.#said = isSilent ? '' : 'hello\n';
  }

  /** A client that feeds `cat`, a container that ends soon, and one that is removed when it ends. */
  async start(): Promise<void> {
    const none = { NetworkMode: 'none' };
    const [cat, brief, vanishing] = this.#names();
    const stdin = { OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true };
    await this.#ledger.create(cat, { Image: BASE, Cmd: ['cat'], ...stdin, HostConfig: none });
    this.#input = await attach(this.#ledger.daemon.directSocket, cat, 'stream=1&stdin=1&stdout=1');
    await this.#ledger.verb(cat, 'start', 'running');
    const input = this.#input;
    if (this.#said !== '') input.socket.write(this.#said);
    await until(
      () => streamText(input.received()) === this.#said,
      () => `cat said ${JSON.stringify(streamText(input.received()))}`,
    );
    await this.#ledger.create(vanishing, { Image: BASE, Cmd: ['sleep', '0.2'], HostConfig: { ...none, AutoRemove: true } });
    this.#ledger.containers.delete(vanishing);
    this.#ledger.doubtful.add(vanishing);
    await this.#expect('POST', `/containers/${vanishing}/start`, 204);
    await this.#ledger.create(brief, { Image: BASE, Cmd: ['sh', '-c', 'sleep 0.1; exit 42'], HostConfig: none });
    await this.#ledger.verb(brief, 'start', undefined);
    const { id } = this.#ledger.containers.get(brief) ?? { id: '' };
    this.#ledger.owed.set(brief, { id, exitCode: 42 });
    // The client is about to die: what that makes of its container is seen afterwards.
    this.#ledger.doubtful.add(cat);
  }

  /** After the restart: `cat` saw the end of its input, the code is known, the third is gone. */
  async assertEnded(): Promise<void> {
    const [cat, brief, vanishing] = this.#names();
    this.#input?.socket.destroy();
    let state: Inspected['State'] | undefined;
    await until(
      async () => (state = (await this.#ledger.inspect(cat)).State).Status === 'exited',
      () => `cat, whose client died with the daemon, is ${state?.Status}`,
    );
    assert.equal(state?.ExitCode, 0, 'the exit code of cat');
    const logs = await this.#ledger.request('GET', `/containers/${cat}/logs?stdout=1`);
    assert.equal(streamText(logs.body), this.#said, 'the log of cat');
    await this.#ledger.assertEndsReported();
    await until(
      async () => (await this.#ledger.request('GET', `/containers/${vanishing}/json`)).status === 404,
      () => 'a container of --rm that ended is still there',
    );
    this.#ledger.doubtful.delete(cat);
    this.#ledger.doubtful.delete(vanishing);
    for (const name of [cat, brief]) await this.#ledger.remove(name);
  }

  #names(): [cat: string, brief: string, vanishing: string] {
    return [`cat-${this.#id}`, `brief-${this.#id}`, `vanishing-${this.#id}`];
  }

  async #expect(method: string, path: string, status: number): Promise<void> {
    const response = await this.#ledger.request(method, path);
    assert.equal(response.status, status, `${method} ${path}: ${response.body.toString()}`);
  }
}

async function attach(socket: string, container: string, query: string): Promise<HijackedConnection> {
  const connection = await hijack(socket, `/v1.51/containers/${container}/attach?${query}`);
  assert.ok([101, 200].includes(connection.status), `attach to ${container}: ${connection.status}`);
  return connection;
}

function completeLines(text: string): string[] {
  const end = text.lastIndexOf('\n');
  return end < 0 ? [] : text.slice(0, end).split('\n');
}

/** Fails at the first line that does not follow from the one before. */
function assertConsecutive(lines: readonly string[], what: string): void {
  const numbers = lines.map((line) => Number(/^line (\d+)$/.exec(line)?.[1] ?? Number.NaN));
  for (const [i, number] of numbers.entries()) {
    const expected = i === 0 ? number : (numbers[i - 1] ?? 0) + 1;
    assert.equal(number, expected, `${what}: after ${JSON.stringify(lines[i - 1])} comes ${JSON.stringify(lines[i])}`);
  }
}

/** Lists what is on the machine of the containers that run: fails unless it is as much as there are. */
export async function runningContainers(ledger: Ledger): Promise<number> {
  const listed = jsonOf<{ State: string }[]>(await ledger.request('GET', '/containers/json?all=1'));
  return listed.filter(({ State }) => State === 'running' || State === 'paused').length;
}
