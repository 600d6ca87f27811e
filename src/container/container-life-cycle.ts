import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { PierError, findPierError, hasCode } from '../base/errors.ts';
import { failpoint } from '../base/failpoint.ts';
import { runRuntime } from '../oci/index.ts';
import { parseContainerName } from './container-name.ts';
import { healthUnwatched } from './health.ts';
import { HealthProbers } from './health-probers.ts';
import { endLocked, readExitRecord, tearDown } from './end-container.ts';
import { namespaceDonors } from './join-namespaces.ts';
import { RestartSupervisor, shallRestart } from './restart-supervisor.ts';
import { RunTable } from './run-table.ts';
import type { Run } from './run-table.ts';
import {
  DEFAULT_STOP_TIMEOUT_SEC,
  endProcess,
  hasProcess,
  isEndingSignal,
  requireProcess,
  requireSignal,
  requireStopSignal,
  signalContainer,
} from './signal-container.ts';
import { filesLock } from './copy-files.ts';
import { startInOrder } from './start-in-order.ts';
import { startLocked } from './start-container.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';
import type { WaitCondition, WaitResult } from './container-service.ts';
import type { ExitRecord } from './end-container.ts';

const SIGKILL = 9;
/** How long a kill waits for the end. */
const KILL_LIMIT_MS = 10_000;

/** How a container is stopped. */
export interface StopOptions {
  readonly timeoutSec?: number;
  readonly signal?: string;
}

/** Starts, ends and removes containers; one mutation of a container at a time. */
export class ContainerLifeCycle implements Disposable {
  readonly #context: ContainerContext;
  readonly #supervisor: RestartSupervisor;
  readonly #health: HealthProbers;
  /** What resolves once a container is removed, by its id. */
  readonly #removals = new RunTable();
  /** Containers between the two halves of a restart: neither policy nor --rm acts on that end. */
  readonly #restarting = new Set<string>();
  /** Containers that a person stops: their end is told of as such. */
  readonly #stopping = new Set<string>();
  /** Containers that are being removed by force: nothing starts them again. */
  readonly #condemned = new Set<string>();
  /** Containers that start with the engine, once it has recovered. */
  readonly #owedStarts: string[] = [];
  /** Set while the engine closes: ends are left for the next engine to find. */
  #isClosing = false;

  constructor(context: ContainerContext) {
    this.#context = context;
    this.#health = new HealthProbers(context);
    this.#supervisor = new RestartSupervisor((id) => {
      this.#restartByPolicy(id).catch((error: unknown) =>
        context.logger.error('a restart by policy is given up', { container: id, error }),
      );
    });
  }

  async start(ref: string): Promise<void> {
    const { id } = this.#context.index.get(ref);
    await this.#whenFilesRest(id, async () => {
      refuseRestarting(this.#context.index.get(id));
      this.#supervisor.forget(id);
      await startLocked(this.#context, id, 0);
      this.#health.watch(id);
    }).catch(async (error: unknown) => {
      // As Docker does: a container that goes away by itself goes away when it cannot start, too.
      if (!hasCode(error, 'NotModified') && this.#context.index.byId(id)?.spec.autoRemove === true) {
        await this.remove(id, { force: true }).catch((removal: unknown) => {
          this.#context.logger.error('a container that could not start could not be removed', { container: id, error: removal });
        });
      }
      throw error;
    });
  }

  async stop(ref: string, options: StopOptions = {}): Promise<void> {
    const { id, state } = this.#context.index.get(ref);
    if (state.status === 'restarting' && !(await this.#settleRestart(id))) {
      this.#context.emit({ action: 'stop', container: this.#context.index.get(id), attributes: {} });
      return;
    }
    const container = this.#context.index.get(id);
    if (!hasProcess(container)) {
      throw new PierError('NotModified', `Cannot stop container "${container.id}": it does not run`, {
        reason: 'container.already-stopped',
      });
    }
    const signal = requireStopSignal(options.signal ?? container.stopSignal);
    this.#context.index.updateState(container.id, { isStoppedByUser: true });
    await this.#stopProcess(container, signal, options.timeoutSec);
  }

  async restart(ref: string, options: StopOptions = {}): Promise<void> {
    const { id } = this.#context.index.get(ref);
    // Two at once would each take the other's start for their own.
    await this.#context.locks.run(`${id} restart`, async () => {
      if (this.#context.index.get(id).state.status === 'restarting') await this.#settleRestart(id);
      const container = this.#context.index.get(id);
      if (hasProcess(container)) await this.#endAndStart(container, options);
      else await this.start(id);
      this.#context.emit({ action: 'restart', container: this.#context.index.get(id), attributes: {} });
    });
  }

  async kill(ref: string, signalText = 'KILL'): Promise<void> {
    const signal = requireSignal(signalText);
    const { id, state } = this.#context.index.get(ref);
    // Whoever wants a restarting container dead means the next one, too.
    if (state.status === 'restarting' && !(await this.#settleRestart(id))) return;
    const container = this.#context.index.get(id);
    requireProcess(container);
    const isEnding = isEndingSignal(container, signal);
    if (isEnding) this.#context.index.updateState(container.id, { isStoppedByUser: true });
    const run = this.#context.runs.current(id);
    signalContainer(this.#context, container, signal);
    if (isEnding) await this.#thaw(container, signal !== SIGKILL);
    if (signal === SIGKILL) await this.#death(id, run);
  }

  async pause(ref: string): Promise<void> {
    const { id } = this.#context.index.get(ref);
    await this.#context.locks.run(id, async () => {
      const container = this.#context.index.get(id);
      requireProcess(container);
      if (container.state.status === 'paused') {
        throw new PierError('Conflict', `Cannot pause container "${id}": it is paused`, {
          reason: 'container.already-paused',
          facts: { id },
        });
      }
      // A probe that joined a frozen container would not come back.
      this.#health.unwatch(id);
      try {
        await this.#runtimeVerb(container, 'pause');
        failpoint('container.pause.frozen');
        const health = healthUnwatched(this.#context.index.get(id));
        this.#context.emit({
          action: 'pause',
          container: this.#context.index.updateState(id, { status: 'paused', health }),
          attributes: {},
        });
      } finally {
        // It goes on where the pause came to nothing.
        this.#health.watch(id);
      }
    });
  }

  async unpause(ref: string): Promise<void> {
    await this.#unpause(ref, true);
  }

  async #unpause(ref: string, isTold: boolean): Promise<void> {
    const { id } = this.#context.index.get(ref);
    await this.#context.locks.run(id, async () => {
      const container = this.#context.index.get(id);
      if (container.state.status !== 'paused') {
        throw new PierError('Conflict', `Cannot unpause container "${id}": it is not paused`, {
          reason: 'container.not-paused',
          facts: { id },
        });
      }
      await this.#runtimeVerb(container, 'resume');
      failpoint('container.unpause.thawed');
      const thawed = this.#context.index.updateState(id, { status: 'running' });
      if (isTold) this.#context.emit({ action: 'unpause', container: thawed, attributes: {} });
      this.#health.watch(id);
    });
  }

  async rename(ref: string, newName: string): Promise<void> {
    const { id, name: oldName } = this.#context.index.get(ref);
    const name = parseContainerName(newName);
    if (name === oldName) {
      throw new PierError('InvalidArgument', `Cannot rename container "${id}": the new name is the old one`, {
        reason: 'container.same-name',
        facts: { id },
      });
    }
    await this.#context.locks.run(id, async () => {
      const container = this.#context.index.update(id, { name });
      failpoint('container.rename.recorded');
      this.#context.emit({ action: 'rename', container, attributes: { oldName: `/${oldName}` } });
    });
  }

  async wait(ref: string, condition: WaitCondition, signal?: AbortSignal): Promise<WaitResult> {
    const container = this.#context.index.get(ref);
    const isOver = condition === 'not-running' && !hasProcess(container) && container.state.status !== 'restarting';
    if (isOver) return { exitCode: container.state.exitCode, error: '' };
    return (condition === 'removed' ? this.#removals : this.#context.runs).current(container.id).wait(signal);
  }

  /**
   * Removes a container: row first, then its layer and files, so that a crash leaves only what recovery sweeps.
   */
  async remove(ref: string, options: { readonly force?: boolean } = {}): Promise<void> {
    const { id, state } = this.#context.index.get(ref);
    // One that failed half-way may be tried again.
    if (state.status === 'removing' && this.#context.locks.isBusy(id)) {
      throw new PierError('Conflict', `Cannot remove container "${id}": its removal is in progress`, {
        reason: 'container.removal-in-progress',
        facts: { id },
      });
    }
    if (options.force === true) this.#condemned.add(id);
    try {
      if (options.force === true) await this.#endForRemoval(id);
      await this.#context.locks.run(id, async () => {
        const container = this.#context.index.byId(id);
        if (container === undefined) return;
        if (hasProcess(container) || container.state.status === 'restarting') {
          const { name } = container;
          const { status } = container.state;
          throw new PierError('Conflict', `Cannot remove container "${id}": it is ${status}`, {
            reason: 'container.running',
            facts: { id, name, status },
          });
        }
        await this.#removeLocked(container);
      });
    } finally {
      this.#condemned.delete(id);
    }
  }

  /** Takes note that the monitor of a container has recorded an end. */
  async ended(id: string, record?: ExitRecord): Promise<void> {
    if (this.#isClosing) return;
    await this.#context.locks.run(id, async () => {
      const container = this.#context.index.byId(id);
      if (container === undefined || !hasProcess(container)) return;
      const found = readExitRecord(this.#context, id) ?? record;
      if (found === undefined) return;
      this.#health.unwatch(id);
      const after = await endLocked(this.#context, container, found, { isStop: this.#stopping.has(id) });
      if (this.#restarting.has(id)) return;
      if (shallRestart(after) && !this.#condemned.has(id)) this.scheduleRestart(after);
      else if (after.spec.autoRemove) await this.#removeLocked(after);
    });
  }

  /**
   * Plans the next start of a container, and counts it.
   *
   * @param hasRun `false` if not even its start succeeded.
   */
  scheduleRestart(container: Container, hasRun: boolean = true): void {
    const restartCount = container.state.restartCount + 1;
    this.#supervisor.schedule(this.#context.index.updateState(container.id, { status: 'restarting', restartCount }), hasRun);
  }

  /** Plans a start that the last engine had counted already. */
  resumeRestart(container: Container): void {
    this.#supervisor.schedule(container);
  }

  /** Owes a container that runs whenever the engine does its start. */
  startWithEngine({ id }: Container): void {
    this.#owedStarts.push(id);
  }

  /** Once all is in order: probes what runs, and starts what is owed. What comes of the starts is in the containers' states. */
  takeUp(): void {
    this.#health.open();
    for (const { id } of this.#context.index.all()) this.#health.watch(id);
    const donorsOf = (id: string): readonly string[] => namespaceDonors(this.#context.index.get(id).spec);
    startInOrder(this.#owedStarts.splice(0), donorsOf, (id) =>
      this.start(id).catch((error: unknown) => {
        if (!this.#isClosing) this.#context.logger.warn('a container that starts with the engine did not', { container: id, error });
      }),
    );
  }

  /** Finishes a removal that the last engine had begun or owed. */
  async removeLeftover(container: Container): Promise<void> {
    await this.#context.locks.run(container.id, () => this.#removeLocked(container));
  }

  [Symbol.dispose](): void {
    this.#isClosing = true;
    this.#supervisor[Symbol.dispose]();
    this.#health[Symbol.dispose]();
    this.#removals.letGo();
  }

  /** Runs work as the only one on a container, once nobody writes to its files from outside any more. */
  async #whenFilesRest(id: string, work: () => Promise<void>): Promise<void> {
    await this.#context.locks.run(filesLock(id), () => this.#context.locks.run(id, work));
  }

  async #restartByPolicy(id: string): Promise<void> {
    try {
      await this.#whenFilesRest(id, async () => {
        const container = this.#context.index.byId(id);
        if (this.#isClosing || this.#condemned.has(id) || container?.state.status !== 'restarting') return;
        await startLocked(this.#context, id, container.state.restartCount);
        this.#health.watch(id);
      });
    } catch (error) {
      if (this.#isClosing) return;
      this.#context.logger.warn('a restart by policy failed', { container: id, error });
      const container = this.#context.index.byId(id);
      if (container !== undefined && shallRestart(container)) this.scheduleRestart(container, false);
    }
  }

  async #endAndStart(container: Container, options: StopOptions): Promise<void> {
    const { id } = container;
    const signal = requireStopSignal(options.signal ?? container.stopSignal);
    this.#restarting.add(id);
    try {
      await this.#stopProcess(container, signal, options.timeoutSec);
      await this.start(id).catch((error: unknown) => {
        // Somebody else was faster.
        if (!hasCode(error, 'NotModified')) throw error;
      });
    } finally {
      this.#restarting.delete(id);
    }
  }

  async #stopProcess(container: Container, signal: number, timeoutSec: number | undefined): Promise<void> {
    this.#stopping.add(container.id);
    try {
      await this.#endProcess(container, signal, timeoutSec);
    } finally {
      this.#stopping.delete(container.id);
    }
  }

  /** Waits for the end of what was killed, but not for ever: the kernel may hold it. */
  async #death(id: string, run: Run): Promise<void> {
    await delay(KILL_LIMIT_MS, undefined, { signal: run.ended, ref: false }).catch(() => undefined);
    // The end is acknowledged once what the run left is gone.
    if (run.ended.aborted) await this.#context.locks.run(id, async () => {});
  }

  async #endProcess(container: Container, signal: number, timeoutSec: number | undefined): Promise<void> {
    const done = endProcess(this.#context, container, {
      signal,
      timeoutSec: timeoutSec ?? container.spec.stopTimeoutSec ?? DEFAULT_STOP_TIMEOUT_SEC,
      run: this.#context.runs.current(container.id),
    });
    await Promise.all([this.#thaw(container, signal !== SIGKILL), done]);
    // The end is acknowledged once what the run left is gone.
    await this.#context.locks.run(container.id, async () => {});
  }

  /** Nothing starts a condemned container again, so what ends here stays ended. */
  async #endForRemoval(id: string): Promise<void> {
    await this.#settleRestart(id);
    const container = this.#context.index.byId(id);
    if (container === undefined || !hasProcess(container)) return;
    this.#context.index.updateState(id, { isStoppedByUser: true });
    await this.#endProcess(container, SIGKILL, 0);
  }

  /**
   * Waits for a start in progress, and calls a planned one off.
   *
   * @returns Whether the container runs.
   */
  async #settleRestart(id: string): Promise<boolean> {
    return await this.#context.locks.run(id, async () => {
      this.#supervisor.cancel(id);
      const container = this.#context.index.byId(id);
      if (container?.state.status === 'restarting') {
        this.#context.index.updateState(id, { status: 'exited', isStoppedByUser: true });
        // The run that was to come does not.
        this.#context.runs.end(id, { exitCode: container.state.exitCode, error: '' });
      }
      return container !== undefined && hasProcess(container);
    });
  }

  /** A frozen process gets no signal: let it run so that it can die. @param isTold Nobody sees one run again that dies at once. */
  async #thaw(container: Container, isTold: boolean): Promise<void> {
    if (this.#context.index.byId(container.id)?.state.status !== 'paused') return;
    await this.#unpause(container.id, isTold).catch((error: unknown) => {
      if (!hasCode(error, 'Conflict') && !hasCode(error, 'NotFound')) throw error;
    });
  }

  async #runtimeVerb(container: Container, verb: 'pause' | 'resume'): Promise<void> {
    const runtime = this.#context.host.runtimes.get(container.runtime);
    if (runtime === undefined)
      throw new PierError('Unavailable', `Cannot ${verb} container "${container.id}": its runtime is not installed`);
    await runRuntime(runtime, [verb, container.id]);
  }

  async #removeLocked(container: Container): Promise<void> {
    const { id } = container;
    const { exitCode } = container.state;
    this.#supervisor.forget(id);
    this.#context.index.updateState(id, { status: 'removing' });
    try {
      failpoint('container.remove.marked');
      await tearDown(this.#context, container);
      this.#context.index.remove(id);
    } catch (error) {
      this.#giveUpRemoval(id, exitCode, error);
      throw error;
    }
    failpoint('container.remove.row-gone');
    this.#context.runs.end(id, { exitCode, error: '' });
    await this.#removeFiles(container);
    this.#context.emit({ action: 'destroy', container, attributes: {} });
    this.#removals.end(id, { exitCode, error: '' });
  }

  /** The container is `dead`: nothing but another removal can be done with it. */
  #giveUpRemoval(id: string, exitCode: number, cause: unknown): void {
    const error = findPierError(cause)?.message ?? String(cause);
    try {
      this.#context.index.updateState(id, { status: 'dead', error });
    } finally {
      this.#removals.end(id, { exitCode, error });
    }
  }

  /** Without its row a container is removed; what cannot be freed now, recovery sweeps. */
  async #removeFiles(container: Container): Promise<void> {
    const { id } = container;
    try {
      await this.#context.layers.remove(id).catch((error: unknown) => {
        if (!hasCode(error, 'NotFound')) throw error;
      });
      failpoint('container.remove.layer-gone');
      this.#freeForgottenImage(container);
      await this.#context.logs.forget(id);
      rmSync(this.#context.paths.files(id), { recursive: true, force: true });
    } catch (error) {
      this.#context.logger.error('files of a removed container are left until the next start', { container: id, error });
    }
  }

  /** An image that was removed by force while the container used it leaves its layers to the last of them. */
  #freeForgottenImage(container: Container): void {
    const { images, logger } = this.#context;
    if (images.has(container.imageId)) return;
    images
      .sweep()
      .catch((error: unknown) => logger.warn('the layers of a removed image could not be freed', { image: container.imageId, error }));
  }
}

/** It starts by itself, soon. */
function refuseRestarting({ id, state }: Container): void {
  if (state.status !== 'restarting') return;
  throw new PierError('NotModified', `Cannot start container "${id}": it is about to be restarted`, {
    reason: 'container.already-running',
    facts: { id },
  });
}
