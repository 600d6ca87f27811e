import type { DeviceMappingConfig, HostConfig, Loose, ThrottleDevice, UlimitConfig, WeightDevice } from '../../wire/index.ts';
import type { FlagDefinition } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { parseFlagValue, ValueError } from '../flag-value-parser.ts';
import type { FlagValues } from '../flag-values.ts';
import { isCdiDevice, parseGpus } from './gpu-flag.ts';
import { FlagError } from '../parse-flags.ts';

/** Flags that say what a container may use; `update` has them, too. */
export const LIMIT_FLAGS: readonly FlagDefinition[] = [
  {
    long: 'blkio-weight',
    kind: 'int',
    valueName: 'uint16',
    description: 'Block IO (relative weight), between 10 and 1000, or 0 to disable (default 0)',
  },
  { long: 'cpu-period', kind: 'int', description: 'Limit CPU CFS (Completely Fair Scheduler) period' },
  { long: 'cpu-quota', kind: 'int', description: 'Limit CPU CFS (Completely Fair Scheduler) quota' },
  { long: 'cpu-rt-period', kind: 'int', description: 'Limit CPU real-time period in microseconds' },
  { long: 'cpu-rt-runtime', kind: 'int', description: 'Limit CPU real-time runtime in microseconds' },
  { long: 'cpu-shares', short: 'c', kind: 'int', description: 'CPU shares (relative weight)' },
  { long: 'cpus', kind: 'decimal', description: 'Number of CPUs' },
  { long: 'cpuset-cpus', kind: 'string', description: 'CPUs in which to allow execution (0-3, 0,1)' },
  { long: 'cpuset-mems', kind: 'string', description: 'MEMs in which to allow execution (0-3, 0,1)' },
  { long: 'memory', short: 'm', kind: 'bytes', check: complaintAboutSize, description: 'Memory limit' },
  { long: 'memory-reservation', kind: 'bytes', check: complaintAboutSize, description: 'Memory soft limit' },
  {
    long: 'memory-swap',
    kind: 'bytes',
    description: "Swap limit equal to memory plus swap: '-1' to enable unlimited swap",
  },
  { long: 'pids-limit', kind: 'int', description: 'Tune container pids limit (set -1 for unlimited)' },
];

/** Further ones of `run` and `create`. */
export const RESOURCE_FLAGS: readonly FlagDefinition[] = [
  ...LIMIT_FLAGS,
  { long: 'blkio-weight-device', kind: 'list', description: 'Block IO weight (relative device weight)' },
  { long: 'cgroup-parent', kind: 'string', description: 'Optional parent cgroup for the container' },
  { long: 'device', kind: 'list', description: 'Add a host device to the container' },
  { long: 'device-cgroup-rule', kind: 'list', description: 'Add a rule to the cgroup allowed devices list' },
  { long: 'device-read-bps', kind: 'list', description: 'Limit read rate (bytes per second) from a device' },
  { long: 'device-read-iops', kind: 'list', description: 'Limit read rate (IO per second) from a device' },
  { long: 'device-write-bps', kind: 'list', description: 'Limit write rate (bytes per second) to a device' },
  { long: 'device-write-iops', kind: 'list', description: 'Limit write rate (IO per second) to a device' },
  { long: 'gpus', kind: 'list', valueName: 'gpu-request', description: "GPU devices to add to the container ('all' to pass all GPUs)" },
  { long: 'kernel-memory', kind: 'bytes', hidden: true, description: 'Kernel memory limit' },
  {
    long: 'memory-swappiness',
    kind: 'int',
    default: '-1',
    shownDefault: '-1',
    description: 'Tune container memory swappiness (0 to 100)',
  },
  { long: 'oom-kill-disable', kind: 'bool', description: 'Disable OOM Killer' },
  { long: 'oom-score-adj', kind: 'int', description: "Tune host's OOM preferences (-1000 to 1000)" },
  { long: 'ulimit', kind: 'list', valueName: 'ulimit', description: 'Ulimit options' },
];

/** The limits that flags of {@linkcode LIMIT_FLAGS} ask for. */
export function limitsOf(flags: FlagValues): Loose<HostConfig> {
  return {
    BlkioWeight: flags.int('blkio-weight'),
    CpuPeriod: flags.int('cpu-period'),
    CpuQuota: flags.int('cpu-quota'),
    CpuRealtimePeriod: flags.int('cpu-rt-period'),
    CpuRealtimeRuntime: flags.int('cpu-rt-runtime'),
    CpuShares: flags.int('cpu-shares'),
    CpusetCpus: flags.string('cpuset-cpus'),
    CpusetMems: flags.string('cpuset-mems'),
    Memory: flags.int('memory'),
    MemoryReservation: flags.int('memory-reservation'),
    MemorySwap: flags.int('memory-swap'),
    NanoCpus: Math.round(flags.number('cpus') * 1e9),
    ...(flags.has('pids-limit') && { PidsLimit: flags.int('pids-limit') }),
  };
}

/**
 * What flags of {@linkcode RESOURCE_FLAGS} ask for.
 *
 * @throws {FlagError} In Docker's words, for a value that cannot be read.
 */
export function resourcesOf(flags: FlagValues): Loose<HostConfig> {
  return {
    ...limitsOf(flags),
    BlkioWeightDevice: each(flags, 'blkio-weight-device', parseWeight),
    CgroupParent: flags.string('cgroup-parent'),
    Devices: flags
      .list('device')
      .filter((text) => !isCdiDevice(text))
      .map(readDevice),
    ...deviceRequests(flags),
    DeviceCgroupRules: each(flags, 'device-cgroup-rule', parseRule),
    BlkioDeviceReadBps: each(flags, 'device-read-bps', parseBps),
    BlkioDeviceReadIOps: each(flags, 'device-read-iops', parseIops),
    BlkioDeviceWriteBps: each(flags, 'device-write-bps', parseBps),
    BlkioDeviceWriteIOps: each(flags, 'device-write-iops', parseIops),
    MemorySwappiness: swappinessOf(flags.int('memory-swappiness')),
    OomKillDisable: flags.bool('oom-kill-disable'),
    OomScoreAdj: flags.int('oom-score-adj'),
    Ulimits: ulimitsOf(flags),
  };
}

function each<T>(flags: FlagValues, name: string, parse: (text: string) => T): readonly T[] {
  return flags.list(name).map((text) => parsed(name, text, parse));
}

function parsed<T>(name: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new FlagError(`invalid argument ${JSON.stringify(text)} for "--${name}" flag: ${error.message}`);
  }
}

/** Docker's client reads devices when all flags are read, and complains as of them all. */
function readDevice(text: string): ReturnType<typeof parseDevice> {
  try {
    return parseDevice(text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new CommandError(error.message, 125, { hint: true, cause: error });
  }
}

function swappinessOf(value: number): number {
  if (value >= -1 && value <= 100) return value;
  throw new CommandError(`invalid value: ${value}. Valid memory swappiness range is 0-100`, 125, { hint: true });
}

/** A size that is not negative. */
export function complaintAboutSize(text: string): string | undefined {
  return text.startsWith('-') ? `invalid size: '${text}'` : undefined;
}

function deviceRequests(flags: FlagValues): Pick<Loose<HostConfig>, 'DeviceRequests'> {
  const named = flags.list('device').filter(isCdiDevice);
  const cdi = { Driver: 'cdi', Count: 0, DeviceIDs: named, Capabilities: null, Options: null };
  const all = [...each(flags, 'gpus', parseGpus), ...(named.length === 0 ? [] : [cdi])];
  return all.length === 0 ? {} : { DeviceRequests: all };
}

function parseWeight(text: string): WeightDevice {
  const [path, value] = splitDevice(text);
  const weight = Number(value);
  if (!/^\d+$/.test(value)) throw new ValueError(`invalid weight for device: ${text}`);
  if (weight > 0 && (weight < 10 || weight > 1000)) throw new ValueError(`invalid weight for device: ${text}`);
  return { Path: path, Weight: weight };
}

function parseBps(text: string): ThrottleDevice {
  const [path, value] = splitDevice(text);
  const how =
    'The correct format is <device-path>:<number>[<unit>]. Number must be a positive integer. Unit is optional and can be kb, mb, or gb';
  try {
    const rate = Number(parseFlagValue('bytes', value));
    if (rate >= 0) return { Path: path, Rate: rate };
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
  }
  throw new ValueError(`invalid rate for device: ${text}. ${how}`);
}

function parseIops(text: string): ThrottleDevice {
  const [path, value] = splitDevice(text);
  if (!/^\d+$/.test(value)) {
    const how = 'The correct format is <device-path>:<number>. Number must be a positive integer';
    throw new ValueError(`invalid rate for device: ${text}. ${how}`);
  }
  return { Path: path, Rate: Number(value) };
}

function splitDevice(text: string): readonly [path: string, value: string] {
  const split = text.indexOf(':');
  const path = text.slice(0, split);
  if (split <= 0) throw new ValueError(`bad format: ${text}`);
  if (!path.startsWith('/dev/')) throw new ValueError(`bad format for device path: ${text}`);
  return [path, text.slice(split + 1)];
}

/** Letters of `rwm`, none twice. */
function isMode(word: string): boolean {
  return /^(?!.*(.).*\1)[rwm]{1,3}$/.test(word);
}

function parseDevice(text: string): DeviceMappingConfig {
  const [source = '', second, third, ...more] = text.split(':');
  if (more.length > 0) throw new ValueError(`invalid device specification: ${text}`);
  if (third !== undefined && !isMode(third)) throw new ValueError(`bad mode specified: ${third}`);
  const mode = third ?? (second !== undefined && isMode(second) ? second : 'rwm');
  const target = second === undefined || (third === undefined && isMode(second)) ? source : second;
  if (!target.startsWith('/')) throw new ValueError(`${target} is not an absolute path`);
  return { PathOnHost: source, PathInContainer: target, CgroupPermissions: mode };
}

function parseRule(text: string): string {
  if (/^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$/.test(text)) return text;
  throw new ValueError(`invalid device cgroup format '${text}'`);
}

const ULIMIT_NAMES: ReadonlySet<string> = new Set(
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
);

/** The last of each name counts; sorted, as Docker's client sends them. */
function ulimitsOf(flags: FlagValues): readonly UlimitConfig[] {
  const byName = new Map(each(flags, 'ulimit', parseUlimit).map((ulimit) => [ulimit.Name, ulimit]));
  return [...byName.values()].toSorted((a, b) => (a.Name < b.Name ? -1 : 1));
}

function parseUlimit(text: string): UlimitConfig {
  const [name = '', value, ...more] = text.split('=');
  if (value === undefined || more.length > 0 || value === '') throw new ValueError(`invalid ulimit argument: ${text}`);
  if (!ULIMIT_NAMES.has(name)) throw new ValueError(`invalid ulimit type: ${name}`);
  const [softText = '', hardText = softText, ...rest] = value.split(':');
  if (rest.length > 0) throw new ValueError(`too many limit value arguments - ${value}, can only have up to two, \`soft[:hard]\``);
  const soft = Number(parseFlagValue('int', softText));
  const hard = Number(parseFlagValue('int', hardText));
  if (hard !== -1 && soft === -1) {
    throw new ValueError(`ulimit soft limit must be less than or equal to hard limit: soft: -1 (unlimited), hard: ${hard}`);
  }
  if (hard !== -1 && soft > hard) throw new ValueError(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
  return { Name: name, Hard: hard, Soft: soft };
}
