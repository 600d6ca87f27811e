import type { HostConfig, Loose } from '../../wire/index.ts';
import type { ContainerSpec } from '../backend.ts';
import { dockerError } from '../errors.ts';

const MINIMUM_MEMORY_BYTES = 6 * 1024 * 1024;

/**
 * A request's limits.
 *
 * @param cpuCount CPUs of this machine.
 * @throws {PierError} `InvalidArgument` in Docker's words.
 */
export function translateLimits(host: Loose<HostConfig>, cpuCount: number): ContainerSpec['resources'] {
  const memoryBytes = host.Memory ?? 0;
  const swapBytes = host.MemorySwap ?? 0;
  const nanoCpus = host.NanoCpus ?? 0;
  if (memoryBytes !== 0 && memoryBytes < MINIMUM_MEMORY_BYTES) throw bad('Minimum memory limit allowed is 6MB');
  if (memoryBytes > 0 && swapBytes > 0 && swapBytes < memoryBytes) {
    throw bad('Minimum memoryswap limit should be larger than memory limit, see usage');
  }
  if (memoryBytes === 0 && swapBytes > 0) throw bad('You should always set the Memory limit when using Memoryswap limit, see usage');
  if (nanoCpus < 0 || nanoCpus > cpuCount * 1e9) {
    throw bad(`range of CPUs is from 0.01 to ${cpuCount}.00, as there are only ${cpuCount} CPUs available`);
  }
  return { memoryBytes, memorySwapBytes: swapBytes, nanoCpus, pidsLimit: Math.max(0, host.PidsLimit ?? 0) };
}

/** A request's restart policy. @throws {PierError} `InvalidArgument` in Docker's words. */
export function translateRestartPolicy(host: Loose<HostConfig>): ContainerSpec['restartPolicy'] {
  const name = host.RestartPolicy?.Name ?? '';
  const maximumRetryCount = host.RestartPolicy?.MaximumRetryCount ?? 0;
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
