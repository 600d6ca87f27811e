import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { PierError } from '../base/errors.ts';
import { newId } from '../base/ids.ts';
import { startExec } from '../oci/index.ts';
import { describeExec } from './describe-exec.ts';
import { parseDetachKeys } from './detach-keys.ts';
import { execFailure } from './exec-failure.ts';
import { ExecSession } from './exec-session.ts';
import { onDetached } from './on-detached.ts';
import { requireProcess } from './signal-container.ts';
import { lookUpUser } from './user-lookup.ts';
import type { TerminalMaster } from '../linux/index.ts';
import type { ExecOutcome, ExecProcess } from '../oci/index.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';
import type { Exec, ExecSpec, StreamSession } from './container-service.ts';

const EXIT_NOT_EXECUTABLE = 126;
/** Ended execs that can still be inspected: clients ask for the exit code right after the end. */
const REMEMBERED_ENDS = 1000;

const TERMINAL_DRAIN_MS = 2000;

interface ExecRecord {
  exec: Exec;
  hasBegun: boolean;
  terminal: TerminalMaster | undefined;
  process: ExecProcess | undefined;
  session: ExecSession | undefined;
}

/** Further processes in containers: children of this process, which last as long as their container but are forgotten with the engine. */
export class ExecService implements Disposable {
  readonly #context: ContainerContext;
  readonly #records = new Map<string, ExecRecord>();
  readonly #ended: string[] = [];

  constructor(context: ContainerContext) {
    this.#context = context;
  }

  create(ref: string, spec: ExecSpec): string {
    const container = this.#context.index.get(ref);
    this.#requireUsable(container);
    if (spec.argv.length === 0 || spec.argv[0] === '') {
      throw new PierError('InvalidArgument', 'Cannot create exec: no command is given', { reason: 'exec.no-command' });
    }
    // Refused now: a client that starts it waits for a stream, and shows no error text but "unable to upgrade".
    parseDetachKeys(spec.detachKeys, 'exec.bad-detach-keys');
    if (spec.user !== '') lookUpUser(this.#context.paths.rootfs(container.id), spec.user);
    this.#forgetRemoved();
    const id = newId();
    const exec: Exec = { id, containerId: container.id, spec, isRunning: false, exitCode: undefined, pid: 0 };
    this.#records.set(id, { exec, hasBegun: false, terminal: undefined, process: undefined, session: undefined });
    this.#emit('exec_create', exec, container);
    return id;
  }

  get(id: string): Exec {
    const { exec, process } = this.#record(id);
    return exec.isRunning && process !== undefined && exec.pid === 0 ? { ...exec, pid: process.pid() } : exec;
  }

  /** Ids of a container's execs that run, or wait to. */
  idsOf(containerId: string): readonly string[] {
    return [...this.#records.values()]
      .filter(({ exec }) => exec.containerId === containerId && exec.exitCode === undefined)
      .map(({ exec }) => exec.id);
  }

  async start(
    id: string,
    options: {
      readonly detach?: boolean;
      readonly consoleSize?: { readonly height: number; readonly width: number };
      readonly signal?: AbortSignal;
      readonly onSpawned?: () => void;
    } = {},
  ): Promise<StreamSession | undefined> {
    const record = this.#record(id);
    const { exec } = record;
    if (record.hasBegun) {
      throw new PierError('Conflict', `Cannot start exec "${id}": it has run already`, { reason: 'exec.already-run', facts: { id } });
    }
    const container = this.#context.index.get(exec.containerId);
    this.#requireUsable(container);
    record.hasBegun = true;
    const isAttached = options.detach !== true;
    // Before it is known whether there is such a command, as Docker does.
    this.#emit('exec_start', exec, container);
    const process = this.#trySpawn(record, container, isAttached, options.consoleSize);
    record.process = process;
    record.exec = { ...exec, isRunning: true };
    void process.exited.then((outcome) => this.#finish(record, container, outcome));
    options.onSpawned?.();
    if (!(await process.started)) throw await this.#startFailure(record, container, process);
    record.terminal = await process.terminal;
    const size = options.consoleSize ?? exec.spec.consoleSize;
    if (size !== undefined) record.terminal?.resize(size);
    if (!isAttached) {
      if (record.terminal !== undefined) void drain(record.terminal);
      return undefined;
    }
    const session = new ExecSession(process, record.terminal, exec.spec.detachKeys);
    record.session = session;
    void onDetached(session, () => this.#context.emit({ action: 'exec_detach', container, attributes: { execID: id } }));
    options.signal?.addEventListener('abort', () => session.close(), { once: true });
    return session;
  }

  /** Lets go of all that run, as the death of this process would: terminals are hung up, pipes are closed. */
  [Symbol.dispose](): void {
    for (const { exec, session, terminal, process } of this.#records.values()) {
      if (exec.exitCode !== undefined) continue;
      session?.close();
      terminal?.close();
      process?.release();
    }
  }

  resize(id: string, size: { readonly height: number; readonly width: number }): void {
    const record = this.#record(id);
    if (!record.exec.isRunning) {
      throw new PierError('Conflict', `Cannot resize exec "${id}": it does not run`, { reason: 'exec.not-running', facts: { id } });
    }
    record.terminal?.resize(size);
  }

  #trySpawn(
    record: ExecRecord,
    container: Container,
    isAttached: boolean,
    size: { readonly height: number; readonly width: number } | undefined,
  ): ExecProcess {
    try {
      return this.#spawn(record, container, isAttached, size);
    } catch (error) {
      this.#remember(record, EXIT_NOT_EXECUTABLE);
      throw error;
    }
  }

  #spawn(
    record: ExecRecord,
    container: Container,
    isAttached: boolean,
    size: { readonly height: number; readonly width: number } | undefined,
  ): ExecProcess {
    const { id, spec } = record.exec;
    const runtime = this.#context.host.runtimes.get(container.runtime);
    if (runtime === undefined)
      throw new PierError('Unavailable', `Cannot start exec "${id}": runtime "${container.runtime}" is not installed`);
    mkdirSync(this.#context.paths.execsDir, { recursive: true, mode: 0o700 });
    return startExec(runtime, {
      containerId: container.id,
      process: describeExec(this.#context, container, spec, size),
      // A socket lives in it: short names keep its path under 107 bytes.
      dir: join(this.#context.paths.execsDir, id.slice(0, 12)),
      stdin: isAttached && spec.attachStdin,
      output: isAttached,
    });
  }

  async #startFailure(record: ExecRecord, container: Container, process: ExecProcess): Promise<PierError> {
    const { startError = '' } = await process.exited;
    // It may have been passed before the command turned out not to be there.
    (await process.terminal)?.close();
    const { reason, exitCode } = execFailure(startError);
    record.exec = { ...record.exec, isRunning: false, exitCode };
    const { id, spec } = record.exec;
    return new PierError('InvalidArgument', `Cannot start exec "${id}" in container "${container.id}": ${startError}`, {
      reason,
      facts: { id, command: spec.argv[0] ?? '', detail: startError },
    });
  }

  #finish(record: ExecRecord, container: Container, outcome: ExecOutcome): void {
    // Its last output may not have been read yet, by a client that takes its time least of all.
    setTimeout(() => {
      if (record.session === undefined) record.terminal?.close();
      else void record.session.finished.then(() => record.terminal?.close());
    }, TERMINAL_DRAIN_MS).unref();
    const hasFailed = outcome.startError !== undefined;
    this.#remember(record, record.exec.exitCode ?? outcome.exitCode);
    if (!hasFailed)
      this.#context.emit({ action: 'exec_die', container, attributes: { execID: record.exec.id, exitCode: String(outcome.exitCode) } });
  }

  #remember(record: ExecRecord, exitCode: number): void {
    record.exec = { ...record.exec, isRunning: false, exitCode };
    this.#ended.push(record.exec.id);
    while (this.#ended.length > REMEMBERED_ENDS) this.#records.delete(this.#ended.shift() ?? '');
  }

  /** Execs go with their containers, those that nobody ever started too. */
  #forgetRemoved(): void {
    for (const { exec } of this.#records.values()) {
      if (this.#context.index.byId(exec.containerId) === undefined) this.#records.delete(exec.id);
    }
  }

  #requireUsable(container: Container): void {
    requireProcess(container);
    const { id } = container;
    if (container.state.status === 'paused') {
      throw new PierError('Conflict', `Cannot exec in container "${id}": it is paused`, { reason: 'container.paused', facts: { id } });
    }
  }

  #record(id: string): ExecRecord {
    const record = this.#records.get(id) ?? this.#byPrefix(id);
    if (record !== undefined && this.#context.index.byId(record.exec.containerId) !== undefined) return record;
    throw new PierError('NotFound', `Cannot find exec "${id}"`, { reason: 'exec.not-found', facts: { id } });
  }

  #byPrefix(prefix: string): ExecRecord | undefined {
    if (prefix.length < 12) return undefined;
    return [...this.#records.values()].find(({ exec }) => exec.id.startsWith(prefix));
  }

  #emit(action: string, exec: Exec, container: Container): void {
    const [command, ...words] = exec.spec.argv;
    // The space is there without any words, too.
    this.#context.emit({ action: `${action}: ${command} ${words.join(' ')}`, container, attributes: { execID: exec.id } });
  }
}

/** Nobody listens to a detached terminal, and it must not fill up. */
async function drain(terminal: TerminalMaster): Promise<void> {
  for await (const data of terminal.output()) void data;
}
