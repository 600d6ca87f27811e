/**
 * The one place where an error becomes a status and Docker's words.
 *
 * @module
 */
import { PierError, findPierError } from '../base/errors.ts';
import type { ErrorCode, ErrorFacts } from '../base/errors.ts';
import { badLogOption, logUnreachable } from './log-option-errors.ts';
import { CREATE_FAILED, INIT_FAILED } from './runtime-phrases.ts';
import { SECCOMP_STATUS, SECCOMP_WORDING } from './seccomp-errors.ts';
import { shortId } from '../base/ids.ts';

/** Docker Engine API status for each code. A new code does not compile until it has one. */
const STATUS = {
  AlreadyExists: 409,
  Cancelled: 499,
  Conflict: 409,
  DataLoss: 500,
  Internal: 500,
  InvalidArgument: 400,
  NotFound: 404,
  NotImplemented: 501,
  NotModified: 304,
  PermissionDenied: 403,
  ResourceExhausted: 500,
  Unauthenticated: 401,
  Unavailable: 503,
} as const satisfies Record<ErrorCode, number>;

/** Where Docker's status differs from what the code says. */
const STATUS_BY_REASON: Readonly<Record<string, number>> = {
  'log.unreachable': 500,
  ...SECCOMP_STATUS,
  'image.ambiguous-id': 404,
  'image.bad-pattern': 500,
  'image.download-failed': 500,
  'container.not-paused': 500,
  'container.no-device-driver': 500,
  'cdi.unresolvable': 500,
  'cdi.count': 500,
  'cdi.options': 500,
  'cdi.no-host-device': 500,
  'container.cannot-join-pid': 500,
  'container.sysctl-not-allowed': 500,
  'container.no-such-user': 500,
  'container.no-such-group': 500,
  'exec.not-running': 500,
  'container.command-not-found': 400,
  'container.command-not-executable': 400,
  'exec.command-not-found': 400,
  'exec.command-not-executable': 400,
  'container.start-failed': 500,
  'archive.malformed': 500,
  'files.unreachable': 500,
  'files.endless-link': 500,
  'files.write-failed': 500,
  'tree.invalid-link': 500,
  'tree.invalid-name': 500,
  'tree.no-link-target': 404,
  'tree.not-a-directory': 500,
  'tree.other-type': 500,
  'container.ps-failed': 500,
  'container.ps-without-pid': 500,
  'container.ps-renames-pid': 500,
};

/** Reason of an error whose message is Docker's own text already. */
const VERBATIM = 'api.verbatim';

/** Reason of the one error that old clients read as plain text. */
export const TOO_OLD = 'api.version-too-old';

/** An error in Docker's words, for what this front finds out itself. */
export function dockerError(code: ErrorCode, text: string, cause?: unknown): PierError {
  return new PierError(code, text, { reason: VERBATIM, ...(cause === undefined ? {} : { cause }) });
}

/** The refusal of something that Docker has and pier has not. */
export function notSupported(subject: string): PierError {
  return dockerError('NotImplemented', `${subject} is not supported by pier yet`);
}

/** The HTTP status for any thrown value. */
export function statusOf(error: unknown): number {
  const known = findPierError(error);
  if (known === undefined) return 500;
  return (known.reason === undefined ? undefined : STATUS_BY_REASON[known.reason]) ?? STATUS[known.code];
}

/** The text for `{"message": …}` for any thrown value. */
export function messageOf(error: unknown): string {
  const known = findPierError(error);
  if (known === undefined) return error instanceof Error ? textWithCauses(error) : String(error);
  const wording = known.reason === undefined ? undefined : WORDING[known.reason];
  return wording?.(known.facts, known) ?? textWithCauses(known);
}

type Wording = (facts: ErrorFacts, error: PierError) => string | undefined;

const EXEC_FAILED = 'OCI runtime exec failed: exec failed: unable to start container process: ';

const WORDING: Readonly<Record<string, Wording>> = {
  [VERBATIM]: (_, error) => error.message,
  [TOO_OLD]: (_, error) => error.message,
  'api.bad-filters': () => 'invalid filter',
  'container.not-found': ({ ref }) => `No such container: ${ref}`,
  'container.ambiguous-id': ({ ref }) => `multiple IDs found with provided prefix: ${ref}`,
  'container.no-device-driver': ({ driver, capabilities }) =>
    `could not select device driver "${driver}" with capabilities: ${capabilities}`,
  'cdi.unresolvable': ({ names }) => `CDI device injection failed: unresolvable CDI devices ${names}`,
  'cdi.count': () => 'unexpected count in CDI device request',
  'cdi.options': () => 'unexpected options in CDI device request',
  'cdi.no-host-device': ({ path }) =>
    `CDI device injection failed: failed to inject devices: failed to stat CDI host device "${path}": no such file or directory`,
  'container.no-such-donor': ({ ref }) => `No such container: ${ref}`,
  'container.cannot-join-pid': (facts) => `failed to join PID namespace: ${joinProblem(facts)}`,
  'container.cannot-join-ipc': (facts) => `failed to join IPC namespace: ${joinProblem(facts)}`,
  'container.no-host-shm': () => '/dev/shm is not mounted, but must be for --ipc=host',
  'container.name-taken': ({ name, holder }) =>
    `Conflict. The container name "/${name}" is already in use by container "${holder}". You have to remove (or rename) that container to be able to reuse that name.`,
  'container.bad-name': ({ name }) => `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
  'container.no-command': () => 'no command specified',
  'container.bad-capability': ({ capability, list }) =>
    `invalid ${list === 'drop' ? 'CapDrop' : 'CapAdd'}: unknown capability: "${withCap(capability)}"`,
  'container.bad-signal': ({ signal }) => `invalid signal: ${signal}`,
  'container.no-such-signal': ({ signal }) => `the linux daemon does not support signal ${Number(signal)}`,
  'container.unknown-runtime': ({ runtime }) => `unknown or invalid runtime name: ${runtime}`,
  'container.not-running': ({ id }) => `container ${id} is not running`,
  'container.restarting': ({ id }) => `Container ${id} is restarting, wait until the container is running`,
  'container.already-paused': ({ id }) => `Container ${id} is already paused`,
  'container.not-paused': ({ id }) => `Container ${id} is not paused`,
  'container.running': ({ status }) => removalRefused(status),
  'container.commit-unfit': ({ id, status }) =>
    `You cannot commit container ${id} which is ${status === 'dead' ? 'Dead' : 'being removed'}`,
  'container.removal-in-progress': ({ ref, id }) => `removal of container ${ref ?? id} is already in progress`,
  'container.marked-for-removal': () => 'container is marked for removal and cannot be started',
  'container.command-not-found': ({ command }) => `${CREATE_FAILED}${INIT_FAILED}${notFound(command)}`,
  'container.command-not-executable': ({ command, detail }) => `${CREATE_FAILED}${INIT_FAILED}${notExecutable(command, detail)}`,
  'container.start-failed': ({ detail }) => (detail === undefined ? undefined : `${CREATE_FAILED}${detail}`),
  'container.no-such-user': ({ user }) => `unable to find user ${user}: no matching entries in passwd file`,
  'container.no-such-group': ({ group }) => `unable to find group ${group}: no matching entries in group file`,
  'container.bad-user-id': ({ maximum }) => `uids and gids must be in range 0-${maximum}`,
  'container.bad-working-dir': ({ path }) => `the working directory '${path}' is invalid, it needs to be an absolute path`,
  'container.memory-too-small': () => 'Minimum memory limit allowed is 6MB',
  'container.bad-restart-policy': () => "invalid restart policy: maximum retry count can only be used with 'on-failure'",
  'container.health-time-too-short': ({ field }) => `${field} in Healthcheck cannot be less than 1ms`,
  'container.health-retries-negative': () => 'Retries in Healthcheck cannot be negative',
  'container.bad-tmpfs-option': ({ option }) => `invalid tmpfs option "${option}"`,
  'container.auto-remove-and-restart': () => "can't create 'AutoRemove' container with restart policy",
  'container.same-name': () => 'Renaming a container with the same name as its current name',
  'container.no-bind-source': ({ path }) => `invalid mount config for type "bind": bind source path does not exist: ${path}`,
  'container.no-device': ({ path }) => `stat ${path}: no such file or directory`,
  'container.bad-device': ({ path, detail }) => `error gathering device information while adding custom device "${path}": ${detail}`,
  'container.sysctl-not-allowed': ({ name, namespace }) =>
    `${CREATE_FAILED}runc create failed: sysctl "${name}" ${sysctlProblem(namespace)}`,
  'container.update-removing': () => 'Container is marked for removal and cannot be "update".',
  'container.update-auto-remove': () => 'Restart policy cannot be updated because AutoRemove is enabled for the container',
  'container.start-paused': () => 'cannot start a paused container, try unpause instead',
  'container.bad-detach-keys': ({ keys }) => `Invalid detach keys (${keys}) provided`,
  'exec.bad-detach-keys': ({ keys }) => `Invalid escape keys (${keys}) provided`,
  'container.ps-failed': ({ detail = '' }) => (detail.startsWith('exit status') ? `ps: ${detail}` : detail),
  'container.ps-renames-pid': ({ key, title }) => `specifying "${key}=${title}" is not allowed`,
  'container.ps-without-pid': () => "Couldn't find PID field in ps output",
  'archive.malformed': badArchive,
  'files.endless-link': ({ path }) => `evalSymlinksInScope: too many links in ${path}`,
  'files.not-a-directory': () => 'extraction point is not a directory',
  'files.read-only-root': () => 'container rootfs is marked read-only',
  'files.read-only-volume': () => 'mounted volume is marked read-only',
  'files.unreachable': ({ path, problem }) =>
    `lstat ${path}: ${problem === 'too-many-links' ? 'too many levels of symbolic links' : 'not a directory'}`,
  'tree.invalid-link': ({ name }) => `invalid hardlink target ${JSON.stringify(name)}`,
  'tree.invalid-name': ({ name }) => `invalid entry name ${JSON.stringify(name)}`,
  'tree.not-a-directory': ({ name }) => `openat ${name}: not a directory`,
  'tree.other-type': ({ name, isDirectory }) =>
    isDirectory === 'true'
      ? `cannot overwrite directory ${JSON.stringify(name)} with non-directory`
      : `cannot overwrite non-directory ${JSON.stringify(name)} with directory`,
  'exec.not-found': ({ id }) => `No such exec instance: ${id}`,
  'exec.already-run': ({ id }) => `exec command ${id} has already run`,
  'exec.no-command': () => 'No exec command specified',
  'exec.not-running': () => 'cannot resize a stopped container',
  'exec.command-not-found': ({ command }) => `${EXEC_FAILED}${notFound(command)}`,
  'exec.command-not-executable': ({ command, detail }) => `${EXEC_FAILED}${notExecutable(command, detail)}`,
  'exec.failed': ({ detail }) => (detail === undefined ? undefined : `${EXEC_FAILED}${workingDirectoryProblem(detail) ?? detail}`),
  'image.not-found': ({ reference }) => `No such image: ${reference}`,
  'image.bad-reference': badReference,
  'image.ambiguous-id': ({ reference }) => `No such image: ${reference}`,
  'image.bad-archive': ({ detail }) => detail,
  'image.no-platform': ({ platform }) => `no image in the archive is for the platform ${platform}`,
  'image.download-failed': downloadFailed,
  'image.download-not-found': downloadFailed,
  'platform.bad': ({ detail }) => detail,
  'image.bad-pattern': () => 'syntax error in pattern',
  'image.has-children': ({ imageId }) =>
    `conflict: unable to delete ${shortId(imageId ?? '')} (cannot be forced) - image has dependent child images`,
  'image.reference-not-found': ({ reference }) => `No such image: ${reference}`,
  'image.digest-reference': () => 'refusing to create a tag with a digest reference',
  'image.ambiguous-name': () => 'refusing to create an ambiguous tag using digest algorithm as name',
  'image.prune-running': () => 'a prune operation is already running',
  'image.bad-change': badChange,
  'image.several-tags': ({ imageId }) =>
    `conflict: unable to delete ${shortId(imageId ?? '')} (must be forced) - image is referenced in multiple repositories`,
  'image.in-use': imageInUse,
  'log.unknown-driver': ({ driver }) => `error looking up logging plugin ${driver}: plugin "${driver}" not found`,
  'log.unknown-option': ({ driver, option }) =>
    driver === 'local' ? `unknown log opt '${option}' for log driver local` : `unknown log opt '${option}' for ${driver} log driver`,
  'log.bad-mode': ({ mode }) => `logger: logging mode not supported: ${mode}`,
  'log.buffer-without-mode': () => "logger: max-buffer-size option is only supported with 'mode=non-blocking'",
  'log.bad-option': badLogOption,
  'log.unreachable': logUnreachable,
  'log.tag-unsupported': ({ action }) => `the action {{${action}}} in a log tag is not supported by pier yet`,
  'log.not-readable': () => 'configured logging driver does not support reading',
  ...SECCOMP_WORDING,
  'network.not-found': ({ reference }) => `network ${reference} not found`,
};

function textWithCauses(error: Error): string {
  const cause = error.cause instanceof Error ? textWithCauses(error.cause) : '';
  // Errors that only add a code repeat the text of what they wrap.
  return cause === '' || error.message.includes(cause) ? error.message : `${error.message}: ${cause}`;
}

function withCap(capability: string | undefined): string {
  const upper = (capability ?? '').toUpperCase();
  return upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
}

function sysctlProblem(namespace: string | undefined): string {
  if (namespace === 'ipc') return 'is not allowed in the hosts ipc namespace';
  return namespace === 'network' ? 'not allowed in host network namespace' : 'is not in a separate kernel namespace';
}

function joinProblem({ id = '', state }: ErrorFacts): string {
  if (id === '') return 'invalid name or ID supplied: ""';
  switch (state) {
    case 'missing':
      return `No such container: ${id}`;
    case 'restarting':
      return `Container ${id} is restarting, wait until the container is running`;
    case 'not-shareable':
      return `container ${id}: non-shareable IPC (hint: use IpcMode:shareable for the donor container)`;
    case undefined:
    default:
      return `container ${id} is not running`;
  }
}

function removalRefused(status: string | undefined): string {
  if (status === 'paused') return 'container is paused and must be unpaused first';
  return `container is ${status}: stop the container before removing or force remove`;
}

// The CLI looks for these phrases to tell exit code 127 from 126.
function notFound(command: string | undefined): string {
  const reason = command?.includes('/') ? `stat ${command}: no such file or directory` : 'executable file not found in $PATH';
  return `exec: "${command}": ${reason}`;
}

function notExecutable(command: string | undefined, detail: string | undefined): string {
  const directory = /is a directory|operation not permitted/i.test(detail ?? '') ? 'is a directory: ' : '';
  return `exec: "${command}": ${directory}permission denied`;
}

function badChange({ instruction = '', problem, detail }: ErrorFacts): string {
  if (problem === 'not-allowed') return `${instruction} is not a valid change command`;
  if (detail !== 'it needs an argument') return `${instruction}: ${detail}`;
  const isSingle = ['STOPSIGNAL', 'USER', 'WORKDIR'].includes(instruction.toUpperCase());
  return `${instruction} requires ${isSingle ? 'exactly' : 'at least'} one argument`;
}

function badArchive({ state = '' }: ErrorFacts): string | undefined {
  if (state.startsWith('it ends')) return 'unexpected EOF';
  return state.startsWith('a header has') ? 'archive/tar: invalid tar header' : undefined;
}

function badReference({ detail, name, reference }: ErrorFacts): string {
  switch (detail) {
    case 'uppercase':
      return `invalid reference format: repository name (${name}) must be lowercase`;
    case 'too-long':
      return 'repository name must not be more than 255 characters';
    case 'identifier':
      return `invalid repository name (${reference}), cannot specify 64-byte hexadecimal strings`;
    case undefined:
    default:
      return 'invalid reference format';
  }
}

function downloadFailed({ url = '', problem, detail = '' }: ErrorFacts): string {
  if (problem === 'status') return `failed to GET ${url} with status ${detail}`;
  if (problem === 'redirects') return `Get "${url}": stopped after ${detail} redirects`;
  if (problem === 'scheme') return `Get "${url}": unsupported protocol scheme "${detail}"`;
  return `Get "${url}": ${detail}`;
}

function imageInUse({ reference = '', imageId = '', containerId = '', isRunning, by }: ErrorFacts): string {
  const image = shortId(imageId);
  if (by === 'id' && isRunning === 'true') {
    return `conflict: unable to delete ${image} (cannot be forced) - image is being used by running container ${shortId(containerId)}`;
  }
  if (by === 'id')
    return `conflict: unable to delete ${image} (must be forced) - image is being used by stopped container ${shortId(containerId)}`;
  return `conflict: unable to remove repository reference "${reference}" (must force) - container ${shortId(containerId)} is using its referenced image ${image}`;
}

/** What runc says of a working directory that cannot be entered, out of what crun says. */
function workingDirectoryProblem(detail: string): string | undefined {
  const [, path, problem] = /^chdir `(.*)`: (.*)$/s.exec(detail) ?? [];
  if (path === undefined || problem === undefined) return undefined;
  return `chdir to cwd (${JSON.stringify(path)}) set in config.json failed: ${problem.toLowerCase()}`;
}
