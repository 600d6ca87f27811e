import { PierError } from '../../base/errors.ts';
import { ZERO_TIME } from '../../base/timestamp.ts';
import type { ContainerConfig, ContainerInspect, ContainerState } from '../../wire/index.ts';
import type { Backend, Container, ContainerDirectories } from '../backend.ts';
import { messageOf } from '../errors.ts';
import { inKeyOrder } from '../key-order.ts';
import { sendJson } from '../respond.ts';
import type { HostFacts, HttpExchange } from '../route.ts';
import { toHealth, toHealthConfig } from './health.ts';
import { inDockersOrder } from './host-config-order.ts';
import { toHostConfig } from './host-config.ts';
import { toMountPoints } from './mount-points.ts';
import { toNetworkSettings } from './network-settings.ts';

/** `GET /containers/{id}/json`. */
export async function inspectContainer({ backend, host, request, response }: HttpExchange): Promise<void> {
  const container = backend.containers.get(request.param('id'));
  const size = request.flag('size') ? await backend.containers.size(container.id) : undefined;
  sendJson(response, 200, toContainerInspect(container, host, backend, size));
}

/** A container as inspect shows it. */
export function toContainerInspect(
  container: Container,
  host: HostFacts,
  { containers, networks }: Backend,
  size?: { readonly rwBytes: number; readonly rootfsBytes: number },
): ContainerInspect {
  // Docker writes these files, and thus knows of them, when a container starts for the first time.
  const whenStarted = (path: string): string => (container.state.startedAt === undefined ? '' : path);
  const directories = containers.directories(container.id);
  const [path = '', ...args] = container.argv;
  return {
    Id: container.id,
    Created: container.createdAt,
    Path: path,
    Args: args,
    State: toState(container),
    Image: container.imageId,
    ResolvConfPath: whenStarted(container.resolvConfPath),
    HostnamePath: whenStarted(container.hostnamePath),
    HostsPath: whenStarted(container.hostsPath),
    // Other drivers' files are nobody else's business.
    LogPath: ['', 'json-file'].includes(container.spec.logConfig.driver) ? whenStarted(container.logPath) : '',
    Name: `/${container.name}`,
    RestartCount: container.state.restartCount,
    Driver: 'overlay2',
    Platform: 'linux',
    MountLabel: '',
    ProcessLabel: '',
    AppArmorProfile: container.spec.appArmorProfile,
    ExecIDs: container.execIds.length === 0 ? null : container.execIds,
    HostConfig: inDockersOrder(toHostConfig(container, host)),
    GraphDriver: { Data: directories === undefined ? {} : toDriverData(container.id, directories), Name: 'overlay2' },
    ...(size !== undefined && { SizeRw: size.rwBytes, SizeRootFs: size.rootfsBytes }),
    Mounts: toMountPoints(container.spec),
    Config: toConfig(container),
    NetworkSettings: toNetworkSettings(container, networks, directories?.netns),
  };
}

function toDriverData(id: string, { upper, lower, work, merged }: ContainerDirectories): Readonly<Record<string, string>> {
  return { ID: id, ...(lower.length > 0 && { LowerDir: lower.join(':') }), MergedDir: merged, UpperDir: upper, WorkDir: work };
}

function toState({ state, argv }: Container): ContainerState {
  const { status } = state;
  return {
    Status: status,
    // Docker counts paused and restarting containers as running.
    Running: status === 'running' || status === 'paused' || status === 'restarting',
    Paused: status === 'paused',
    Restarting: status === 'restarting',
    OOMKilled: state.isOomKilled,
    Dead: status === 'dead',
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: startErrorText(state, argv[0] ?? ''),
    StartedAt: state.startedAt ?? ZERO_TIME,
    FinishedAt: state.finishedAt ?? ZERO_TIME,
    ...(state.health !== undefined && { Health: toHealth(state.health) }),
  };
}

// The engine keeps its own words; which of Docker's they are follows from the exit code that it gave.
function startErrorText({ error, exitCode, failure }: Container['state'], command: string): string {
  if (error === '') return '';
  if (failure?.text === error) return messageOf(new PierError('Internal', error, failure));
  const detail = error.replace(/^Cannot start container "[^"]*": /, '');
  const reason = REASON_BY_EXIT_CODE[exitCode] ?? (detail === error ? undefined : 'container.start-failed');
  if (reason === undefined) return error;
  return messageOf(new PierError('Internal', error, { reason, facts: { command, detail } }));
}

const REASON_BY_EXIT_CODE: Readonly<Record<number, string>> = {
  126: 'container.command-not-executable',
  127: 'container.command-not-found',
};

function toConfig(container: Container): ContainerConfig {
  const { spec, argv, entrypointLength } = container;
  const entrypoint = argv.slice(0, entrypointLength);
  const command = argv.slice(entrypointLength);
  return {
    Hostname: container.hostname,
    Domainname: spec.domainname,
    User: container.user,
    AttachStdin: spec.attachStdin,
    AttachStdout: spec.attachStdout,
    AttachStderr: spec.attachStderr,
    Tty: spec.tty,
    OpenStdin: spec.openStdin,
    StdinOnce: spec.stdinOnce,
    Env: container.env.length === 0 ? null : container.env,
    Cmd: command.length === 0 ? null : command,
    ...(container.healthcheck !== undefined && { Healthcheck: toHealthConfig(container.healthcheck) }),
    Image: spec.image,
    Volumes: null,
    WorkingDir: container.workingDir,
    Entrypoint: entrypoint.length === 0 ? null : entrypoint,
    OnBuild: null,
    Labels: inKeyOrder(container.labels),
    ...(spec.stopSignal === '' ? {} : { StopSignal: spec.stopSignal }),
    ...(spec.stopTimeoutSec === undefined ? {} : { StopTimeout: spec.stopTimeoutSec }),
    ...(container.shell.length > 0 && { Shell: container.shell }),
  };
}
