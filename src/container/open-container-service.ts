import { closeSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { PierError, hasCode } from '../base/errors.ts';
import { failpoint } from '../base/failpoint.ts';
import { newId } from '../base/ids.ts';
import { KeyedLock } from '../base/keyed-lock.ts';
import { resolveCapabilities } from '../oci/index.ts';
import { AttachSession } from './attach-session.ts';
import { commitContainer } from './commit-container.ts';
import { completeSpec, warningsFor } from './complete-spec.ts';
import { cgroupOf } from './container-cgroup.ts';
import { containerPredicate } from './container-filter.ts';
import type { ContainerIndex } from './container-index.ts';
import { ContainerLifeCycle } from './container-life-cycle.ts';
import { inventContainerName, parseContainerName } from './container-name.ts';
import { ContainerPaths } from './container-paths.ts';
import { copyFromContainer, copyIntoContainer, statContainerPath } from './copy-files.ts';
import { ExecService } from './exec-service.ts';
import { ExitWatcher } from './exit-watcher.ts';
import { exportContainer } from './export-container.ts';
import { checkLogConfig, mergeLogConfig } from './log/log-config.ts';
import { LogKeeper } from './log/log-keeper.ts';
import { isLogReadable, logAttributes } from './log/log-plan.ts';
import { readLog } from './log/read-log.ts';
import { onDetached } from './on-detached.ts';
import { resolveDonors } from './join-namespaces.ts';
import { MonitorWatch } from './monitor-watch.ts';
import { PLACEHOLDERS } from './mount-points.ts';
import { listProcesses } from './process-list.ts';
import { recoverContainers } from './recover-containers.ts';
import { RunTable } from './run-table.ts';
import { hasProcess, requireProcess } from './signal-container.ts';
import { StatsSampler } from './stats/stats-sampler.ts';
import type { StatsSample } from './stats/stats-sampler.ts';
import { resizeTerminal } from './terminal-size.ts';
import { updateLocked } from './update-container.ts';
import type { Readable } from 'node:stream';
import type { Digest } from '../base/digest.ts';
import type { Logger } from '../base/logger.ts';
import type { ImageService, ImageUser } from '../image/index.ts';
import type { NetworkService } from '../network/index.ts';
import type { Database, LayerStore } from '../store/index.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';
import type { ContainerHost } from './container-host.ts';
import type { ContainerSpec, LogConfig } from './container-spec.ts';
import type {
  AttachOptions,
  ContainerDirectories,
  ContainerEvent,
  ContainerFilter,
  ContainerPruneResult,
  ContainerService,
  CommitOptions,
  ContainerUpdate,
  CopyIntoOptions,
  Exec,
  ExecSpec,
  LogChunk,
  LayerChange,
  LogOptions,
  PathStat,
  ProcessList,
  StreamSession,
  WaitCondition,
  WaitResult,
} from './container-service.ts';
import type { StopOptions } from './container-life-cycle.ts';

/** How long closing waits for changes that have begun. */
const CLOSE_LIMIT_MS = 10_000;

/** What {@linkcode openContainerService} needs. */
export interface ContainerServiceConfig {
  readonly root: string;
  readonly state: string;
  /** Opened with `CONTAINER_SCHEMA`. */
  readonly database: Database;
  readonly layers: LayerStore;
  readonly images: ImageService;
  readonly networks: NetworkService;
  readonly host: ContainerHost;
  readonly onEvent: (event: ContainerEvent) => void;
  /** Brings an image in before it is looked up, where the engine can make it itself. */
  readonly ensureImage: (reference: string) => Promise<void>;
  /** For containers that name no log driver. */
  readonly logConfig: LogConfig;
  readonly logger: Logger;
}

/** The containers of an engine, with what the engine itself asks of them. */
export interface OpenContainerService extends ContainerService {
  /** Who uses an image: containers, and creates in progress. */
  usersOf(imageId: Digest): readonly ImageUser[];
}

/** Opens the containers of an engine root: what still runs is adopted, what a crash left is put in order. */
export async function openContainerService(config: ContainerServiceConfig, index: ContainerIndex): Promise<OpenContainerService> {
  const paths = new ContainerPaths(config.root, config.state);
  for (const dir of [paths.rootDir, paths.bundlesDir, paths.exitDir, paths.execsDir]) mkdirSync(dir, { recursive: true, mode: 0o711 });
  const service = new LiveContainerService(
    {
      ...config,
      index,
      paths,
      runs: new RunTable(),
      logs: new LogKeeper((id) => paths.bundle(id), config.logger),
      locks: new KeyedLock(),
      emit: config.onEvent,
    },
    config.ensureImage,
    config.logConfig,
  );
  try {
    await service.recover();
    return service;
  } catch (error) {
    await service[Symbol.asyncDispose]();
    throw error;
  }
}

// On the way in the layer comes first and the row second; on the way out the row goes first. A layer or directory
// without a row is swept by recovery; a row without a layer would be a container that cannot start.
class LiveContainerService implements OpenContainerService {
  readonly #context: ContainerContext;
  readonly #lifeCycle: ContainerLifeCycle;
  readonly #execs: ExecService;
  readonly #sampler: StatsSampler;
  readonly #ensureImage: (reference: string) => Promise<void>;
  readonly #logConfig: LogConfig;
  readonly #watch: MonitorWatch;
  readonly #exits: ExitWatcher;
  readonly #recovered = Promise.withResolvers<void>();
  readonly #pendingImages = new Map<string, Digest>();

  constructor(context: ContainerContext, ensureImage: (reference: string) => Promise<void>, logConfig: LogConfig) {
    this.#context = context;
    this.#logConfig = logConfig;
    this.#ensureImage = ensureImage;
    this.#lifeCycle = new ContainerLifeCycle(context);
    this.#execs = new ExecService(context);
    this.#sampler = new StatsSampler(context);
    this.#watch = new MonitorWatch(context, (id, record) => this.#lifeCycle.ended(id, record));
    // Watching begins before recovery looks, so that no end falls between the two.
    this.#exits = new ExitWatcher(context.paths.exitDir, (id) => void this.#recovered.promise.then(() => this.#onExit(id)));
  }

  async recover(): Promise<void> {
    await recoverContainers(this.#context, this.#lifeCycle);
    this.#lifeCycle.takeUp();
    this.#recovered.resolve();
  }

  async create(wanted: ContainerSpec, name?: string): Promise<{ readonly id: string; readonly warnings: readonly string[] }> {
    const { index, images, layers, host, paths } = this.#context;
    const id = newId();
    const spec = { ...resolveDonors(wanted, (ref) => index.get(ref).id), logConfig: mergeLogConfig(wanted.logConfig, this.#logConfig) };
    await this.#ensureImage(spec.image);
    const image = images.get(spec.image);
    checkLogConfig(spec.logConfig);
    const chosen = name === undefined ? inventContainerName((candidate) => index.isNameTaken(candidate)) : parseContainerName(name);
    using held = new DisposableStack();
    held.use(index.reserveName(chosen));
    const runtime = spec.runtime === '' ? host.defaultRuntime : spec.runtime;
    if (!host.runtimes.has(runtime)) {
      throw new PierError('InvalidArgument', `Cannot create container: there is no runtime "${runtime}"`, {
        reason: 'container.unknown-runtime',
        facts: { runtime },
      });
    }
    const dir = paths.files(id);
    const files = {
      logPath: paths.log(id),
      hostnamePath: join(dir, 'hostname'),
      hostsPath: join(dir, 'hosts'),
      resolvConfPath: join(dir, 'resolv.conf'),
    };
    const container = completeSpec({ id, name: chosen, spec, image, runtime, hostHostname: host.hostname, files });
    const { missing } = resolveCapabilities({
      capAdd: spec.capAdd,
      capDrop: spec.capDrop,
      isPrivileged: spec.isPrivileged,
      available: host.capabilities,
    });
    this.#pendingImages.set(id, image.id);
    try {
      try {
        await layers.prepare(id, image.chainId);
        failpoint('container.create.prepared');
        mkdirSync(dir, { recursive: true, mode: 0o710 });
        // Clients may read it before the first start.
        closeSync(openSync(container.logPath, 'a', 0o640));
        index.insert(container);
      } catch (error) {
        rmSync(dir, { recursive: true, force: true });
        if (layers.writableKeys().includes(id)) await layers.remove(id);
        throw error;
      }
      failpoint('container.create.recorded');
    } finally {
      this.#pendingImages.delete(id);
    }
    this.#context.emit({ action: 'create', container, attributes: {} });
    const warnings = warningsFor(image, container.spec);
    if (missing.length > 0) warnings.push(`This machine cannot grant ${missing.join(', ')}: the container runs without.`);
    return { id, warnings };
  }

  get(ref: string): Container {
    const container = this.#context.index.get(ref);
    return { ...container, execIds: this.#execs.idsOf(container.id) };
  }

  list(filter: ContainerFilter = {}): readonly Container[] {
    const matches = containerPredicate(filter, this.#context.images, (ref) => this.#context.index.get(ref));
    return [...this.#context.index.all()].filter(matches).toReversed();
  }

  async size(ref: string): Promise<{ readonly rwBytes: number; readonly rootfsBytes: number }> {
    const { id, imageId } = this.#context.index.get(ref);
    const { contentBytes } = await this.#context.layers.usage(id);
    const { images } = this.#context;
    return { rwBytes: contentBytes, rootfsBytes: contentBytes + (images.has(imageId) ? images.get(imageId).sizeBytes : 0) };
  }

  directories(ref: string): ContainerDirectories | undefined {
    const { id } = this.#context.index.get(ref);
    const { layers, networks, paths } = this.#context;
    try {
      const { upperDir, lowerDirs, workDir } = layers.writable(id);
      const netns = networks.sandbox(id)?.netnsPath;
      return { upper: upperDir, lower: lowerDirs, work: workDir, merged: paths.rootfs(id), netns };
    } catch (error) {
      if (hasCode(error, 'NotFound')) return undefined;
      throw error;
    }
  }

  start(ref: string): Promise<void> {
    return this.#lifeCycle.start(ref);
  }

  stop(ref: string, options?: StopOptions): Promise<void> {
    return this.#lifeCycle.stop(ref, options);
  }

  restart(ref: string, options?: StopOptions): Promise<void> {
    return this.#lifeCycle.restart(ref, options);
  }

  kill(ref: string, signal?: string): Promise<void> {
    return this.#lifeCycle.kill(ref, signal);
  }

  pause(ref: string): Promise<void> {
    return this.#lifeCycle.pause(ref);
  }

  unpause(ref: string): Promise<void> {
    return this.#lifeCycle.unpause(ref);
  }

  async update(ref: string, change: ContainerUpdate): Promise<void> {
    const { id } = this.#context.index.get(ref);
    await this.#context.locks.run(id, async () => {
      const container = await updateLocked(this.#context, id, change);
      this.#context.emit({ action: 'update', container, attributes: {} });
    });
  }

  stats(ref: string, options: { readonly signal?: AbortSignal } = {}): AsyncIterable<StatsSample> {
    return this.#sampler.listen(this.#context.index.get(ref).id, options.signal);
  }

  rename(ref: string, newName: string): Promise<void> {
    return this.#lifeCycle.rename(ref, newName);
  }

  remove(ref: string, options?: { readonly force?: boolean; readonly removeVolumes?: boolean }): Promise<void> {
    return this.#lifeCycle.remove(ref, options);
  }

  async prune(filter: ContainerFilter = {}): Promise<ContainerPruneResult> {
    const idle = this.list(filter).filter((container) => !hasProcess(container) && container.state.status !== 'restarting');
    const ids: string[] = [];
    let reclaimedBytes = 0;
    for (const { id } of idle) {
      try {
        const { rwBytes } = await this.size(id);
        await this.#lifeCycle.remove(id);
        ids.push(id);
        reclaimedBytes += rwBytes;
      } catch (error) {
        // Started, or removed by somebody else, meanwhile.
        if (!hasCode(error, 'Conflict') && !hasCode(error, 'NotFound')) throw error;
      }
    }
    this.#context.emit({ action: 'prune', container: undefined, attributes: { reclaimed: String(reclaimedBytes) } });
    return { ids, reclaimedBytes };
  }

  async wait(ref: string, condition: WaitCondition, signal?: AbortSignal): Promise<WaitResult> {
    return this.#lifeCycle.wait(ref, condition, signal);
  }

  async attach(ref: string, options: AttachOptions): Promise<StreamSession> {
    const container = this.#context.index.get(ref);
    const { id, state, spec } = container;
    if (state.isMonitorLost) {
      throw new PierError('Conflict', `Cannot attach to container "${id}": its monitor was killed`, {
        reason: 'container.monitor-lost',
        facts: { id },
      });
    }
    if (state.status === 'paused') {
      throw new PierError('Conflict', `Cannot attach to container "${id}": it is paused`, { reason: 'container.paused', facts: { id } });
    }
    if (state.status === 'restarting') {
      throw new PierError('Conflict', `Cannot attach to container "${id}": it is about to be restarted`, {
        reason: 'container.restarting',
        facts: { id },
      });
    }
    const run = this.#context.runs.current(id);
    const session = new AttachSession(
      { tty: spec.tty, log: this.#context.logs.of(container), run, stdinOnce: spec.stdinOnce },
      { ...options, stdin: options.stdin && spec.openStdin },
    );
    this.#context.emit({ action: 'attach', container, attributes: {} });
    void onDetached(session, () => this.#context.emit({ action: 'detach', container, attributes: {} }));
    return session;
  }

  async resize(ref: string, size: { readonly height: number; readonly width: number }): Promise<void> {
    const container = this.#context.index.get(ref);
    requireProcess(container);
    if (container.spec.tty) resizeTerminal(this.#context.paths.bundle(container.id), size);
    this.#context.emit({ action: 'resize', container, attributes: { height: String(size.height), width: String(size.width) } });
  }

  logs(ref: string, options: LogOptions): AsyncIterable<LogChunk> {
    const container = this.#context.index.get(ref);
    if (!isLogReadable(container)) {
      throw new PierError('NotImplemented', `Cannot read log of container "${container.id}": its log driver keeps none`, {
        reason: 'log.not-readable',
      });
    }
    const isWritten = hasProcess(container) && !container.state.isMonitorLost;
    const ended = isWritten ? this.#context.runs.current(container.id).ended : AbortSignal.abort();
    return readLog(this.#context.logs.of(container), ended, options);
  }

  logAttributes(ref: string): Readonly<Record<string, string>> {
    return logAttributes(this.#context.index.get(ref));
  }

  async top(ref: string, psArguments: string): Promise<ProcessList> {
    const container = this.#context.index.get(ref);
    requireProcess(container);
    const { cgroups } = this.#context.host;
    const list = await listProcesses(new Set(cgroups.processes(cgroupOf(this.#context.host, container))), psArguments);
    this.#context.emit({ action: 'top', container, attributes: {} });
    return list;
  }

  async export(ref: string): Promise<Readable> {
    const container = this.#context.index.get(ref);
    const tar = await exportContainer(this.#context, container);
    this.#context.emit({ action: 'export', container, attributes: {} });
    return tar;
  }

  async changes(ref: string): Promise<readonly LayerChange[]> {
    return this.#context.layers.changes(this.#context.index.get(ref).id, PLACEHOLDERS);
  }

  async commit(ref: string, options: CommitOptions = {}): Promise<Digest> {
    return commitContainer(this.#context, this.#lifeCycle, ref, options);
  }

  statPath(ref: string, path: string): Promise<PathStat> {
    return statContainerPath(this.#context, ref, path);
  }

  async copyFrom(ref: string, path: string): Promise<{ readonly stat: PathStat; readonly tar: Readable }> {
    const container = this.#context.index.get(ref);
    const copy = await copyFromContainer(this.#context, ref, path);
    this.#context.emit({ action: 'archive-path', container, attributes: {} });
    return copy;
  }

  async copyInto(ref: string, path: string, tar: AsyncIterable<Uint8Array>, options: CopyIntoOptions = {}): Promise<void> {
    const container = this.#context.index.get(ref);
    await copyIntoContainer(this.#context, container.id, path, tar, options);
    this.#context.emit({ action: 'extract-to-dir', container, attributes: {} });
  }

  async createExec(ref: string, spec: ExecSpec): Promise<string> {
    return this.#execs.create(ref, spec);
  }

  startExec(
    id: string,
    options?: {
      readonly detach?: boolean;
      readonly consoleSize?: { readonly height: number; readonly width: number };
      readonly signal?: AbortSignal;
      readonly onSpawned?: () => void;
    },
  ): Promise<StreamSession | undefined> {
    return this.#execs.start(id, options);
  }

  getExec(id: string): Exec {
    return this.#execs.get(id);
  }

  async resizeExec(id: string, size: { readonly height: number; readonly width: number }): Promise<void> {
    this.#execs.resize(id, size);
  }

  usersOf(imageId: Digest): readonly ImageUser[] {
    const users: ImageUser[] = [];
    for (const container of this.#context.index.all()) {
      if (container.imageId === imageId) users.push({ containerId: container.id, isRunning: hasProcess(container) });
    }
    for (const [containerId, pending] of this.#pendingImages) {
      if (pending === imageId) users.push({ containerId, isRunning: false });
    }
    return users;
  }

  /** Lets go of everything; the containers run on. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#exits[Symbol.dispose]();
    this.#watch[Symbol.dispose]();
    this.#lifeCycle[Symbol.dispose]();
    this.#execs[Symbol.dispose]();
    this.#sampler[Symbol.dispose]();
    this.#context.runs.letGo();
    await this.#context.logs[Symbol.asyncDispose]();
    // What has begun is written down before the database goes; a runtime that hangs is left to recovery.
    await Promise.race([this.#context.locks.idle(), delay(CLOSE_LIMIT_MS, undefined, { ref: false })]);
  }

  #onExit(id: string): void {
    this.#lifeCycle.ended(id).catch((error: unknown) => {
      this.#context.logger.error('the end of a container could not be dealt with', { container: id, error });
    });
  }
}
