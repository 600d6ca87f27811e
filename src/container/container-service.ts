/**
 * The containers of one engine: their life cycle, their streams, what runs beside them.
 *
 * ```
 *            ┌────────── restart policy ◄──────────┐
 * create ─► created ─start─► running ─exit─► exited ┴─ remove ─► gone
 *                              │ ▲ pause/unpause
 *                              ▼ │
 *                             paused
 * ```
 *
 * Where a method takes `ref` it is a name, a full id or a unique id prefix. Errors all methods share:
 * `NotFound` (reason `container.not-found`, facts `{ ref }`); `InvalidArgument` (reason `container.ambiguous-id`, facts `{ ref }`).
 *
 * @module
 */
import type { Network } from '../network/index.ts';
import type { Readable } from 'node:stream';
import type { ResourceLimits } from '../oci/index.ts';
import type { Digest } from '../base/digest.ts';
import type { ImageRunConfig } from '../image/index.ts';
import type { LayerChange, PathStat } from '../store/index.ts';
import type { Container } from './container.ts';
import type { StatsSample } from './stats/stats-sampler.ts';
import type { ContainerSpec, RestartPolicy } from './container-spec.ts';

/** Which of a process's outputs. */
export type OutputStream = 'stdout' | 'stderr';

/** A piece of output, in order, bytes as the process wrote them. A tty's output is all `stdout`. */
export interface OutputChunk {
  readonly stream: OutputStream;
  readonly data: Buffer;
}

/** A piece of a log with the time at which the process wrote it. */
export interface LogChunk extends OutputChunk {
  readonly timeNs: bigint;
  /** The chunk begins a line of its stream. */
  readonly isLineStart: boolean;
  /** The chunk ends a line; `data` holds the line feed. */
  readonly isLineEnd: boolean;
}

/** What to read from a log. */
export interface LogOptions {
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Go on until the container stops. */
  readonly follow?: boolean;
  /** Only what was written at or after / before this time. */
  readonly sinceNs?: bigint;
  readonly untilNs?: bigint;
  /** The last so many lines; all when `undefined`. */
  readonly tail?: number;
  /** A chunk may hold many lines with the time of the first: much faster when no times are wanted. */
  readonly mayJoinLines?: boolean;
  readonly signal?: AbortSignal;
}

/** What to join of a running (or about to run) process. */
export interface AttachOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** First what was written since the start, then what comes. */
  readonly logs?: boolean;
  /** Go on with what comes; without it only `logs`. */
  readonly stream?: boolean;
  /** Key sequence that ends the session, `ctrl-p,ctrl-q` when `undefined`, none when empty. Only looked for on a tty's stdin. */
  readonly detachKeys?: string;
  readonly signal?: AbortSignal;
}

/**
 * A client's hold on a process's streams. The process never waits for it: output is read from the log, so a slow
 * session falls behind and loses nothing, and one that vanishes is noticed by nobody.
 */
export interface StreamSession extends AsyncDisposable {
  readonly tty: boolean;
  /** Ends when the process has ended and all is delivered, or when the session is closed or detached. */
  readonly output: AsyncIterable<OutputChunk>;
  /**
   * Sends input; resolves when it is handed on (back-pressure). Detach keys end the session instead.
   * Input for a process that has gone is dropped.
   */
  write(data: Buffer): Promise<void>;
  /** End of input. Closes the process's stdin where {@linkcode ContainerSpec.stdinOnce} says so. */
  end(): void;
  /** How the session ended; resolves, never rejects. */
  readonly ended: Promise<'exited' | 'detached' | 'closed'>;
  /** Leaves; the process goes on. Idempotent. */
  close(): void;
}

/** What to run beside a container's own process. */
export interface ExecSpec {
  readonly argv: readonly string[];
  readonly tty: boolean;
  readonly attachStdin: boolean;
  readonly attachStdout: boolean;
  readonly attachStderr: boolean;
  readonly env: readonly string[];
  /** Empty: the container's. */
  readonly user: string;
  /** Empty: the container's. */
  readonly workingDir: string;
  readonly isPrivileged: boolean;
  readonly detachKeys: string | undefined;
  readonly consoleSize: { readonly height: number; readonly width: number } | undefined;
}

/** An exec as the engine knows it. Execs are not kept across engine restarts. */
export interface Exec {
  readonly id: string;
  readonly containerId: string;
  readonly spec: ExecSpec;
  readonly isRunning: boolean;
  /** `undefined` until it ended. */
  readonly exitCode: number | undefined;
  /** Host pid, 0 before the start. */
  readonly pid: number;
}

/** When a wait ends. `next-exit` begins now; `not-running` may be true already. */
export type WaitCondition = 'not-running' | 'next-exit' | 'removed';

/** How a wait ended. */
export interface WaitResult {
  readonly exitCode: number;
  /** Why the exit code is not the process's own; empty otherwise. */
  readonly error: string;
}

/** Which containers a listing or prune is about; conditions of one kind are alternatives, kinds must all hold. */
export interface ContainerFilter {
  readonly ids?: readonly string[];
  /** Regular expressions in the syntax of Go, matched anywhere in a name; see {@linkcode GoRegExp}. */
  readonly names?: readonly string[];
  readonly statuses?: readonly string[];
  /** `key` or `key=value`; all must match. */
  readonly labels?: readonly string[];
  readonly notLabels?: readonly string[];
  /** Image references or ids, descendants included. */
  readonly ancestors?: readonly string[];
  readonly before?: string;
  readonly since?: string;
  readonly exitCodes?: readonly number[];
  /** RFC 3339: created before this time (prune). */
  readonly until?: string;
}

/** `ps` output of a container's processes. */
export interface ProcessList {
  readonly titles: readonly string[];
  readonly processes: readonly (readonly string[])[];
}

/** What a prune took away. */
export interface ContainerPruneResult {
  readonly ids: readonly string[];
  readonly reclaimedBytes: number;
}

/** What a path in a container leads to. */
export type { LayerChange, PathStat } from '../store/index.ts';

/** How files are copied into a container. */
export interface CopyIntoOptions {
  /** Give everything to the container's user, if it has one, instead of the archive's owners. */
  readonly toUser?: boolean;
  /** Fail where a directory would take the place of something else, or the other way round. */
  readonly keepTypes?: boolean;
  readonly signal?: AbortSignal;
}

/** How a container becomes an image. */
export interface CommitOptions {
  /** `repo[:tag]`; untagged when `undefined`. */
  readonly reference?: string;
  readonly author?: string;
  readonly message?: string;
  /** Dockerfile instructions as `ImportOptions.changes` takes them. */
  readonly changes?: readonly string[];
  /** In place of the container's own config, which fills what this leaves open. */
  readonly config?: Partial<ImageRunConfig>;
  /** Freeze a running container while its layer is read. @default {true} */
  readonly pause?: boolean;
}

/** Something that happened to a container or exec; Docker's event actions. */
export interface ContainerEvent {
  /** `create`, `start`, `die`, `exec_create: sh`, …. */
  readonly action: string;
  /** `undefined` for what concerns none in particular: `prune`. */
  readonly container: Container | undefined;
  /** Set where the event is the network's: the container has joined or left it. */
  readonly network?: Network;
  /** Beyond image, name and labels, e.g. `{ exitCode: '0' }`. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** What an update changes; what is not named stays. */
export interface ContainerUpdate {
  /** A limit of 0 takes it away, where the kernel can. */
  readonly resources?: Partial<ResourceLimits>;
  readonly restartPolicy?: RestartPolicy;
}

/** Where a container's files lie on the host. Lists are topmost first. */
export interface ContainerDirectories {
  /** What it wrote. */
  readonly upper: string;
  /** Its image's layers. */
  readonly lower: readonly string[];
  /** Overlayfs's own. */
  readonly work: string;
  /** All of it together, while it is mounted. */
  readonly merged: string;
  /** Its network namespace; `undefined` where it has none now. */
  readonly netns: string | undefined;
}

/** The containers of one engine. Reads answer from memory; mutations of one container are serialised. */
export interface ContainerService extends AsyncDisposable {
  /**
   * @param name Chosen for the caller when `undefined`.
   * @throws {PierError} `NotFound` for the image (reason `image.not-found`); `Conflict` (reason `container.name-taken`, facts `{ name, holder }`);
   * `InvalidArgument` with reasons `container.bad-name` (facts `{ name }`), `container.no-command`, `container.bad-capability` (facts `{ capability }`), … .
   */
  create(spec: ContainerSpec, name?: string): Promise<{ readonly id: string; readonly warnings: readonly string[] }>;
  get(ref: string): Container;
  /** Newest first. */
  list(filter?: ContainerFilter): readonly Container[];
  /** Bytes in the writable layer (`rw`) and with the image (`rootfs`). */
  size(ref: string): Promise<{ readonly rwBytes: number; readonly rootfsBytes: number }>;
  /** `undefined` for one that is half removed. */
  directories(ref: string): ContainerDirectories | undefined;

  /** @throws {PierError} `NotModified` if it runs; `Conflict` if it is being removed; reasons `container.command-not-found`, `container.command-not-executable` (facts `{ command, detail }`), `container.start-failed` (facts `{ detail }`). */
  start(ref: string): Promise<void>;
  /** @param timeoutSec Until SIGKILL; -1 for never; the container's own when `undefined`. @throws {PierError} `NotModified` if it does not run. */
  stop(ref: string, options?: { readonly timeoutSec?: number; readonly signal?: string }): Promise<void>;
  restart(ref: string, options?: { readonly timeoutSec?: number; readonly signal?: string }): Promise<void>;
  /** @param signal Name with or without SIG, or number; KILL when `undefined`. @throws {PierError} `Conflict`, reason `container.not-running` (facts `{ id }`); `InvalidArgument`, reason `container.bad-signal` (facts `{ signal }`). */
  kill(ref: string, signal?: string): Promise<void>;
  /** @throws {PierError} `Conflict`, reasons `container.not-running`, `container.already-paused` (facts `{ id }`). */
  pause(ref: string): Promise<void>;
  /** @throws {PierError} `Conflict`, reason `container.not-paused` (facts `{ id }`). */
  unpause(ref: string): Promise<void>;
  rename(ref: string, newName: string): Promise<void>;
  /**
   * Changes limits, at once if the container runs, and its restart policy.
   *
   * @throws {PierError} `Conflict`, reason `container.update-removing` (facts `{ id }`); `InvalidArgument`, reason
   * `container.update-auto-remove` (facts `{ id }`); `Internal`, reason `runtime.failed`, if the kernel refuses a limit.
   */
  update(ref: string, change: ContainerUpdate): Promise<void>;
  /** What it uses: now, then each second until it is removed or the signal says so. While it does not run, samples are empty. */
  stats(ref: string, options?: { readonly signal?: AbortSignal }): AsyncIterable<StatsSample>;
  /** @throws {PierError} `Conflict`, reason `container.running` (facts `{ id, status }`) without `force`; reason `container.removal-in-progress`. */
  remove(ref: string, options?: { readonly force?: boolean; readonly removeVolumes?: boolean }): Promise<void>;
  prune(filter?: ContainerFilter): Promise<ContainerPruneResult>;
  /** @throws {PierError} `NotFound` at once for `ref`. */
  wait(ref: string, condition: WaitCondition, signal?: AbortSignal): Promise<WaitResult>;

  /** Joins the streams. A session on a created container begins with its start. @throws {PierError} `Conflict`, reasons `container.not-running`, `container.paused`, `container.restarting`, `container.monitor-lost`. */
  attach(ref: string, options: AttachOptions): Promise<StreamSession>;
  /** @throws {PierError} `Conflict`, reason `container.not-running`. */
  resize(ref: string, size: { readonly height: number; readonly width: number }): Promise<void>;
  /** @throws {PierError} `NotImplemented`, reason `log.not-readable`, if its log driver keeps nothing. */
  logs(ref: string, options: LogOptions): AsyncIterable<LogChunk>;
  /** Labels and variables that the container's log options choose to go with each line. */
  logAttributes(ref: string): Readonly<Record<string, string>>;
  /** @throws {PierError} `Conflict`, reason `container.not-running`. */
  top(ref: string, psArguments: string): Promise<ProcessList>;
  /** The merged root file system as a tar stream. */
  export(ref: string): Promise<NodeJS.ReadableStream>;

  /** What its layer changes of its image: sorted by path, a directory before what it holds. */
  changes(ref: string): Promise<readonly LayerChange[]>;
  /**
   * Makes an image of the container's image and its layer.
   *
   * @returns The image's id.
   * @throws {PierError} `Conflict`, reason `container.commit-unfit` (facts `{ id, status }`); `NotFound`, reason `image.not-found`, if its image is gone;
   * `InvalidArgument`, reasons `image.bad-reference`, `image.bad-change` (see `ImageService.import`).
   */
  commit(ref: string, options?: CommitOptions): Promise<Digest>;

  /**
   * Looks up a file: of a container that runs, what its process sees; else its layer and its binds. Links in the last place are
   * not followed, unless the path ends in `/` or `/.`.
   *
   * @throws {PierError} `NotFound`, reason `files.not-found`, facts `{ path }`; `InvalidArgument`, reasons `files.unreachable` (facts `{ path, problem }`), `files.endless-link` (facts `{ path }`).
   */
  statPath(ref: string, path: string): Promise<PathStat>;
  /** A file, or a directory with all in it, as a tar stream that must be read or destroyed. @throws {PierError} As {@linkcode ContainerService.statPath}. */
  copyFrom(ref: string, path: string): Promise<{ readonly stat: PathStat; readonly tar: Readable }>;
  /**
   * Unpacks a tar, plain or compressed by gzip or zstd, into a directory. What is there and has the name of an entry is
   * replaced; what was unpacked before a failure stays.
   *
   * @throws {PierError} As {@linkcode ContainerService.statPath}; `InvalidArgument`, reasons `files.not-a-directory`, `files.read-only-root`,
   * `files.read-only-volume`, `archive.malformed`, `tree.invalid-name`, `tree.invalid-link` (facts `{ name }`), `tree.other-type` (facts `{ name, isDirectory }`);
   * `files.write-failed` (facts `{ errno }`).
   */
  copyInto(ref: string, path: string, tar: AsyncIterable<Uint8Array>, options?: CopyIntoOptions): Promise<void>;

  createExec(ref: string, spec: ExecSpec): Promise<string>;
  /** Runs an exec with its streams attached as its spec says. @throws {PierError} `NotFound` (reason `exec.not-found`, facts `{ id }`), `Conflict` (reasons `exec.already-run`, `container.not-running`, `container.paused`); failures to run: reasons `exec.command-not-found`, `exec.command-not-executable`, `exec.failed` (facts `{ command, detail }`). */
  startExec(
    id: string,
    options?: {
      readonly detach?: boolean;
      readonly consoleSize?: { readonly height: number; readonly width: number };
      readonly signal?: AbortSignal;
      /** Called once the runtime is at work: what the command says comes later. */
      readonly onSpawned?: () => void;
    },
  ): Promise<StreamSession | undefined>;
  getExec(id: string): Exec;
  resizeExec(id: string, size: { readonly height: number; readonly width: number }): Promise<void>;
}
