import type { HostConfig } from '../../wire/index.ts';
import type { Container, ContainerSpec } from '../backend.ts';
import { inKeyOrder } from '../key-order.ts';
import type { HostFacts } from '../route.ts';
import { toBindText } from './mount-points.ts';
import { toLimits } from './to-limits.ts';
import { toDeviceRequests, toRuleText } from './translate-devices.ts';

/** Paths that a container sees empty unless it is privileged. */
const MASKED_PATHS: readonly string[] = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];

/** Paths that a container cannot write to unless it is privileged. */
const READONLY_PATHS: readonly string[] = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

// What no container of pier has: Docker's values for "not set".
const NOT_SET = {
  ContainerIDFile: '',
  PortBindings: {},
  VolumeDriver: '',
  VolumesFrom: null,
  Dns: [],
  DnsOptions: [],
  DnsSearch: [],
  ExtraHosts: null,
  Links: null,
  PublishAllPorts: false,
  CpuCount: 0,
  CpuPercent: 0,
  IOMaximumIOps: 0,
  IOMaximumBandwidth: 0,
} as const satisfies Partial<HostConfig>;

/** How a container meets its host, as inspect shows it. */
export function toHostConfig({ spec, runtime }: Container, { cgroupVersion }: HostFacts): HostConfig {
  const { resources, restartPolicy, consoleSize } = spec;
  return {
    ...NOT_SET,
    Binds: spec.binds.length === 0 ? null : spec.binds.map(toBindText),
    LogConfig: { Type: spec.logConfig.driver || 'json-file', Config: inKeyOrder(spec.logConfig.options) },
    NetworkMode: spec.networkMode,
    RestartPolicy: { Name: restartPolicy.name, MaximumRetryCount: restartPolicy.maximumRetryCount },
    AutoRemove: spec.autoRemove,
    ConsoleSize: consoleSize === undefined ? [0, 0] : [consoleSize.height, consoleSize.width],
    CapAdd: orNull(spec.capAdd),
    CapDrop: orNull(spec.capDrop),
    CgroupnsMode: spec.cgroupnsMode === 'default' ? (cgroupVersion === 2 ? 'private' : 'host') : spec.cgroupnsMode,
    IpcMode: spec.ipcMode,
    PidMode: spec.pidMode === 'private' ? '' : spec.pidMode,
    UTSMode: spec.utsMode === 'private' ? '' : spec.utsMode,
    UsernsMode: spec.asWritten.usernsMode,
    Isolation: spec.asWritten.isolation,
    Cgroup: spec.asWritten.cgroup,
    Privileged: spec.isPrivileged,
    ReadonlyRootfs: spec.isRootfsReadOnly,
    SecurityOpt: spec.asWritten.securityOptions ?? orNull(securityOptions(spec)),
    ...(Object.keys(spec.tmpfs).length === 0 ? {} : { Tmpfs: inKeyOrder(spec.tmpfs) }),
    ShmSize: spec.shmSizeBytes,
    Runtime: runtime,
    ...toLimits(resources, cgroupVersion),
    Ulimits: spec.ulimits.map(({ name, soft, hard }) => ({ Name: name, Hard: hard, Soft: soft })),
    OomScoreAdj: spec.oomScoreAdj,
    CgroupParent: spec.cgroupParent,
    Devices: spec.devices.map(({ source, target, access }) => ({ PathOnHost: source, PathInContainer: target, CgroupPermissions: access })),
    DeviceRequests: toDeviceRequests(spec.deviceRequests),
    DeviceCgroupRules: orNull(spec.deviceRules.map(toRuleText)),
    GroupAdd: orNull(spec.groupAdd),
    ...(Object.keys(spec.sysctls).length === 0 ? {} : { Sysctls: spec.sysctls }),
    ...(Object.keys(spec.annotations).length === 0 ? {} : { Annotations: spec.annotations }),
    ...(spec.init ? { Init: true } : {}),
    MaskedPaths: spec.maskedPaths ?? (spec.isPrivileged ? null : MASKED_PATHS),
    ReadonlyPaths: spec.readonlyPaths ?? (spec.isPrivileged ? null : READONLY_PATHS),
  };
}

function securityOptions(spec: ContainerSpec): readonly string[] {
  const options: string[] = [];
  if (spec.noNewPrivileges) options.push('no-new-privileges');
  if (spec.seccomp !== 'default') options.push(`seccomp=${spec.seccomp === 'unconfined' ? spec.seccomp : spec.seccomp.profile}`);
  if (spec.appArmorProfile !== '') options.push(`apparmor=${spec.appArmorProfile}`);
  if (spec.hasWritableCgroups) options.push('writable-cgroups=true');
  if (spec.isPrivileged || spec.ipcMode === 'host' || spec.pidMode === 'host') options.push('label=disable');
  return options;
}

function orNull(list: readonly string[]): readonly string[] | null {
  return list.length === 0 ? null : list;
}
