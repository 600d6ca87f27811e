import type { ContainerConfig, EndpointSettings, HostConfig } from '../../wire/index.ts';
import { notSupported } from '../errors.ts';

/** Fields of a create request's config that a container of pier has. */
type HonouredConfig =
  | 'Hostname'
  | 'Domainname'
  | 'User'
  | 'AttachStdin'
  | 'AttachStdout'
  | 'AttachStderr'
  | 'Tty'
  | 'OpenStdin'
  | 'StdinOnce'
  | 'Env'
  | 'Cmd'
  | 'Image'
  | 'WorkingDir'
  | 'Entrypoint'
  | 'Labels'
  | 'StopSignal'
  | 'StopTimeout'
  | 'Healthcheck'
  | 'Shell';

/** Fields of a create request's host config that a container of pier has. */
type HonouredHostConfig =
  | 'Binds'
  | 'LogConfig'
  | 'NetworkMode'
  | 'RestartPolicy'
  | 'AutoRemove'
  | 'CgroupnsMode'
  | 'ConsoleSize'
  | 'CapAdd'
  | 'CapDrop'
  | 'Privileged'
  | 'ReadonlyRootfs'
  | 'SecurityOpt'
  | 'Tmpfs'
  | 'ShmSize'
  | 'Runtime'
  | 'Annotations'
  | 'GroupAdd'
  | 'OomScoreAdj'
  | 'Sysctls'
  | 'CpuShares'
  | 'CgroupParent'
  | 'BlkioWeight'
  | 'BlkioWeightDevice'
  | 'BlkioDeviceReadBps'
  | 'BlkioDeviceWriteBps'
  | 'BlkioDeviceReadIOps'
  | 'BlkioDeviceWriteIOps'
  | 'CpuPeriod'
  | 'CpuQuota'
  | 'CpuRealtimePeriod'
  | 'CpuRealtimeRuntime'
  | 'CpusetCpus'
  | 'CpusetMems'
  | 'Devices'
  | 'DeviceCgroupRules'
  | 'MemoryReservation'
  | 'OomKillDisable'
  | 'Ulimits'
  | 'MemorySwappiness'
  | 'IOMaximumIOps'
  | 'IOMaximumBandwidth'
  | 'Memory'
  | 'MemorySwap'
  | 'NanoCpus'
  | 'PidsLimit'
  | 'DeviceRequests'
  | 'IpcMode'
  | 'Cgroup'
  | 'PidMode'
  | 'StorageOpt'
  | 'UTSMode'
  | 'UsernsMode'
  | 'Isolation'
  | 'MaskedPaths'
  | 'ReadonlyPaths'
  | 'Init';

type IsHarmless = (value: unknown) => boolean;

/** Nothing, in any of the ways in which clients write it. */
function isUnset(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === 0 || value === false) return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function unsetOr(...values: readonly unknown[]): IsHarmless {
  return (value) => isUnset(value) || values.includes(value);
}

// A field that is added to the wire type does not compile until it is honoured or stands here.
const CONFIG_FIELDS: Readonly<Record<Exclude<keyof ContainerConfig, HonouredConfig>, IsHarmless>> = {
  ExposedPorts: isUnset,
  ArgsEscaped: isUnset,
  Volumes: isUnset,
  NetworkDisabled: isUnset,
  MacAddress: isUnset,
  OnBuild: isUnset,
};

const HOST_CONFIG_FIELDS: Readonly<Record<Exclude<keyof HostConfig, HonouredHostConfig>, IsHarmless>> = {
  // The client writes this file.
  ContainerIDFile: () => true,
  PortBindings: isUnset,
  // Names the driver of volumes that are refused themselves.
  VolumeDriver: unsetOr('local'),
  VolumesFrom: isUnset,
  Mounts: isUnset,
  Dns: isUnset,
  DnsOptions: isUnset,
  DnsSearch: isUnset,
  ExtraHosts: isUnset,
  Links: isUnset,
  PublishAllPorts: isUnset,
  // Docker takes these and drops them: kernels have no such limit any more.
  KernelMemory: () => true,
  KernelMemoryTCP: () => true,
  CpuCount: isUnset,
  CpuPercent: isUnset,
};

const ENDPOINT_FIELDS: Readonly<Record<keyof EndpointSettings, IsHarmless>> = {
  IPAMConfig: isUnset,
  Links: isUnset,
  Aliases: isUnset,
  MacAddress: isUnset,
  DriverOpts: isUnset,
  GwPriority: isUnset,
  // What an inspect gave may be sent back; these are results, not settings.
  NetworkID: () => true,
  EndpointID: () => true,
  Gateway: () => true,
  IPAddress: () => true,
  IPPrefixLen: () => true,
  IPv6Gateway: () => true,
  GlobalIPv6Address: () => true,
  GlobalIPv6PrefixLen: () => true,
  DNSNames: () => true,
};

/**
 * Refuses what a container of pier cannot have, naming the field.
 *
 * @param config The request's body; unknown fields are left alone, as Docker does.
 * @throws {PierError} `NotImplemented`.
 */
export function refuseUnsupportedConfig(config: Readonly<Record<string, unknown>>): void {
  refuse(config, CONFIG_FIELDS, '');
}

/** As {@linkcode refuseUnsupportedConfig} for its `HostConfig`. @throws {PierError} `NotImplemented`. */
export function refuseUnsupportedHostConfig(hostConfig: Readonly<Record<string, unknown>>): void {
  refuse(hostConfig, HOST_CONFIG_FIELDS, 'HostConfig.');
}

/** As {@linkcode refuseUnsupportedConfig} for one network of its `NetworkingConfig`. @throws {PierError} `NotImplemented`. */
export function refuseUnsupportedEndpoint(name: string, endpoint: Readonly<Record<string, unknown>>): void {
  refuse(endpoint, ENDPOINT_FIELDS, `NetworkingConfig.EndpointsConfig[${JSON.stringify(name)}].`);
}

function refuse(body: Readonly<Record<string, unknown>>, fields: Readonly<Record<string, IsHarmless>>, prefix: string): void {
  for (const [name, isHarmless] of Object.entries(fields)) {
    if (!isHarmless(body[name])) throw notSupported(`${prefix}${name}`);
  }
}
