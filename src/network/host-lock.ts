import { setTimeout as sleep } from 'node:timers/promises';
import { PierError } from '../base/errors.ts';
import { tryLockFile } from '../linux/index.ts';

/** One for all engines of a host, whatever their roots: they choose subnets from the same pools. */
const LOCK_PATH = '/run/pier-network.lock';
const RETRY_MS = 5;
const TIMEOUT_MS = 10_000;

/**
 * Runs synchronous work while no other engine of this host changes its bridge.
 *
 * @throws {PierError} `Unavailable` if another engine does not let go.
 */
export async function withHostNetworkLock<T>(work: () => T): Promise<T> {
  for (const deadlineMs = performance.now() + TIMEOUT_MS; performance.now() < deadlineMs; await sleep(RETRY_MS)) {
    using lock = tryLockFile(LOCK_PATH);
    if (lock !== undefined) return work();
  }
  throw new PierError('Unavailable', `Cannot lock "${LOCK_PATH}": another engine holds it for more than ${TIMEOUT_MS / 1000} s`);
}
