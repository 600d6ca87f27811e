/**
 * What the engine asks of the kernel, told to those who want to learn from it.
 *
 * The places that ask say so by {@linkcode traceStep}. While nobody listens that costs one comparison. A {@linkcode Trace}
 * hears the steps of the work that it runs, and those of later work on the same subjects: the end of a container is noticed
 * by the engine, long after the call that started it.
 *
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks';

/** What kind of thing is asked. The facts of each are those that its place gives. */
export type TraceKind =
  | 'request'
  | 'record'
  | 'mount'
  | 'unmount'
  | 'namespace'
  | 'namespace-drop'
  | 'netlink'
  | 'nftables'
  | 'cgroup-move'
  | 'cgroup-kill'
  | 'cgroup-remove'
  | 'spawn'
  | 'signal'
  | 'runtime-config'
  | 'release'
  | 'archive';

/** One step, in the words of whoever took it. */
export interface TraceStep {
  readonly kind: TraceKind;
  readonly facts: Readonly<Record<string, unknown>>;
}

const current = new AsyncLocalStorage<Trace>();
const open = new Set<Trace>();

/** Hears the steps of some work until it is disposed of. */
export class Trace implements Disposable {
  readonly #onStep: (step: TraceStep) => void;
  readonly #subjects = new Set<string>();

  /** @param onStep Called at once, in the order of the steps; it must not throw. */
  constructor(onStep: (step: TraceStep) => void) {
    this.#onStep = onStep;
    open.add(this);
  }

  /** Runs work whose steps are heard. */
  run<T>(work: () => T): T {
    return current.run(this, work);
  }

  /** Takes a step. */
  hear(step: TraceStep): void {
    if (open.has(this)) this.#onStep(step);
  }

  /** Later work on a subject is heard, too. */
  follow(subject: string): void {
    this.#subjects.add(subject);
  }

  follows(subject: string): boolean {
    return this.#subjects.has(subject);
  }

  [Symbol.dispose](): void {
    open.delete(this);
  }
}

/** Tells the trace that the current work is run by, if any, of a step. @param facts Made only if somebody listens. */
export function traceStep(kind: TraceKind, facts: () => Readonly<Record<string, unknown>>): void {
  if (open.size === 0) return;
  current.getStore()?.hear({ kind, facts: facts() });
}

/** The trace that the current work is run by, if any, also hears later work on a subject. */
export function traceFollow(subject: string): void {
  if (open.size > 0) current.getStore()?.follow(subject);
}

/** Runs work on a subject, such as a container's id: a trace that ran work on it before hears this, too. */
export function traceSubject<T>(subject: string, work: () => T): T {
  if (open.size === 0) return work();
  const trace = current.getStore();
  if (trace !== undefined && open.has(trace)) {
    trace.follow(subject);
    return work();
  }
  const follower = [...open].find((candidate) => candidate.follows(subject));
  return follower === undefined ? work() : follower.run(work);
}
