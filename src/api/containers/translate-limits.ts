import type { HostConfig, Loose, RestartPolicy, ThrottleDevice, UlimitConfig, WeightDevice } from '../../wire/index.ts';
import { NO_LIMITS } from '../backend.ts';
import type { ContainerSpec, ResourceLimits, Ulimit } from '../backend.ts';
import { dockerError } from '../errors.ts';
import { checkFields } from '../field-kinds.ts';
import type { FieldKinds } from '../field-kinds.ts';
import type { HostFacts } from '../route.ts';
import { checkLimits, dropMissingLimits, swappinessOf } from './limit-checks.ts';

/**
 * A request's limits, without those that this machine cannot hold.
 *
 * @throws {PierError} `InvalidArgument` in Docker's words.
 */
export function translateLimits(asked: Loose<HostConfig>, facts: HostFacts): ResourceLimits {
  const { host } = dropMissingLimits(asked, facts);
  checkLimits(host, facts, false);
  return { ...NO_LIMITS, ...limitsOf(host) };
}

/** The limits that a request names, none of them checked. */
export function limitsOf(host: Loose<HostConfig>): ResourceLimits {
  return {
    memoryBytes: host.Memory ?? 0,
    memorySwapBytes: host.MemorySwap ?? 0,
    memoryReservationBytes: host.MemoryReservation ?? 0,
    memorySwappiness: swappinessOf(host),
    isOomKillDisabled: host.OomKillDisable ?? false,
    nanoCpus: host.NanoCpus ?? 0,
    cpuShares: host.CpuShares ?? 0,
    cpuQuotaUs: host.CpuQuota ?? 0,
    cpuPeriodUs: host.CpuPeriod ?? 0,
    cpuRealtimeRuntimeUs: host.CpuRealtimeRuntime ?? 0,
    cpuRealtimePeriodUs: host.CpuRealtimePeriod ?? 0,
    cpusetCpus: host.CpusetCpus ?? '',
    cpusetMems: host.CpusetMems ?? '',
    pidsLimit: Math.max(0, host.PidsLimit ?? 0),
    blkioWeight: host.BlkioWeight ?? 0,
    blkioWeightDevices: (host.BlkioWeightDevice ?? []).map(({ Path, Weight }: Loose<WeightDevice>) => ({
      path: Path ?? '',
      weight: Weight ?? 0,
    })),
    blkioReadBps: ratesOf(host.BlkioDeviceReadBps),
    blkioWriteBps: ratesOf(host.BlkioDeviceWriteBps),
    blkioReadIops: ratesOf(host.BlkioDeviceReadIOps),
    blkioWriteIops: ratesOf(host.BlkioDeviceWriteIOps),
  };
}

function ratesOf(rates: readonly ThrottleDevice[] | null | undefined): ResourceLimits['blkioReadBps'] {
  return (rates ?? []).map(({ Path, Rate }: Loose<ThrottleDevice>) => ({ path: Path ?? '', rate: Rate ?? 0 }));
}

/** Names of `setrlimit(2)`. */
const ULIMIT_NAMES: ReadonlySet<string> = new Set(
  'core cpu data fsize locks memlock msgqueue nice nofile nproc rss rtprio rttime sigpending stack'.split(' '),
);

/** A request's limits for each process. @throws {PierError} `InvalidArgument` in Docker's words. */
export function translateUlimits(host: Loose<HostConfig>): readonly Ulimit[] {
  return (host.Ulimits ?? []).map((ulimit: Loose<UlimitConfig>) => {
    const name = ulimit.Name ?? '';
    const soft = ulimit.Soft ?? 0;
    const hard = ulimit.Hard ?? 0;
    if (!ULIMIT_NAMES.has(name)) throw bad(`invalid ulimit type: ${name}`);
    if (hard !== -1 && (soft === -1 || soft > hard))
      throw bad(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
    return { name, soft, hard };
  });
}

type Body = Readonly<Record<string, unknown>>;
type Policy = Loose<RestartPolicy>;
const POLICY_KINDS: FieldKinds<RestartPolicy> = { Name: 'string', MaximumRetryCount: 'integer' };

/** A request's restart policy. @throws {PierError} `InvalidArgument` in Docker's words. */
export function translateRestartPolicy(host: Loose<HostConfig>): ContainerSpec['restartPolicy'] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an object; what is in it is checked here
  const policy = checkFields<Policy>((host.RestartPolicy ?? {}) as Body, POLICY_KINDS, 'HostConfig.RestartPolicy');
  const name = policy.Name ?? '';
  const maximumRetryCount = policy.MaximumRetryCount ?? 0;
  switch (name) {
    case '':
    case 'no':
    case 'always':
    case 'unless-stopped':
      if (maximumRetryCount !== 0) throw bad("invalid restart policy: maximum retry count can only be used with 'on-failure'");
      break;
    case 'on-failure':
      if (maximumRetryCount < 0) throw bad('invalid restart policy: maximum retry count cannot be negative');
      break;
    default:
      throw bad(`invalid restart policy: unknown policy '${name}'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'`);
  }
  if (host.AutoRemove === true && name !== '' && name !== 'no') throw bad("can't create 'AutoRemove' container with restart policy");
  return { name: name === '' ? 'no' : name, maximumRetryCount };
}

function bad(text: string): Error {
  return dockerError('InvalidArgument', text);
}
