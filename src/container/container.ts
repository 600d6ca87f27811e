import type { Digest } from '../base/digest.ts';
import type { ErrorFacts } from '../base/errors.ts';
import type { Healthcheck } from '../image/index.ts';
import type { Endpoint } from '../network/index.ts';
import type { ContainerSpec } from './container-spec.ts';
import type { Health } from './health.ts';

/** Where a container is in its life; Docker's words, which are the field's. */
export type ContainerStatus = 'created' | 'running' | 'paused' | 'restarting' | 'removing' | 'exited' | 'dead';

/** What is known of a container's process, past or present. Times are RFC 3339 with nanoseconds. */
export interface ContainerState {
  readonly status: ContainerStatus;
  /** Host pid of process 1; 0 when none runs. */
  readonly pid: number;
  /** When that process began, in clock ticks since boot: with the pid it names the process for good. */
  readonly pidStartTicks: number;
  /** Pid of its conmon; 0 when none runs. */
  readonly monitorPid: number;
  readonly monitorStartTicks: number;
  /** The monitor was killed: the process runs on, but its output, input and exit code are lost. */
  readonly isMonitorLost: boolean;
  readonly exitCode: number;
  readonly isOomKilled: boolean;
  /** Why the last start failed or the state is odd; empty when all is well. */
  readonly error: string;
  /** What `error` is made of, for fronts with words of their own; it counts while `text` is what `error` says. */
  readonly failure: { readonly text: string; readonly reason: string; readonly facts: ErrorFacts } | undefined;
  /** `undefined`: never. */
  readonly startedAt: string | undefined;
  readonly finishedAt: string | undefined;
  /** Starts made by the restart policy, or planned. */
  readonly restartCount: number;
  /** A person stopped it, so `unless-stopped` and `always` leave it alone until the engine (always) or a person starts it. */
  readonly isStoppedByUser: boolean;
  /** It is paused while its layer is read, and goes on afterwards. */
  readonly isPausedForCommit: boolean;
  /** `undefined` where nothing checks it. Results that change nothing are written down with the next change. */
  readonly health: Health | undefined;
}

/** A container as the engine knows it: an immutable value, replaced on every change. */
export interface Container {
  readonly id: string;
  /** Without Docker's leading slash. */
  readonly name: string;
  readonly createdAt: string;
  readonly imageId: Digest;
  readonly spec: ContainerSpec;
  /** What will run, image defaults applied: entrypoint then command. */
  readonly argv: readonly string[];
  /** How many leading elements of `argv` are the entrypoint. */
  readonly entrypointLength: number;
  /** Image defaults and spec merged, as the process gets it (before the engine's own PATH, HOSTNAME, TERM, HOME). */
  readonly env: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly user: string;
  readonly workingDir: string;
  /** A number or name, e.g. `SIGTERM`. */
  readonly stopSignal: string;
  /** Image's and spec's joined; `undefined` if neither has one. */
  readonly healthcheck: Healthcheck | undefined;
  /** Empty where neither image nor spec names one. */
  readonly shell: readonly string[];
  /** Name of the runtime in use: `crun`, `runc`. */
  readonly runtime: string;
  readonly state: ContainerState;
  /** Empty unless running on a bridge. */
  readonly endpoints: readonly Endpoint[];
  readonly hostname: string;
  /** Host path of the log (CRI format); empty until the first start. */
  readonly logPath: string;
  readonly hostnamePath: string;
  readonly hostsPath: string;
  readonly resolvConfPath: string;
  /** Exec ids that run now. */
  readonly execIds: readonly string[];
}

/** The state of a container that never ran. */
export const CREATED_STATE: ContainerState = {
  status: 'created',
  pid: 0,
  pidStartTicks: 0,
  monitorPid: 0,
  monitorStartTicks: 0,
  isMonitorLost: false,
  exitCode: 0,
  isOomKilled: false,
  error: '',
  failure: undefined,
  startedAt: undefined,
  finishedAt: undefined,
  restartCount: 0,
  isStoppedByUser: false,
  isPausedForCommit: false,
  health: undefined,
};
