import { PierError } from '../base/errors.ts';
import type { Healthcheck } from '../image/index.ts';
import type { Container } from './container.ts';

const NS_PER_MS = 1e6;
/** No time of a health check is shorter: 1 ms. */
const SHORTEST_NS = NS_PER_MS;
const DEFAULT_INTERVAL_NS = 30e9;
const DEFAULT_TIMEOUT_NS = 30e9;
const DEFAULT_START_INTERVAL_NS = 5e9;
const DEFAULT_RETRIES = 3;
const DEFAULT_SHELL = ['/bin/sh', '-c'];

/** A health check in which nothing is said. */
export const EMPTY_HEALTHCHECK: Healthcheck = {
  test: [],
  intervalNs: 0,
  timeoutNs: 0,
  startPeriodNs: 0,
  startIntervalNs: 0,
  retries: 0,
};

/** When probes run and what their results mean, defaults applied. */
export interface ProbePlan {
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
  /** So many failures in a row make a container unhealthy. */
  readonly retries: number;
}

/** Joins a container's own health check with its image's: what it does not say is the image's. */
export function mergeHealthcheck(own: Healthcheck | undefined, image: Healthcheck | undefined): Healthcheck | undefined {
  if (own === undefined || image === undefined) return own ?? image;
  return {
    test: own.test.length > 0 ? own.test : image.test,
    intervalNs: own.intervalNs || image.intervalNs,
    timeoutNs: own.timeoutNs || image.timeoutNs,
    startPeriodNs: own.startPeriodNs || image.startPeriodNs,
    startIntervalNs: own.startIntervalNs || image.startIntervalNs,
    retries: own.retries || image.retries,
  };
}

/** @throws {PierError} `InvalidArgument`, reasons `container.health-time-too-short`, `container.health-retries-negative` (facts `{ field }`). */
export function checkHealthcheck(check: Healthcheck | undefined): void {
  if (check === undefined) return;
  const times = {
    Interval: check.intervalNs,
    Timeout: check.timeoutNs,
    StartPeriod: check.startPeriodNs,
    StartInterval: check.startIntervalNs,
  };
  for (const [field, ns] of Object.entries(times)) {
    if (ns === 0 || ns >= SHORTEST_NS) continue;
    throw new PierError('InvalidArgument', `Cannot check health with ${field} of ${ns} ns: the shortest is 1 ms`, {
      reason: 'container.health-time-too-short',
      facts: { field },
    });
  }
  if (check.retries < 0) {
    throw new PierError('InvalidArgument', `Cannot check health with ${check.retries} retries: the number is negative`, {
      reason: 'container.health-retries-negative',
    });
  }
}

/** What a probe of a container runs; `undefined` if it has no health check, or one of a kind that is not known. */
export function probeArguments({ healthcheck, shell }: Pick<Container, 'healthcheck' | 'shell'>): readonly string[] | undefined {
  const [kind, ...words] = healthcheck?.test ?? [];
  if (kind === 'CMD') return words;
  return kind === 'CMD-SHELL' ? [...(shell.length > 0 ? shell : DEFAULT_SHELL), ...words] : undefined;
}

/** The times of a health check. */
export function probePlan(check: Healthcheck): ProbePlan {
  return {
    intervalMs: (check.intervalNs || DEFAULT_INTERVAL_NS) / NS_PER_MS,
    timeoutMs: (check.timeoutNs || DEFAULT_TIMEOUT_NS) / NS_PER_MS,
    startPeriodMs: check.startPeriodNs / NS_PER_MS,
    startIntervalMs: (check.startIntervalNs || DEFAULT_START_INTERVAL_NS) / NS_PER_MS,
    retries: check.retries > 0 ? check.retries : DEFAULT_RETRIES,
  };
}
