/**
 * The health of a container, as its probes find it. Values and rules; what runs probes is in `health-probers.ts`.
 *
 * ```
 * start ─► starting ─success─► healthy ─failures in a row─► unhealthy ─success─► healthy
 *              └──failures in a row, after the start period──►┘
 * ```
 *
 * @module
 */
import { probeArguments } from './healthcheck.ts';
import type { ProbePlan } from './healthcheck.ts';
import type { Container } from './container.ts';

const REMEMBERED_RESULTS = 5;

/** Why a probe has no exit code of its own. */
export interface ProbeFailure {
  /** `timed-out`, or why it could not be run: `exec.command-not-found`, `exec.command-not-executable`, `exec.failed`. */
  readonly reason: string;
  /** The runtime's words; the time limit in milliseconds for `timed-out`. */
  readonly detail: string;
  readonly command: string;
}

/** What a probe found. Times are RFC 3339 with nanoseconds. */
export interface ProbeResult {
  readonly startedAt: string;
  readonly endedAt: string;
  /** 0 is healthy; -1 with a failure. */
  readonly exitCode: number;
  /** Both outputs as they came, cut where it gets long. */
  readonly output: string;
  readonly failure: ProbeFailure | undefined;
}

/** What is known of a container's health. */
export interface Health {
  readonly status: 'starting' | 'healthy' | 'unhealthy';
  /** Failures in a row. */
  readonly failingStreak: number;
  /** The latest results, oldest first. */
  readonly log: readonly ProbeResult[];
}

/** The health of a container that starts now; `undefined` if nothing checks it. Earlier results stay. */
export function healthAtStart(container: Container): Health | undefined {
  const { health } = container.state;
  if (probeArguments(container) === undefined) return health;
  return { status: 'starting', failingStreak: 0, log: health?.log ?? [] };
}

/** The health of a container that nobody probes, because it is paused or has ended: Docker calls that unhealthy. */
export function healthUnwatched(container: Container): Health | undefined {
  const { health } = container.state;
  if (health === undefined || probeArguments(container) === undefined) return health;
  return { ...health, status: 'unhealthy' };
}

/**
 * The health after one more probe.
 *
 * @param sinceStartMs How long the container had run when the probe began: within the start period, failures of one that
 * has never been healthy do not count.
 */
export function healthAfter(health: Health, result: ProbeResult, plan: ProbePlan, sinceStartMs: number): Health {
  const log = [...health.log.slice(-(REMEMBERED_RESULTS - 1)), result];
  if (result.exitCode === 0) return { status: 'healthy', failingStreak: 0, log };
  if (health.status === 'starting' && sinceStartMs < plan.startPeriodMs) return { ...health, log };
  const failingStreak = health.failingStreak + 1;
  return { status: failingStreak >= plan.retries ? 'unhealthy' : health.status, failingStreak, log };
}

/** Milliseconds from the end of one probe to the next. */
export function probeDelayMs(health: Health, plan: ProbePlan, sinceStartMs: number): number {
  return health.status === 'starting' && sinceStartMs < plan.startPeriodMs ? plan.startIntervalMs : plan.intervalMs;
}
