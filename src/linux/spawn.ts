/**
 * Starting processes without stopping the event loop.
 *
 * `child_process.spawn` blocks the main thread for 6 to 13 ms, growing with the process's memory; `posix_spawn` (a vfork
 * underneath) takes about 1 ms whatever the size. The start path of a container spawns twice, so it matters.
 *
 * @module
 */
import { SyscallError } from '../base/errors.ts';
import { traceStep } from '../base/trace.ts';
import { errnoName, libcFunction } from './libc.ts';
import { signalNameOf } from './signals.ts';

/** What to start. */
export interface SpawnOptions {
  /** Absolute path of the program. */
  readonly file: string;
  /** Arguments after the program's own name. */
  readonly args: readonly string[];
  /** The whole environment, `NAME=value`. Nothing is inherited. */
  readonly env: readonly string[];
  /** Descriptor in the child → descriptor here. 0, 1 and 2 are /dev/null where they are not named. */
  readonly fds?: Readonly<Record<number, number>>;
  /** A terminal's path: it is the child's 0, 1 and 2, and controls the session that the child leads. */
  readonly terminalPath?: string;
  /** It leads a session, and so a process group, of its own. */
  readonly leadsSession?: boolean;
  /** Where it starts; where this process is, if missing. */
  readonly cwd?: string;
}

/** How a process ended: exactly one of the two is set. */
export interface ExitStatus {
  readonly code: number | undefined;
  /** For example `SIGKILL`. */
  readonly signal: string | undefined;
}

/** A started child of this process. */
export interface SpawnedProcess {
  readonly pid: number;
  /** Never rejects. The event loop is kept alive until then, unless {@linkcode unref} was called. */
  readonly exited: Promise<ExitStatus>;
  /** Lets the event loop end before the process does. */
  unref(): void;
}

const posixSpawn = libcFunction<
  (pid: Int32Array, path: string, actions: Buffer, attributes: Buffer, argv: (string | null)[], env: (string | null)[]) => number
>('int posix_spawn(_Out_ int *pid, const char *path, void *actions, void *attributes, const char **argv, const char **envp)');
const actionsInit = libcFunction<(actions: Buffer) => number>('int posix_spawn_file_actions_init(void *actions)');
const actionsDestroy = libcFunction<(actions: Buffer) => number>('int posix_spawn_file_actions_destroy(void *actions)');
const actionsDup2 = libcFunction<(actions: Buffer, from: number, to: number) => number>(
  'int posix_spawn_file_actions_adddup2(void *actions, int from, int to)',
);
const actionsOpen = libcFunction<(actions: Buffer, fd: number, path: string, flags: number, mode: number) => number>(
  'int posix_spawn_file_actions_addopen(void *actions, int fd, const char *path, int flags, unsigned int mode)',
);
// Not POSIX yet, but in glibc since 2.29 and musl since 1.1.24.
const actionsChdir = libcFunction<(actions: Buffer, path: string) => number>(
  'int posix_spawn_file_actions_addchdir_np(void *actions, const char *path)',
);
const attributesInit = libcFunction<(attributes: Buffer) => number>('int posix_spawnattr_init(void *attributes)');
const attributesSetFlags = libcFunction<(attributes: Buffer, flags: number) => number>(
  'int posix_spawnattr_setflags(void *attributes, short flags)',
);
const attributesSetDefaults = libcFunction<(attributes: Buffer, set: Buffer) => number>(
  'int posix_spawnattr_setsigdefault(void *attributes, const void *set)',
);
const attributesSetMask = libcFunction<(attributes: Buffer, set: Buffer) => number>(
  'int posix_spawnattr_setsigmask(void *attributes, const void *set)',
);
const sigfillset = libcFunction<(set: Buffer) => number>('int sigfillset(void *set)');
const waitpid = libcFunction<(pid: number, status: Int32Array, options: number) => number>(
  'int waitpid(int pid, _Out_ int *status, int options)',
);

const closeRange = libcFunction<(number: number, first: number, last: number, flags: number) => number>(
  'long syscall(long number, unsigned int first, unsigned int last, unsigned int flags)',
);

/** Linux 5.9, the flag 5.11. */
const SYS_CLOSE_RANGE = 436;
const CLOSE_RANGE_CLOEXEC = 4;
/** Larger than glibc's and musl's own structures (80 and 336 bytes). */
const OPAQUE_BYTES = 512;
const SIGSET_BYTES = 128;
const POSIX_SPAWN_SETSIGDEF = 0x04;
const POSIX_SPAWN_SETSIGMASK = 0x08;
const POSIX_SPAWN_SETSID = 0x80;
const O_RDWR = 2;
const WNOHANG = 1;
/** Any long time: nothing is done when it is over. */
const KEEP_ALIVE_MS = 2 ** 30;
const ECHILD_STATUS: ExitStatus = { code: 255, signal: undefined };

const waiting = new Map<number, (status: ExitStatus) => void>();
/** Those for which the event loop is kept alive. */
const held = new Set<number>();
let isListening = false;
let keepAlive: NodeJS.Timeout | undefined;
const attributesByFlags = new Map<number, Buffer>();

/**
 * Starts a process. Signals are at their defaults and unblocked in it (Node ignores SIGPIPE, and an ignored signal
 * would stay ignored across exec). It has the descriptors of `fds` and no others.
 *
 * @throws {SyscallError} if it could not be started, for example `ENOENT`.
 */
export function spawnProcess(options: SpawnOptions): SpawnedProcess {
  prepareOnce();
  traceStep('spawn', () => ({ file: options.file, args: options.args }));
  const actions = Buffer.alloc(OPAQUE_BYTES);
  actionsInit(actions);
  const pid = new Int32Array(1);
  try {
    if (options.cwd !== undefined) actionsChdir(actions, options.cwd);
    addDescriptors(actions, options);
    const argv = [options.file, ...options.args, null];
    const errno = posixSpawn(pid, options.file, actions, spawnAttributes(options), argv, [...options.env, null]);
    if (errno !== 0) throw new SyscallError('posix_spawn', errnoName(errno), options.file);
  } finally {
    actionsDestroy(actions);
  }
  const child = pid[0] ?? -1;
  const exited = new Promise<ExitStatus>((resolve) => waiting.set(child, resolve));
  // A signal handler keeps no event loop alive: without this one, a process that waits for nothing else would end.
  held.add(child);
  keepAlive ??= setInterval(() => {}, KEEP_ALIVE_MS);
  // It may have ended before it was on the list.
  reap(child);
  return { pid: child, exited, unref: () => letGo(child) };
}

function letGo(pid: number): void {
  held.delete(pid);
  if (held.size > 0) return;
  clearInterval(keepAlive);
  keepAlive = undefined;
}

function addDescriptors(actions: Buffer, { fds = {}, terminalPath }: SpawnOptions): void {
  // Targets below a later source would overwrite it: sources here are always above 2 and targets small, which the callers keep.
  if (terminalPath !== undefined) {
    // The first terminal that the leader of a session opens is the one that controls it.
    actionsOpen(actions, 0, terminalPath, O_RDWR, 0);
    for (const target of [1, 2]) actionsDup2(actions, 0, target);
  }
  for (const standard of terminalPath === undefined ? [0, 1, 2] : []) {
    if (fds[standard] === undefined) actionsOpen(actions, standard, '/dev/null', O_RDWR, 0);
  }
  for (const [target, source] of Object.entries(fds)) actionsDup2(actions, source, Number(target));
}

function spawnAttributes({ terminalPath, leadsSession = terminalPath !== undefined }: SpawnOptions): Buffer {
  const flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | (leadsSession ? POSIX_SPAWN_SETSID : 0);
  const made = attributesByFlags.get(flags);
  if (made !== undefined) return made;
  const attributes = Buffer.alloc(OPAQUE_BYTES);
  attributesByFlags.set(flags, attributes);
  const all = Buffer.alloc(SIGSET_BYTES);
  const none = Buffer.alloc(SIGSET_BYTES);
  sigfillset(all);
  attributesInit(attributes);
  attributesSetDefaults(attributes, all);
  attributesSetMask(attributes, none);
  attributesSetFlags(attributes, flags);
  return attributes;
}

/**
 * Before the first spawn. Descriptors that whoever started this process left open are closed on exec from here on: ours
 * are anyway, and a container must have none of either.
 */
function prepareOnce(): void {
  if (isListening) return;
  isListening = true;
  closeRange(SYS_CLOSE_RANGE, 3, 0xffff_ffff, CLOSE_RANGE_CLOEXEC);
  process.on('SIGCHLD', () => {
    for (const pid of waiting.keys()) reap(pid);
  });
}

/** Asks for this one child only: `waitpid(-1)` would steal the exits that libuv waits for. */
function reap(pid: number): void {
  const status = new Int32Array(1);
  const result = waitpid(pid, status, WNOHANG);
  if (result === 0) return;
  const resolve = waiting.get(pid);
  waiting.delete(pid);
  letGo(pid);
  resolve?.(result === pid ? decodeStatus(status[0] ?? 0) : ECHILD_STATUS);
}

/** wait(2), "WIFEXITED" and "WIFSIGNALED". */
function decodeStatus(status: number): ExitStatus {
  const signal = status & 0x7f;
  if (signal === 0) return { code: (status >> 8) & 0xff, signal: undefined };
  return { code: undefined, signal: signalNameOf(signal) };
}
