import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { ContainerCreateRequest, HostConfig, LogConfig, Loose } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import type { FlagValues } from '../flag-values.ts';
import { readEnvironment, readLabels } from '../key-value-files.ts';
import { resourcesOf } from './resource-flags.ts';
import { restartPolicy } from './restart-flag.ts';
import { windowSize } from '../stream/follow-window-size.ts';
import { capabilityLists } from './capability-lists.ts';
import { healthConfig } from './health-flags.ts';
import { isErrno } from '../../base/errors.ts';
import { isolationOf } from './isolation-flags.ts';
import { FlagError } from '../parse-flags.ts';

/** Which streams `-a`, `-i` and `-d` ask for. */
export interface AttachChoice {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/**
 * Reads `-a` and `-i`: without `-a` both outputs, and the input if it is open.
 *
 * @throws {FlagError} If a stream's name is none.
 */
export function attachChoice(flags: FlagValues): AttachChoice {
  const names = flags.list('attach').map((name) => name.toLowerCase());
  for (const name of names) {
    if (['stdin', 'stdout', 'stderr'].includes(name)) continue;
    throw new FlagError(`invalid argument ${JSON.stringify(name)} for "-a, --attach" flag: valid streams are STDIN, STDOUT and STDERR`);
  }
  const all = names.length === 0;
  return {
    stdin: names.includes('stdin') || flags.bool('interactive'),
    stdout: all || names.includes('stdout'),
    stderr: all || names.includes('stderr'),
  };
}

/**
 * The container that the flags of `run` and `create` describe.
 *
 * @param attach None of them for a detached container.
 * @throws {CommandError} With exit code 125, if flags contradict each other or a file cannot be read.
 */
export async function createRequest(
  { flags, args, settings, host }: CommandContext,
  attach: AttachChoice,
): Promise<ContainerCreateRequest> {
  const [image = '', ...command] = args;
  const given = flags.list('env');
  const proxies = settings.config.proxyEnvironment(host, new Set(given.map((item) => item.split('=', 1)[0] ?? '')));
  const env = await readEnvironment(flags.list('env-file'), [...given, ...proxies]);
  const labels = await readLabels(flags.list('label-file'), flags.list('label'));
  const health = healthConfig(flags);
  const isOpen = flags.bool('interactive');
  const anonymous = flags.list('volume').filter((volume) => !volume.includes(':'));
  return {
    Image: image,
    ...(flags.has('hostname') && { Hostname: flags.string('hostname') }),
    ...(flags.has('domainname') && { Domainname: flags.string('domainname') }),
    ...(flags.has('user') && { User: flags.string('user') }),
    ...(flags.has('workdir') && { WorkingDir: flags.string('workdir') }),
    // An empty entrypoint is one that takes the image's away.
    ...(flags.has('entrypoint') && { Entrypoint: [flags.string('entrypoint')] }),
    ...(flags.has('stop-signal') && { StopSignal: flags.string('stop-signal') }),
    ...(flags.has('stop-timeout') && { StopTimeout: flags.int('stop-timeout') }),
    ...(anonymous.length > 0 && { Volumes: Object.fromEntries(anonymous.map((path) => [path, {}])) }),
    ...(health !== undefined && { Healthcheck: health }),
    AttachStdin: attach.stdin,
    AttachStdout: attach.stdout,
    AttachStderr: attach.stderr,
    Tty: flags.bool('tty'),
    OpenStdin: isOpen,
    StdinOnce: isOpen && attach.stdin,
    Env: env,
    Cmd: command.length > 0 ? command : null,
    Labels: labels,
    HostConfig: await hostConfig(flags),
  };
}

async function hostConfig(flags: FlagValues): Promise<Loose<HostConfig>> {
  const restart = restartPolicy(flags.string('restart'));
  if (flags.bool('rm') && restart.Name !== 'no' && restart.Name !== '') {
    throw usageError('conflicting options: cannot specify both --restart and --rm');
  }
  const binds = [...new Set(flags.list('volume').filter((volume) => volume.includes(':')))];
  const size = windowSize();
  return {
    AutoRemove: flags.bool('rm'),
    Binds: binds.map(absoluteBind),
    ...capabilityLists(flags.list('cap-add'), flags.list('cap-drop')),
    ...(flags.bool('tty') && size !== undefined && { ConsoleSize: [size.h, size.w] as const }),
    ...(flags.has('init') && { Init: flags.bool('init') }),
    LogConfig: logConfig(flags.string('log-driver'), flags.list('log-opt')),
    NetworkMode: flags.string('network') || flags.string('net') || 'default',
    Privileged: flags.bool('privileged'),
    ...isolationOf(flags),
    ...resourcesOf(flags),
    GroupAdd: flags.list('group-add'),
    ...(flags.has('sysctl') && { Sysctls: sysctlsOf(flags) }),
    ...(flags.has('annotation') && { Annotations: keyValues(flags.list('annotation')) }),
    ReadonlyRootfs: flags.bool('read-only'),
    RestartPolicy: restart,
    ...(flags.has('runtime') && { Runtime: flags.string('runtime') }),
    ...(await securityOptions(flags.list('security-opt'))),
    ShmSize: flags.int('shm-size'),
    Tmpfs: Object.fromEntries(flags.list('tmpfs').map(splitTmpfs)),
    ...(flags.has('cidfile') && { ContainerIDFile: flags.string('cidfile') }),
  };
}

function logConfig(driver: string, items: readonly string[]): LogConfig {
  if (driver === 'none' && items.length > 0) throw usageError('invalid logging opts for driver none');
  return { Type: driver, Config: keyValues(items) };
}

function keyValues(items: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    items.map((item) => {
      const split = item.indexOf('=');
      return split === -1 ? [item, ''] : [item.slice(0, split), item.slice(split + 1)];
    }),
  );
}

const IPC_SETTINGS: ReadonlySet<string> = new Set(
  'kernel.msgmax kernel.msgmnb kernel.msgmni kernel.sem kernel.shmall kernel.shmmax kernel.shmmni kernel.shm_rmid_forced'.split(' '),
);

function sysctlsOf(flags: FlagValues): Record<string, string> {
  for (const item of flags.list('sysctl')) {
    const name = item.split('=', 1)[0] ?? '';
    const isAllowed = IPC_SETTINGS.has(name) || name.startsWith('net.') || name.startsWith('fs.mqueue.');
    if (!isAllowed || !item.includes('=')) {
      throw new FlagError(`invalid argument ${JSON.stringify(item)} for "--sysctl" flag: sysctl '${item}' is not allowed`);
    }
  }
  return keyValues(flags.list('sysctl'));
}

/** Docker's daemon takes absolute paths only: what begins with a dot is ours to resolve. */
function absoluteBind(bind: string): string {
  if (!bind.startsWith('.')) return bind;
  const [source = '', ...rest] = bind.split(':');
  return [resolve(source), ...rest].join(':');
}

function splitTmpfs(item: string): [string, string] {
  const split = item.indexOf(':');
  return split === -1 ? [item, ''] : [item.slice(0, split), item.slice(split + 1)];
}

/** A seccomp profile's file is read here, since the daemon may not see it; system paths are two lists of their own. */
async function securityOptions(
  options: readonly string[],
): Promise<Pick<Loose<HostConfig>, 'SecurityOpt' | 'MaskedPaths' | 'ReadonlyPaths'>> {
  const passed: string[] = [];
  let isUnmasked = false;
  for (const option of options) {
    const match = /^([^=:]+)[=:](.*)$/s.exec(option);
    if (match === null && option !== 'no-new-privileges') throw usageError(`Invalid --security-opt: ${JSON.stringify(option)}`);
    const [, key, value = ''] = match ?? [];
    if (key === 'systempaths' && value === 'unconfined') isUnmasked = true;
    else if (key === 'seccomp' && value !== 'unconfined' && value !== 'builtin') passed.push(`seccomp=${await readProfile(value)}`);
    else passed.push(option);
  }
  // Docker's client tells none from no list.
  return { ...((passed.length > 0 || isUnmasked) && { SecurityOpt: passed }), ...(isUnmasked && { MaskedPaths: [], ReadonlyPaths: [] }) };
}

async function readProfile(path: string): Promise<string> {
  try {
    return JSON.stringify(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    const reason =
      error instanceof SyntaxError ? `compacting json for seccomp profile (${path}) failed` : `opening seccomp profile (${path}) failed`;
    throw new CommandError(`${reason}: ${isErrno(error, 'ENOENT') ? `open ${path}: no such file or directory` : String(error)}`, 125, {
      hint: true,
      cause: error,
    });
  }
}

function usageError(message: string): CommandError {
  return new CommandError(message, 125, { hint: true });
}
