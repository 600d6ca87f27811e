import type { Healthcheck } from '../image/index.ts';
import { NO_LIMITS } from '../oci/index.ts';
import type { NetworkMode } from '../network/index.ts';
import type { DeviceMapping, ResourceLimits, RuntimeDeviceRule } from '../oci/index.ts';

/** A host directory or file shown inside a container. */
export interface BindMount {
  /** Absolute host path. Made as a directory if it is missing and `createSource` says so (Docker's `-v`). */
  readonly source: string;
  /** Absolute path in the container, resolved inside its root. */
  readonly target: string;
  readonly isReadOnly: boolean;
  readonly createSource: boolean;
  /** `rprivate` unless asked otherwise. */
  readonly propagation: 'private' | 'rprivate' | 'shared' | 'rshared' | 'slave' | 'rslave';
  /** The mode text as the client wrote it, for inspect: `ro`, `rw,z`, ''. */
  readonly mode: string;
}

/** Another container: by id once it is resolved; a front may give a name or the beginning of an id. */
export type OtherContainer = `container:${string}`;

/** Whose memory of processes to talk through a container has, and whether others may join it. */
export type IpcMode = 'private' | 'shareable' | 'none' | 'host' | OtherContainer;

/** What a client wrote that the engine knows in other words, or has nothing to do for. For inspect alone. */
export interface AsWritten {
  /** `undefined` where nobody wrote any: they follow from the spec's fields then. */
  readonly securityOptions: readonly string[] | undefined;
  readonly usernsMode: string;
  readonly isolation: string;
  readonly cgroup: string;
}

/** Devices that are asked for by what they can do, or by name. */
export interface DeviceRequest {
  /** `cdi` for `deviceIds` of the form `vendor.com/class=name`. */
  readonly driver: string;
  /** -1 for all. */
  readonly count: number;
  readonly deviceIds: readonly string[] | undefined;
  /** Any of these lists, all of each. */
  readonly capabilities: readonly (readonly string[])[] | undefined;
  readonly options: Readonly<Record<string, string>> | undefined;
}

/** When a container is started again by itself. */
export interface RestartPolicy {
  readonly name: 'no' | 'always' | 'unless-stopped' | 'on-failure';
  /** For `on-failure`; 0 means without end. */
  readonly maximumRetryCount: number;
}

/** A limit of the kernel's for each process: `setrlimit(2)`. -1 for none. */
export interface Ulimit {
  /** `nofile`, `nproc`, … */
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

/** Where a container's output goes besides its clients, and how much of it is kept. */
export interface LogConfig {
  /** `json-file`, `local`, `none`, `journald`, `syslog`; empty: the engine's default. */
  readonly driver: string;
  /** Docker's `--log-opt`: `max-size`, `max-file`, `compress`, `tag`, …. */
  readonly options: Readonly<Record<string, string>>;
}

/** What a container shall be. Immutable; made by a front, completed by the engine from the image's defaults. */
export interface ContainerSpec {
  /** The reference as the client gave it. */
  readonly image: string;
  /** Empty: the short id (or the host's name with `host` network). */
  readonly hostname: string;
  readonly domainname: string;
  /** Empty: the image's. `user[:group]`, names or numbers. */
  readonly user: string;
  readonly tty: boolean;
  /** Keep standard input open. */
  readonly openStdin: boolean;
  /** Close standard input when its first client goes away. */
  readonly stdinOnce: boolean;
  readonly attachStdin: boolean;
  readonly attachStdout: boolean;
  readonly attachStderr: boolean;
  /** `NAME=value`; `NAME` alone removes the image's variable. */
  readonly env: readonly string[];
  /** `undefined`: the image's (and then also its command if `command` is undefined). An empty array: none. */
  readonly entrypoint: readonly string[] | undefined;
  readonly command: readonly string[] | undefined;
  readonly workingDir: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Name or number; empty: the image's, else SIGTERM. */
  readonly stopSignal: string;
  /** Seconds between stop signal and SIGKILL; `undefined`: 10. */
  readonly stopTimeoutSec: number | undefined;
  /** What is not said in it is the image's; `undefined`: all of the image's. A test of `NONE` takes the image's away. */
  readonly healthcheck: Healthcheck | undefined;
  /** Runs the command of a `CMD-SHELL` health check; `undefined`: the image's, else `/bin/sh -c`. */
  readonly shell: readonly string[] | undefined;
  readonly binds: readonly BindMount[];
  /** Path in the container → options as in `--tmpfs` (`size=64m,mode=1777`). */
  readonly tmpfs: Readonly<Record<string, string>>;
  readonly isRootfsReadOnly: boolean;
  readonly isPrivileged: boolean;
  /** Run an init (tini) as process 1. */
  readonly init: boolean;
  readonly autoRemove: boolean;
  readonly networkMode: NetworkMode;
  /** Whose processes it sees. */
  readonly pidMode: 'private' | 'host' | OtherContainer;
  /** Shared memory and message queues. `none` has no /dev/shm. */
  readonly ipcMode: IpcMode;
  /** `host` shares the machine's name: then there is no `hostname` of its own. */
  readonly utsMode: 'private' | 'host';
  /** Whether its own cgroup looks like the root of all; `default`: with cgroup version 2. */
  readonly cgroupnsMode: 'default' | 'private' | 'host';
  readonly restartPolicy: RestartPolicy;
  readonly resources: ResourceLimits;
  readonly ulimits: readonly Ulimit[];
  /** -1000 to 1000: who goes first when the machine's memory runs out. */
  readonly oomScoreAdj: number;
  /** Cgroup to be in, below the root of the hierarchies; empty for the engine's own. */
  readonly cgroupParent: string;
  readonly devices: readonly DeviceMapping[];
  readonly deviceRequests: readonly DeviceRequest[];
  /** Rules for devices besides those of `devices`. */
  readonly deviceRules: readonly RuntimeDeviceRule[];
  /** Further groups, names of the image's or numbers. */
  readonly groupAdd: readonly string[];
  /** Kernel settings of its own namespaces: `net.core.somaxconn` → `1024`. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Passed on to the runtime. */
  readonly annotations: Readonly<Record<string, string>>;
  /** `CAP_` optional, upper or lower case, or `ALL`. */
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly noNewPrivileges: boolean;
  /** `default` is Docker's allow-list as pier ships it; a profile is JSON in Docker's format. */
  readonly seccomp: 'default' | 'unconfined' | { readonly profile: string };
  /** Name of a loaded AppArmor profile, or `unconfined`; empty: none is asked for. Without AppArmor in the kernel nothing comes of it. */
  readonly appArmorProfile: string;
  /** Paths in the container that look empty; `undefined`: the usual ones, or none if it is privileged. */
  readonly maskedPaths: readonly string[] | undefined;
  /** Paths in the container that cannot be written to; `undefined` as above. */
  readonly readonlyPaths: readonly string[] | undefined;
  /** It may change its own limits: /sys/fs/cgroup can be written to. */
  readonly hasWritableCgroups: boolean;
  readonly shmSizeBytes: number;
  /** Registered runtime; empty: the engine's default. */
  readonly runtime: string;
  /** Initial terminal size, rows and columns; `undefined`: the kernel's. */
  readonly consoleSize: { readonly height: number; readonly width: number } | undefined;
  readonly logConfig: LogConfig;
  readonly asWritten: AsWritten;
}

/** A spec that asks for nothing: what fronts and the library start from. */
export const EMPTY_SPEC: ContainerSpec = {
  image: '',
  hostname: '',
  domainname: '',
  user: '',
  tty: false,
  openStdin: false,
  stdinOnce: false,
  attachStdin: false,
  attachStdout: false,
  attachStderr: false,
  env: [],
  entrypoint: undefined,
  command: undefined,
  workingDir: '',
  labels: {},
  stopSignal: '',
  stopTimeoutSec: undefined,
  healthcheck: undefined,
  shell: undefined,
  binds: [],
  tmpfs: {},
  isRootfsReadOnly: false,
  isPrivileged: false,
  init: false,
  autoRemove: false,
  networkMode: 'bridge',
  pidMode: 'private',
  ipcMode: 'private',
  utsMode: 'private',
  cgroupnsMode: 'default',
  restartPolicy: { name: 'no', maximumRetryCount: 0 },
  resources: NO_LIMITS,
  ulimits: [],
  oomScoreAdj: 0,
  cgroupParent: '',
  devices: [],
  deviceRequests: [],
  deviceRules: [],
  groupAdd: [],
  sysctls: {},
  annotations: {},
  capAdd: [],
  capDrop: [],
  noNewPrivileges: false,
  seccomp: 'default',
  appArmorProfile: '',
  maskedPaths: undefined,
  readonlyPaths: undefined,
  hasWritableCgroups: false,
  shmSizeBytes: 64 * 1024 * 1024,
  runtime: '',
  consoleSize: undefined,
  logConfig: { driver: '', options: {} },
  asWritten: { securityOptions: undefined, usernsMode: '', isolation: '', cgroup: '' },
};
