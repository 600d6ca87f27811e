import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPierError } from '../base/errors.ts';
import { failpoint } from '../base/failpoint.ts';
import { newId } from '../base/ids.ts';
import { timestamp } from '../base/timestamp.ts';
import { PROBE_PROCESS_FILE, endLeftoverProbe, startProbe } from '../oci/index.ts';
import { describeExec } from './describe-exec.ts';
import { execFailure } from './exec-failure.ts';
import { healthAfter, probeDelayMs } from './health.ts';
import { probeArguments, probePlan } from './healthcheck.ts';
import { cgroupOf } from './container-cgroup.ts';
import type { Probe, ProbeOutcome } from '../oci/index.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';
import type { ProbeFailure, ProbeResult } from './health.ts';
import type { ProbePlan } from './healthcheck.ts';

const DIR_PREFIX = 'health-';
const ID_DIGITS = 64;
/** What a timer can hold, 24 days: a longer one would fire at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** What Docker gives as the exit code of a probe that it killed. */
const EXIT_CODE_OF_KILLED = 127;

/** Probes the containers that have a health check, each while it runs and is not paused. */
export class HealthProbers implements Disposable {
  readonly #context: ContainerContext;
  readonly #probers = new Map<string, HealthProber>();
  #isOpen = false;

  constructor(context: ContainerContext) {
    this.#context = context;
  }

  /** Probing begins once recovery has swept what the probes of an earlier engine left. */
  open(): void {
    this.#isOpen = true;
  }

  /** Begins probing a running container, if it has a health check. One that is probed already goes on as it does. */
  watch(id: string): void {
    const container = this.#context.index.byId(id);
    if (!this.#isOpen || container?.state.status !== 'running' || this.#probers.has(id)) return;
    const argv = probeArguments(container);
    if (argv === undefined || container.healthcheck === undefined || container.state.health === undefined) return;
    this.#probers.set(id, new HealthProber(this.#context, container, argv, probePlan(container.healthcheck)));
  }

  /** Ends probing; a probe that runs is killed, and its result does not count. */
  unwatch(id: string): void {
    this.#probers.get(id)?.[Symbol.dispose]();
    this.#probers.delete(id);
  }

  [Symbol.dispose](): void {
    for (const id of this.#probers.keys()) this.unwatch(id);
  }
}

/** Kills the probes that an engine left when it died: their results would reach nobody, and a stuck one would stay for ever. */
export function endLeftoverProbes(context: ContainerContext): void {
  const { host, paths } = context;
  for (const name of readdirSync(paths.execsDir).filter((entry) => entry.startsWith(DIR_PREFIX))) {
    const id = name.slice(DIR_PREFIX.length, DIR_PREFIX.length + ID_DIGITS);
    const container = context.index.byId(id);
    const cgroup = container === undefined ? `${host.cgroupParent}/${id}` : cgroupOf(host, container);
    endLeftoverProbe(join(paths.execsDir, name), (pid) => host.cgroups.processes(cgroup).includes(pid));
  }
}

class HealthProber implements Disposable {
  readonly #context: ContainerContext;
  readonly #container: Container;
  readonly #argv: readonly string[];
  readonly #plan: ProbePlan;
  readonly #dir: string;
  readonly #startedMs: number;
  #isDescribed = false;
  #isOver = false;
  #timer: NodeJS.Timeout | undefined;
  #probe: Probe | undefined;

  constructor(context: ContainerContext, container: Container, argv: readonly string[], plan: ProbePlan) {
    this.#context = context;
    this.#container = container;
    this.#argv = argv;
    this.#plan = plan;
    // Its own: a probe of an earlier prober of the container may be dying still.
    this.#dir = join(context.paths.execsDir, `${DIR_PREFIX}${container.id}-${newId().slice(0, 8)}`);
    this.#startedMs = Date.parse(container.state.startedAt ?? '');
    this.#scheduleNext();
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#probe?.kill();
    // One that runs still finds its directory gone, and that nobody asks.
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #scheduleNext(): void {
    const health = this.#context.index.byId(this.#container.id)?.state.health;
    if (this.#isOver || health === undefined) return;
    const delayMs = Math.min(probeDelayMs(health, this.#plan, Date.now() - this.#startedMs), LONGEST_TIMER_MS);
    this.#timer = setTimeout(() => void this.#run(), delayMs).unref();
  }

  /** Never rejects: whatever goes wrong is a failed probe. */
  async #run(): Promise<void> {
    const startedAt = timestamp();
    const sinceStartMs = Date.now() - this.#startedMs;
    const result = await this.#look().catch((error: unknown) => failed(execFailureOf(error, this.#argv)));
    if (this.#isOver) return;
    try {
      this.#record({ ...result, startedAt, endedAt: timestamp() }, sinceStartMs);
    } catch (error) {
      // A full disk, perhaps: the next change of status tries again.
      this.#context.logger.error('a change of health could not be recorded', { container: this.#container.id, error });
    }
    this.#scheduleNext();
  }

  async #look(): Promise<Finding> {
    const { id } = this.#container;
    const runtime = this.#context.host.runtimes.get(this.#container.runtime);
    if (runtime === undefined) throw new Error(`runtime "${this.#container.runtime}" is not installed`);
    const execID = newId();
    const [command = '', ...words] = this.#argv;
    const line = `${command} ${words.join(' ')}`;
    this.#emit(`exec_create: ${line}`, { execID });
    this.#emit(`exec_start: ${line}`, { execID });
    this.#describeOnce();
    this.#probe = startProbe(runtime, { containerId: id, dir: this.#dir, timeoutMs: this.#plan.timeoutMs });
    const outcome = await this.#probe.outcome;
    this.#probe = undefined;
    if (outcome.startError === undefined) {
      const exitCode = outcome.isTimedOut ? EXIT_CODE_OF_KILLED : outcome.exitCode;
      this.#emit('exec_die', { execID, exitCode: String(exitCode) });
    }
    return findingOf(outcome, this.#argv, this.#plan);
  }

  /** Every probe of a run is the same process: it is described once. */
  #describeOnce(): void {
    if (this.#isDescribed) return;
    mkdirSync(this.#dir, { recursive: true, mode: 0o700 });
    const process = describeExec(this.#context, this.#container, {
      argv: this.#argv,
      tty: false,
      attachStdin: false,
      attachStdout: true,
      attachStderr: true,
      env: [],
      user: '',
      workingDir: '',
      isPrivileged: false,
      detachKeys: undefined,
      consoleSize: undefined,
    });
    writeFileSync(join(this.#dir, PROBE_PROCESS_FILE), JSON.stringify(process), { mode: 0o600 });
    this.#isDescribed = true;
  }

  #record(result: ProbeResult, sinceStartMs: number): void {
    const { index } = this.#context;
    const { id } = this.#container;
    const before = index.byId(id)?.state.health;
    if (before === undefined) return;
    const health = healthAfter(before, result, this.#plan, sinceStartMs);
    // A change of status is written down; each result would be a write a second.
    if (health.status === before.status) {
      index.noteHealth(id, health);
      return;
    }
    index.updateState(id, { health });
    failpoint('container.health.recorded');
    this.#emit(`health_status: ${health.status}`, {});
  }

  #emit(action: string, attributes: Readonly<Record<string, string>>): void {
    const container = this.#context.index.byId(this.#container.id);
    if (container !== undefined) this.#context.emit({ action, container, attributes });
  }
}

type Finding = Pick<ProbeResult, 'exitCode' | 'output' | 'failure'>;

function findingOf(outcome: ProbeOutcome, argv: readonly string[], { timeoutMs }: ProbePlan): Finding {
  const { startError, isTimedOut } = outcome;
  const command = argv[0] ?? '';
  if (startError !== undefined) return failed({ reason: execFailure(startError).reason, detail: startError, command });
  const output = `${outcome.output.toString('utf8')}${outcome.isOutputCut ? '...' : ''}`;
  if (isTimedOut) return { ...failed({ reason: 'timed-out', detail: String(timeoutMs), command }), output };
  return { exitCode: outcome.exitCode, output, failure: undefined };
}

function failed(failure: ProbeFailure): Finding {
  return { exitCode: -1, output: '', failure };
}

function execFailureOf(error: unknown, argv: readonly string[]): ProbeFailure {
  const detail = findPierError(error)?.message ?? String(error);
  return { reason: 'exec.failed', detail, command: argv[0] ?? '' };
}
