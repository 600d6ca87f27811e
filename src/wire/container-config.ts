import type { EndpointSettings } from './network.ts';

/** Any JSON object whose fields may be missing or `null`, as clients send them. */
export type Loose<T> = { readonly [K in keyof T]?: T[K] | null };

/** Go's way to write a set in JSON. */
export type StringSet = Readonly<Record<string, Readonly<Record<string, never>>>>;

/** Names with values. */
export type StringMap = Readonly<Record<string, string>>;

/** Health check; durations in nanoseconds. */
export interface HealthConfig {
  readonly Test?: readonly string[];
  readonly Interval?: number;
  readonly Timeout?: number;
  readonly StartPeriod?: number;
  readonly StartInterval?: number;
  readonly Retries?: number;
}

/** What a container is, apart from the host it runs on. */
export interface ContainerConfig {
  readonly Hostname: string;
  readonly Domainname: string;
  readonly User: string;
  readonly AttachStdin: boolean;
  readonly AttachStdout: boolean;
  readonly AttachStderr: boolean;
  readonly ExposedPorts?: StringSet;
  readonly Tty: boolean;
  readonly OpenStdin: boolean;
  readonly StdinOnce: boolean;
  readonly Env: readonly string[] | null;
  readonly Cmd: readonly string[] | null;
  readonly Healthcheck?: HealthConfig;
  readonly ArgsEscaped?: boolean;
  readonly Image: string;
  readonly Volumes: StringSet | null;
  readonly WorkingDir: string;
  readonly Entrypoint: readonly string[] | null;
  readonly NetworkDisabled?: boolean;
  readonly MacAddress?: string;
  readonly OnBuild: readonly string[] | null;
  readonly Labels: StringMap;
  readonly StopSignal?: string;
  /** Seconds. */
  readonly StopTimeout?: number;
  readonly Shell?: readonly string[];
}

/** When a container is started again by itself. */
export interface RestartPolicy {
  readonly Name: string;
  readonly MaximumRetryCount: number;
}

/** Where a container's output goes. */
export interface LogConfig {
  readonly Type: string;
  readonly Config: StringMap;
}

/** A published port on the host. */
export interface PortBinding {
  readonly HostIp: string;
  readonly HostPort: string;
}

/** Container port (`80/tcp`) → where it is published; `null` for exposed only. */
export type PortMap = Readonly<Record<string, readonly PortBinding[] | null>>;

/** A mount as `--mount` asks for it. */
export interface MountRequest {
  readonly Type: string;
  readonly Source?: string;
  readonly Target: string;
  readonly ReadOnly?: boolean;
  readonly Consistency?: string;
  readonly BindOptions?: unknown;
  readonly VolumeOptions?: unknown;
  readonly TmpfsOptions?: unknown;
}

/** A weight for one block device, 10 to 1000. */
export interface WeightDevice {
  readonly Path: string;
  readonly Weight: number;
}

/** A rate, a second, for one block device. */
export interface ThrottleDevice {
  readonly Path: string;
  readonly Rate: number;
}

/** A limit of each process; -1 for none. */
export interface UlimitConfig {
  readonly Name: string;
  readonly Hard: number;
  readonly Soft: number;
}

/** A device of the host's for a container. */
export interface DeviceRequestConfig {
  readonly Driver: string;
  readonly Count: number;
  readonly DeviceIDs: readonly string[] | null;
  readonly Capabilities: readonly (readonly string[] | null)[] | null;
  readonly Options: StringMap | null;
}

/** A device of the host. */
export interface DeviceMappingConfig {
  readonly PathOnHost: string;
  readonly PathInContainer: string;
  readonly CgroupPermissions: string;
}

/** How a container meets its host. Sizes in bytes. */
export interface HostConfig {
  readonly Binds: readonly string[] | null;
  readonly ContainerIDFile: string;
  readonly LogConfig: LogConfig;
  readonly NetworkMode: string;
  readonly PortBindings: PortMap;
  readonly RestartPolicy: RestartPolicy;
  readonly AutoRemove: boolean;
  readonly VolumeDriver: string;
  readonly VolumesFrom: readonly string[] | null;
  readonly Mounts?: readonly MountRequest[];
  /** Rows, then columns. */
  readonly ConsoleSize: readonly [number, number];
  readonly Annotations?: StringMap;
  readonly CapAdd: readonly string[] | null;
  readonly CapDrop: readonly string[] | null;
  readonly CgroupnsMode: string;
  readonly Dns: readonly string[];
  readonly DnsOptions: readonly string[];
  readonly DnsSearch: readonly string[];
  readonly ExtraHosts: readonly string[] | null;
  readonly GroupAdd: readonly string[] | null;
  readonly IpcMode: string;
  readonly Cgroup: string;
  readonly Links: readonly string[] | null;
  readonly OomScoreAdj: number;
  readonly PidMode: string;
  readonly Privileged: boolean;
  readonly PublishAllPorts: boolean;
  readonly ReadonlyRootfs: boolean;
  readonly SecurityOpt: readonly string[] | null;
  readonly StorageOpt?: StringMap;
  readonly Tmpfs?: StringMap;
  readonly UTSMode: string;
  readonly UsernsMode: string;
  readonly ShmSize: number;
  readonly Sysctls?: StringMap;
  readonly Runtime: string;
  readonly Isolation: string;
  readonly CpuShares: number;
  readonly Memory: number;
  readonly NanoCpus: number;
  readonly CgroupParent: string;
  readonly BlkioWeight: number;
  readonly BlkioWeightDevice: readonly WeightDevice[];
  readonly BlkioDeviceReadBps: readonly ThrottleDevice[];
  readonly BlkioDeviceWriteBps: readonly ThrottleDevice[];
  readonly BlkioDeviceReadIOps: readonly ThrottleDevice[];
  readonly BlkioDeviceWriteIOps: readonly ThrottleDevice[];
  readonly CpuPeriod: number;
  readonly CpuQuota: number;
  readonly CpuRealtimePeriod: number;
  readonly CpuRealtimeRuntime: number;
  readonly CpusetCpus: string;
  readonly CpusetMems: string;
  readonly Devices: readonly DeviceMappingConfig[];
  readonly DeviceCgroupRules: readonly string[] | null;
  readonly DeviceRequests: readonly DeviceRequestConfig[] | null;
  readonly KernelMemory?: number;
  readonly KernelMemoryTCP?: number;
  readonly MemoryReservation: number;
  /** Memory plus swap; -1 without limit. */
  readonly MemorySwap: number;
  readonly MemorySwappiness: number | null;
  readonly OomKillDisable: boolean | null;
  readonly Init?: boolean;
  readonly PidsLimit: number | null;
  readonly Ulimits: readonly UlimitConfig[];
  readonly CpuCount: number;
  readonly CpuPercent: number;
  readonly IOMaximumIOps: number;
  readonly IOMaximumBandwidth: number;
  readonly MaskedPaths: readonly string[] | null;
  readonly ReadonlyPaths: readonly string[] | null;
}

/** Which networks a container joins, and as what. */
export interface NetworkingConfig {
  readonly EndpointsConfig: Readonly<Record<string, Loose<EndpointSettings> | null>> | null;
}

/** A client's container config: `Cmd` and `Entrypoint` may also be one string. */
export type ContainerConfigRequest = Omit<Loose<ContainerConfig>, 'Cmd' | 'Entrypoint'> & {
  readonly Cmd?: readonly string[] | string | null;
  readonly Entrypoint?: readonly string[] | string | null;
};

/** Body of `POST /containers/create`. */
export type ContainerCreateRequest = ContainerConfigRequest & {
  readonly HostConfig?: Loose<HostConfig> | null;
  readonly NetworkingConfig?: Loose<NetworkingConfig> | null;
};

/** Answer to `POST /containers/create`. */
export interface ContainerCreateResponse {
  readonly Id: string;
  readonly Warnings: readonly string[];
}
