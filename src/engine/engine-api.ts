/**
 * What an engine looks like from outside: to fronts, and to those who use pier as a library.
 *
 * @module
 */
import type { KernelAbilities } from './kernel-abilities.ts';
import type { ContainerService, LogConfig } from '../container/index.ts';
import type { ImageService } from '../image/index.ts';
import type { CgroupFeatures } from '../linux/index.ts';
import type { RuntimeRegistration } from '../oci/index.ts';
import type { NetworkService } from '../network/index.ts';
import type { Logger } from '../base/logger.ts';
import type { Platform } from '../base/platform.ts';

/** How an engine is opened. */
export interface EngineConfig {
  /** Images, containers, metadata: survives a reboot. @default {"/var/lib/pier"} */
  readonly root?: string;
  /** Sockets, mounts, bundles: gone after a reboot. @default {"/run/pier"} */
  readonly state?: string;
  /** Name of the runtime for containers that ask for none. @default {"crun", else "runc"} */
  readonly defaultRuntime?: string;
  /** Further OCI runtimes by name. */
  readonly runtimes?: Readonly<Record<string, RuntimeRegistration>>;
  /** Folders of files that describe devices (CDI); later ones win. @default {['/etc/cdi', '/var/run/cdi']} */
  readonly cdiSpecDirs?: readonly string[];
  /** Log driver and options of containers that name none. @default {{ driver: 'json-file', options: {} }} */
  readonly logConfig?: LogConfig;
  readonly logger?: Logger;
}

/** What happened, with Docker's type and action words. */
export interface EngineEvent {
  readonly type: 'container' | 'image' | 'network' | 'daemon';
  readonly action: string;
  readonly actorId: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly timeNs: bigint;
}

/** Which events to deliver. */
export interface EventFilter {
  /** From this time on, out of the last 256 that are remembered. Only new ones when `undefined`. */
  readonly sinceNs?: bigint;
  /** Ends the stream at this time. */
  readonly untilNs?: bigint;
  readonly matches?: (event: EngineEvent) => boolean;
  readonly signal?: AbortSignal;
}

/** What the engine runs on and with. */
export interface EngineInfo {
  readonly id: string;
  readonly root: string;
  readonly state: string;
  readonly pierVersion: string;
  readonly cgroupVersion: 1 | 2;
  readonly kernelVersion: string;
  readonly operatingSystem: string;
  readonly architecture: string;
  /** What images must be made for; the variant is the level of this machine's processor. */
  readonly platform: Platform;
  readonly cpuCount: number;
  /** Which limits can be set. */
  readonly cgroupFeatures: CgroupFeatures;
  readonly memoryBytes: number;
  readonly hostname: string;
  readonly runtimes: Readonly<Record<string, { readonly path: string; readonly version: string }>>;
  readonly defaultRuntime: string;
  readonly monitorVersion: string;
  /** Folders of files that describe devices. */
  readonly cdiSpecDirs: readonly string[];
  /** Version of the program behind `--init`; empty if there is none. */
  readonly initVersion: string;
  readonly kernelAbilities: KernelAbilities;
  /** Descriptors that this process has open. */
  readonly openFileCount: number;
  /** What this process waits for: sockets, timers, children. */
  readonly activeResourceCount: number;
  /** Streams of events that somebody reads. */
  readonly listenerCount: number;
  readonly logDriver: string;
  readonly logDrivers: readonly string[];
  readonly storageDriver: 'overlay';
  readonly backingFileSystem: string;
  readonly securityOptions: readonly string[];
  readonly warnings: readonly string[];
}

/** Output and exit code of {@linkcode EngineApi.run}. */
export interface RunResult {
  readonly exitCode: number;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/** What fronts see of an engine. */
export interface EngineApi extends AsyncDisposable {
  readonly containers: ContainerService;
  readonly images: ImageService;
  readonly networks: NetworkService;
  info(): Promise<EngineInfo>;
  events(filter?: EventFilter): AsyncIterable<EngineEvent>;
}
