import type { ContainerCreateRequest, HostConfig, Loose, NetworkingConfig } from '../../wire/index.ts';
import type { BindMount, ContainerSpec } from '../backend.ts';
import { consoleSizeOf } from '../console-size.ts';
import { dockerError, notSupported } from '../errors.ts';
import { checkFields } from '../field-kinds.ts';
import type { FieldKinds } from '../field-kinds.ts';
import type { HostFacts } from '../route.ts';
import { CREATE_KINDS, HOST_CONFIG_KINDS, checkItems } from './create-kinds.ts';
import { fromHealthConfig } from './health.ts';
import { cleanPath, translateBind } from './translate-binds.ts';
import { translateDevices } from './translate-devices.ts';
import { translateLogConfig } from './translate-log-config.ts';
import { translateNamespaces } from './translate-namespaces.ts';
import { refuseStorageOptions, translateSecurity } from './translate-security.ts';
import { translateLimits, translateRestartPolicy, translateUlimits } from './translate-limits.ts';
import { refuseUnsupportedConfig, refuseUnsupportedEndpoint, refuseUnsupportedHostConfig } from './unsupported-fields.ts';

const NETWORKING_KINDS: FieldKinds<NetworkingConfig> = { EndpointsConfig: 'object' };
const DEFAULT_SHM_BYTES = 64 * 1024 * 1024;

type Body = Readonly<Record<string, unknown>>;

/**
 * The body of `POST /containers/create` as a spec. Every field of Docker's is honoured, harmless, or refused by name.
 *
 * @param facts Of this machine.
 * @throws {PierError} `InvalidArgument` in Docker's words; `NotImplemented` for what pier has not.
 */
export function translateCreate(body: Body, facts: HostFacts): ContainerSpec {
  const config: ContainerCreateRequest = checkFields(body, CREATE_KINDS);
  const hostBody = (config.HostConfig ?? {}) as Body;
  const host: Loose<HostConfig> = checkFields(hostBody, HOST_CONFIG_KINDS, 'HostConfig');
  checkItems(hostBody);
  // A body with nothing but a host config is Docker's "no config".
  if (Object.keys(body).every((key) => key === 'HostConfig' || key === 'NetworkingConfig')) {
    throw dockerError('InvalidArgument', 'config cannot be empty in order to create a container');
  }
  const mounts = translateMounts(host);
  refuseUnsupportedConfig({ ...body, Volumes: volumesBeside(mounts, Object.keys(config.Volumes ?? {})) });
  refuseUnsupportedHostConfig(hostBody);
  refuseStorageOptions(host.StorageOpt ?? {});
  const networkMode = translateNetworkMode(host.NetworkMode ?? '');
  refuseOtherNetworks(config, host.NetworkMode ?? '');
  return {
    ...translateProcess(config),
    ...translateNamespaces(config, host),
    ...translateSecurity(host),
    ...mounts,
    image: config.Image ?? '',
    hostname: config.Hostname ?? '',
    domainname: config.Domainname ?? '',
    labels: config.Labels ?? {},
    stopSignal: config.StopSignal ?? '',
    stopTimeoutSec: config.StopTimeout ?? undefined,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an object; what is in it is checked there
    healthcheck: fromHealthConfig(config.Healthcheck as Body | undefined),
    shell: config.Shell ?? undefined,
    init: host.Init ?? false,
    autoRemove: host.AutoRemove ?? false,
    networkMode,
    restartPolicy: translateRestartPolicy(host),
    resources: translateLimits(host, facts),
    ulimits: translateUlimits(host),
    oomScoreAdj: host.OomScoreAdj ?? 0,
    cgroupParent: host.CgroupParent ?? '',
    ...translateDevices(host),
    groupAdd: host.GroupAdd ?? [],
    sysctls: host.Sysctls ?? {},
    annotations: host.Annotations ?? {},
    shmSizeBytes: translateShmSize(host.ShmSize ?? 0),
    runtime: host.Runtime ?? '',
    consoleSize: consoleSizeOf(host.ConsoleSize),
    logConfig: translateLogConfig(host.LogConfig ?? {}),
  };
}

type ProcessFields =
  | 'user'
  | 'tty'
  | 'openStdin'
  | 'stdinOnce'
  | 'attachStdin'
  | 'attachStdout'
  | 'attachStderr'
  | 'env'
  | 'entrypoint'
  | 'command'
  | 'workingDir';

function translateProcess(config: ContainerCreateRequest): Pick<ContainerSpec, ProcessFields> {
  const env = config.Env ?? [];
  for (const item of env) {
    if (item === '' || item.startsWith('=')) throw dockerError('InvalidArgument', `invalid environment variable: ${item}`);
  }
  const workingDir = config.WorkingDir ?? '';
  if (workingDir !== '' && !workingDir.startsWith('/')) {
    throw dockerError('InvalidArgument', `the working directory '${workingDir}' is invalid, it needs to be an absolute path`);
  }
  const entrypoint = listOf(config.Entrypoint);
  const command = listOf(config.Cmd);
  return {
    user: config.User ?? '',
    tty: config.Tty ?? false,
    openStdin: config.OpenStdin ?? false,
    stdinOnce: config.StdinOnce ?? false,
    attachStdin: config.AttachStdin ?? false,
    attachStdout: config.AttachStdout ?? false,
    attachStderr: config.AttachStderr ?? false,
    env,
    // One empty string takes the image's entrypoint away.
    entrypoint: entrypoint?.length === 1 && entrypoint[0] === '' ? [] : entrypoint,
    // No words is no command, so the image's.
    command: command?.length === 0 ? undefined : command,
    workingDir: workingDir === '' ? '' : cleanPath(workingDir),
  };
}

function listOf(value: readonly string[] | string | null | undefined): readonly string[] | undefined {
  return typeof value === 'string' ? [value] : (value ?? undefined);
}

function translateMounts(host: Loose<HostConfig>): Pick<ContainerSpec, 'binds' | 'tmpfs'> {
  const binds: BindMount[] = (host.Binds ?? []).map(translateBind);
  const tmpfs = Object.entries(host.Tmpfs ?? {});
  for (const [path] of tmpfs) {
    if (!path.startsWith('/')) throw dockerError('InvalidArgument', `invalid mount path: '${path}' mount path must be absolute`);
  }
  const seen = new Set<string>();
  for (const target of [...binds.map((bind) => bind.target), ...tmpfs.map(([path]) => cleanPath(path))]) {
    if (seen.has(target)) throw dockerError('InvalidArgument', `Duplicate mount point: ${target}`);
    seen.add(target);
  }
  return { binds, tmpfs: Object.fromEntries(tmpfs) };
}

/** Volumes that would be made: none is where something else is mounted. docker-py names the target of every bind as one. */
function volumesBeside({ binds, tmpfs }: Pick<ContainerSpec, 'binds' | 'tmpfs'>, volumes: readonly string[]): readonly string[] {
  const mounted = new Set([...binds.map(({ target }) => target), ...Object.keys(tmpfs).map(cleanPath)]);
  return volumes.filter((path) => !mounted.has(cleanPath(path)));
}

function translateNetworkMode(mode: string): ContainerSpec['networkMode'] {
  switch (mode) {
    case '':
    case 'default':
    case 'bridge':
      return 'bridge';
    case 'none':
    case 'host':
      return mode;
    default:
      if (mode.startsWith('container:')) throw notSupported(`HostConfig.NetworkMode ${JSON.stringify(mode)}`);
      // Not 404, which Docker's command line takes for a missing image and pulls.
      throw dockerError('InvalidArgument', `network ${mode} not found`);
  }
}

// The CLI repeats the network mode here; a second network or settings on the first are not there yet.
function refuseOtherNetworks(config: ContainerCreateRequest, mode: string): void {
  const isFirst = (name: string): boolean => name === mode || translateNetworkMode(name) === translateNetworkMode(mode);
  const networking = checkFields<Loose<NetworkingConfig>>(config.NetworkingConfig ?? {}, NETWORKING_KINDS, 'NetworkingConfig');
  const endpoints = networking.EndpointsConfig ?? {};
  const kinds = Object.fromEntries(Object.keys(endpoints).map((name) => [name, 'object' as const]));
  checkFields(endpoints, kinds, 'NetworkingConfig.EndpointsConfig');
  for (const [name, endpoint] of Object.entries(endpoints)) {
    if (!isFirst(name)) throw notSupported(`a second network (${name}) in NetworkingConfig`);
    refuseUnsupportedEndpoint(name, endpoint ?? {});
  }
}

function translateShmSize(bytes: number): number {
  if (bytes < 0) throw dockerError('InvalidArgument', 'SHM size can not be less than 0');
  return bytes === 0 ? DEFAULT_SHM_BYTES : bytes;
}
