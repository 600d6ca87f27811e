import { setTimeout as delay } from 'node:timers/promises';
import { PierError } from '../base/errors.ts';
import { traceFollow } from '../base/trace.ts';
import { parseSignal, signalNameOf, signalProcess } from '../linux/index.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';
import type { Run } from './run-table.ts';

/** Until SIGKILL, where nothing else is said. */
export const DEFAULT_STOP_TIMEOUT_SEC = 10;
const SIGKILL = 9;
/** What a timer can hold, 24 days: a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @throws {PierError} `InvalidArgument`, reasons `container.bad-signal`, `container.no-such-signal` (a number), facts `{ signal }`. */
export function requireSignal(text: string): number {
  const number = parseSignal(text);
  if (number !== undefined) return number;
  if (isNumber(text)) {
    throw new PierError('InvalidArgument', `Cannot send signal ${text}: the kernel has no such signal`, {
      reason: 'container.no-such-signal',
      facts: { signal: text },
    });
  }
  throw new PierError('InvalidArgument', `Cannot send signal "${text}": there is no such signal`, {
    reason: 'container.bad-signal',
    facts: { signal: text },
  });
}

/**
 * The signal that asks a container to stop. A number that the kernel does not have asks nobody: SIGKILL is what is left.
 *
 * @throws {PierError} `InvalidArgument`, reason `container.bad-signal`, facts `{ signal }`.
 */
export function requireStopSignal(text: string): number {
  return isNumber(text) && parseSignal(text) === undefined ? SIGKILL : requireSignal(text);
}

function isNumber(text: string): boolean {
  return /^[+-]?\d+$/.test(text) && Number(text) !== 0;
}

/** Tells whether a container has a process: running or paused. */
export function hasProcess(container: Container): boolean {
  return container.state.status === 'running' || container.state.status === 'paused';
}

/** @throws {PierError} `Conflict`, reasons `container.not-running`, `container.restarting`, facts `{ id }`. */
export function requireProcess(container: Container): void {
  if (hasProcess(container)) return;
  const { id } = container;
  if (container.state.status === 'restarting') {
    throw new PierError('Conflict', `Cannot act on container "${id}": it is about to be restarted`, {
      reason: 'container.restarting',
      facts: { id },
    });
  }
  throw new PierError('Conflict', `Cannot act on container "${id}": it does not run`, { reason: 'container.not-running', facts: { id } });
}

/**
 * Signals a container's process 1.
 *
 * @returns `false` if the process has ended meanwhile.
 */
export function signalContainer(context: ContainerContext, container: Container, signal: number): boolean {
  const { pid, pidStartTicks } = container.state;
  // Its end may be what comes of it.
  traceFollow(container.id);
  const isSent = signalProcess(pid, pidStartTicks, signal);
  if (isSent) context.emit({ action: 'kill', container, attributes: { signal: String(signal) } });
  return isSent;
}

/** Tells whether a signal means that a person wants the container to end: its stop signal, or SIGKILL. */
export function isEndingSignal(container: Container, signal: number): boolean {
  return signal === SIGKILL || signalNameOf(signal) === signalNameOf(parseSignal(container.stopSignal) ?? SIGKILL);
}

/**
 * Ends a container's process: its stop signal, time to obey, SIGKILL.
 *
 * @param timeoutSec -1 waits without end.
 * @throws {PierError} `Cancelled` if the engine closes first; then no SIGKILL follows.
 */
export async function endProcess(
  context: ContainerContext,
  container: Container,
  options: { readonly signal: number; readonly timeoutSec: number; readonly run: Run },
): Promise<void> {
  const { signal, timeoutSec, run } = options;
  if (signal !== SIGKILL) {
    signalContainer(context, container, signal);
    if (timeoutSec < 0) {
      await run.wait();
      return;
    }
    // Rejects when the end comes first, which is as good.
    await delay(Math.min(timeoutSec * 1000, LONGEST_TIMER_MS), undefined, { signal: run.ended }).catch(() => undefined);
  }
  if (!run.ended.aborted) signalContainer(context, container, SIGKILL);
  await run.wait();
}
