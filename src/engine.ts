/**
 * The composition root and public library of pier.
 *
 * ```ts
 * import { Engine } from 'pier';
 *
 * await using engine = await Engine.open();
 * const { stdout } = await engine.run({ image: 'pier/starter', command: ['echo', 'hello'] });
 * ```
 *
 * Importing has no side effects. One engine at a time holds a root; a daemon is an engine with a socket.
 *
 * @module
 */
import { existsSync, mkdirSync, readdirSync, realpathSync, statSync } from 'node:fs';
import { arch, cpus, hostname, release, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { digestOf, hexOf } from './base/digest.ts';
import { PierError, hasCode } from './base/errors.ts';
import { SILENT } from './base/logger.ts';
import { nowNs } from './base/timestamp.ts';
import {
  CONTAINER_SCHEMA,
  ContainerIndex,
  DEFAULT_LOG_CONFIG,
  LOG_DRIVERS,
  checkLogConfig,
  closeMonitorShelter,
  openContainerService,
} from './container/index.ts';
import { EventHub } from './engine/event-hub.ts';
import { readKernelAbilities } from './engine/kernel-abilities.ts';
import { probeHost, readOperatingSystem } from './engine/probe-host.ts';
import { runContainer } from './engine/run-container.ts';
import { IMAGE_SCHEMA, ensureStarterImage, openImageService } from './image/index.ts';
import { lockFile, readFileSystem } from './linux/index.ts';
import { NETWORK_SCHEMA, openNetworkService } from './network/index.ts';
import { LAYER_SCHEMA, openBlobStore, openDatabase, openOverlayLayerStore } from './store/index.ts';
import { PIER_VERSION } from './base/version.ts';
import type { Logger } from './base/logger.ts';
import type { ContainerEvent, ContainerHost, ContainerService, LogConfig, OpenContainerService } from './container/index.ts';
import type { EngineApi, EngineConfig, EngineEvent, EngineInfo, EventFilter, RunResult } from './engine/engine-api.ts';
import type { ProbedHost } from './engine/probe-host.ts';
import type { RunOptions } from './engine/run-container.ts';
import type { ImageEvent, ImageService } from './image/index.ts';
import type { NetworkService } from './network/index.ts';
import type { Database } from './store/index.ts';

export { PierError, findPierError, hasCode } from './base/errors.ts';
export type { ErrorCode, ErrorFacts } from './base/errors.ts';
export { createLogger } from './base/logger.ts';
export type { Logger } from './base/logger.ts';
export { EMPTY_HEALTHCHECK, EMPTY_SPEC, NO_LIMITS, effectiveSwapBytes } from './container/index.ts';
export type * from './container/index.ts';
export type * from './image/index.ts';
export type * from './network/index.ts';
export type * from './engine/engine-api.ts';
export type { RunOptions } from './engine/run-container.ts';

/** Where an engine keeps things when it is not told. */
export const DEFAULT_ROOT = '/var/lib/pier';
/** Where an engine keeps what a reboot may take, when it is not told. */
export const DEFAULT_STATE = '/run/pier';

const DEFAULT_CDI_DIRS = ['/etc/cdi', '/var/run/cdi'];

/** Node's names for architectures → the kernel's. */
const KERNEL_ARCHITECTURES = new Map([
  ['x64', 'x86_64'],
  ['arm64', 'aarch64'],
]);

const STARTER = 'pier/starter';
const ENGINE_ID_DIGITS = 8;

/** Everything an open engine holds, in the order in which it was opened. */
interface Parts {
  readonly root: string;
  readonly state: string;
  readonly engineId: string;
  readonly logConfig: LogConfig;
  readonly database: Database;
  readonly images: ImageService;
  readonly networks: NetworkService;
  readonly containers: OpenContainerService;
  readonly hub: EventHub;
  readonly probed: ProbedHost;
  readonly held: AsyncDisposableStack;
}

/**
 * An engine: images, containers and networks of one root.
 *
 * Containers do not need it to go on: when it is closed, or its process dies, they run on, and the next engine on the
 * same root adopts them.
 */
export class Engine implements EngineApi {
  readonly containers: ContainerService;
  readonly images: ImageService;
  readonly networks: NetworkService;
  readonly #parts: Parts;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.containers = parts.containers;
    this.images = parts.images;
    this.networks = parts.networks;
  }

  /**
   * Opens the engine of a root, adopting what runs and putting in order what a crash left.
   *
   * @throws {PierError} `Conflict`, reason `lock.held` (facts `{ pid }`), if another engine holds the root; reason
   * `root.newer` if a newer pier wrote it; `Unavailable`, reason `engine.missing-program`; `PermissionDenied`.
   */
  static async open(config: EngineConfig = {}): Promise<Engine> {
    await using held = new AsyncDisposableStack();
    const parts = await openParts(config, held);
    return new Engine({ ...parts, held: held.move() });
  }

  /** Runs a container to its end and removes it; what it said and its exit code are the result. */
  run(options: RunOptions): Promise<RunResult> {
    return runContainer(this.containers, options);
  }

  events(filter?: EventFilter): AsyncIterable<EngineEvent> {
    return this.#parts.hub.subscribe(filter);
  }

  async info(): Promise<EngineInfo> {
    const { root, state, engineId, logConfig, probed, hub } = this.#parts;
    const { host } = probed;
    const kernelAbilities = readKernelAbilities(host.cgroups.version);
    return {
      id: engineId,
      root,
      state,
      pierVersion: PIER_VERSION,
      cgroupVersion: host.cgroups.version,
      kernelVersion: release(),
      operatingSystem: readOperatingSystem(),
      architecture: KERNEL_ARCHITECTURES.get(arch()) ?? arch(),
      platform: probed.platform,
      cpuCount: cpus().length,
      cgroupFeatures: host.cgroups.features(),
      memoryBytes: totalmem(),
      hostname: hostname(),
      runtimes: Object.fromEntries([...host.runtimes].map(([name, { path, version }]) => [name, { path, version }])),
      defaultRuntime: host.defaultRuntime,
      monitorVersion: probed.monitorVersion,
      cdiSpecDirs: host.cdiSpecDirs,
      initVersion: probed.initVersion,
      kernelAbilities,
      openFileCount: readdirSync('/proc/self/fd').length,
      activeResourceCount: process.getActiveResourcesInfo().length,
      listenerCount: hub.listenerCount,
      logDriver: logConfig.driver,
      logDrivers: LOG_DRIVERS.filter((name) => name !== 'none'),
      storageDriver: 'overlay',
      backingFileSystem: readFileSystem(root).typeName,
      securityOptions: ['name=seccomp,profile=builtin'],
      warnings: probed.warnings,
    };
  }

  /** Closes the engine. Running containers run on, unless `stopContainers` says otherwise; clients' streams end. */
  async close(options: { readonly stopContainers?: boolean } = {}): Promise<void> {
    if (options.stopContainers === true) {
      const running = this.containers.list({ statuses: ['running', 'paused', 'restarting'] });
      await Promise.all(running.map(({ id }) => this.containers.stop(id).catch(ignoreGone)));
    }
    await this.#parts.held.disposeAsync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

async function openParts(config: EngineConfig, held: AsyncDisposableStack): Promise<Omit<Parts, 'held'>> {
  const logger = config.logger ?? SILENT;
  const { logConfig = DEFAULT_LOG_CONFIG } = config;
  checkLogConfig(logConfig);
  const root = makeDirectory(config.root ?? DEFAULT_ROOT);
  const state = makeDirectory(config.state ?? DEFAULT_STATE);
  held.use(lockFile(join(root, 'engine.lock')));
  // Recovery takes everything below it for its own.
  held.use(lockFile(join(state, 'lock')));
  const engineId = hexOf(digestOf(root)).slice(0, ENGINE_ID_DIGITS);
  const hub = new EventHub();
  const database = held.use(openDatabase(join(root, 'pier.db'), [LAYER_SCHEMA, IMAGE_SCHEMA, NETWORK_SCHEMA, CONTAINER_SCHEMA]));
  const { defaultRuntime, runtimes = {}, cdiSpecDirs = DEFAULT_CDI_DIRS } = config;
  const probing = probeHost({ root, state, engineId, defaultRuntime, runtimes, cdiSpecDirs, logger });
  // It may fail before anybody waits for it, which would end the whole process.
  probing.catch(() => undefined);
  const blobs = await openBlobStore(root);
  const layers = held.use(await openOverlayLayerStore({ root, database, logger }));
  const index = new ContainerIndex(database);
  let containers: OpenContainerService | undefined;
  const images = held.use(
    await openImageService({
      database,
      blobs,
      layers,
      usersOf: (imageId) => containers?.usersOf(imageId) ?? [],
      onEvent: (event) => hub.publish(fromImage(event)),
      logger,
    }),
  );
  const isDefaultRoot = root === DEFAULT_ROOT;
  const networks = held.use(await openNetworkService({ stateDir: state, database, engineId, isDefaultRoot, logger }));
  const probed = await probing;
  for (const warning of probed.warnings) logger.warn(warning);
  held.defer(() => removeIdleInfrastructure(networks, probed.host, logger));
  containers = held.use(
    await openContainerService(
      {
        root,
        state,
        database,
        layers,
        images,
        networks,
        host: probed.host,
        onEvent: (event) => hub.publish(fromContainer(event)),
        logConfig,
        ensureImage: (reference) => ensureStarter(images, reference),
        logger,
      },
      index,
    ),
  );
  return { root, state, engineId, logConfig, database, images, networks, containers, hub, probed };
}

function makeDirectory(path: string): string {
  const absolute = resolve(path);
  // Not Node's recursive mkdir: it reports a read-only file system as ENOENT, and below /proc it tries without end.
  const names = absolute.split('/').slice(1);
  for (const [index] of names.entries()) {
    const directory = `/${names.slice(0, index + 1).join('/')}`;
    if (!existsSync(directory)) mkdirSync(directory, { mode: 0o711 });
  }
  if (!statSync(absolute).isDirectory()) throw new PierError('InvalidArgument', `Cannot open engine in "${absolute}": not a directory`);
  return realpathSync(absolute);
}

/** `pier/starter` is made out of this machine's busybox when somebody first asks for it. */
async function ensureStarter(images: ImageService, reference: string): Promise<void> {
  if (reference !== STARTER && reference !== `${STARTER}:latest`) return;
  try {
    images.get(reference);
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
    await ensureStarterImage(images);
  }
}

/** On an orderly end, what only running containers need goes away with the last of them. */
async function removeIdleInfrastructure(networks: NetworkService, host: ContainerHost, logger: Logger): Promise<void> {
  try {
    await networks.removeIdleInfrastructure();
    await closeMonitorShelter(host);
    if (host.cgroups.list(host.cgroupParent).length === 0) await host.cgroups.remove(host.cgroupParent);
  } catch (error) {
    logger.warn('what idle containers do not need could not be removed', { error });
  }
}

function fromImage(event: ImageEvent): EngineEvent {
  const attributes = event.name === '' ? event.attributes : { ...event.attributes, name: event.name };
  return { type: 'image', action: event.action, actorId: event.id, attributes, timeNs: nowNs() };
}

function fromContainer({ action, container, network, attributes }: ContainerEvent): EngineEvent {
  if (network !== undefined) {
    const { id, name, driver } = network;
    return {
      type: 'network',
      action,
      actorId: id,
      attributes: { container: container?.id ?? '', name, type: driver, ...attributes },
      timeNs: nowNs(),
    };
  }
  if (container === undefined) return { type: 'container', action, actorId: '', attributes, timeNs: nowNs() };
  const all = { ...container.labels, image: container.spec.image, name: container.name, ...attributes };
  return { type: 'container', action, actorId: container.id, attributes: all, timeNs: nowNs() };
}

function ignoreGone(error: unknown): void {
  if (!hasCode(error, 'NotFound') && !hasCode(error, 'NotModified')) throw error;
}
