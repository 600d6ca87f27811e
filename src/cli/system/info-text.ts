import { binarySize } from '../format/human-size.ts';
import { compareGoStrings } from '../format/go-value.ts';
import type { SystemInfo } from '../../wire/index.ts';
import type { ClientVersion } from './client-version.ts';

/** The part of `pier info` that is about this program. */
export function clientInfoText(self: ClientVersion, debug: boolean): string {
  return `Client:\n Version:    ${self.Version}\n Context:    ${self.Context}\n Debug Mode: ${debug}\n\nServer:\n`;
}

/** The part of `pier info` that is about the daemon; empty if there is none. */
export function serverInfoText(info: SystemInfo | undefined): string {
  if (info === undefined) return '';
  const text = [
    ...countLines(info),
    ...storageLines(info),
    ...pluginLines(info),
    ...runtimeLines(info),
    ...securityLines(info),
    ...hostLines(info),
    ...networkLines(info),
    ` Live Restore Enabled: ${info.LiveRestoreEnabled}`,
    ...poolLines(info),
  ];
  return `${text.join('\n')}\n\n`;
}

function countLines(info: SystemInfo): readonly string[] {
  return [
    ` Containers: ${info.Containers}`,
    `  Running: ${info.ContainersRunning}`,
    `  Paused: ${info.ContainersPaused}`,
    `  Stopped: ${info.ContainersStopped}`,
    ` Images: ${info.Images}`,
    ...optional(' Server Version', info.ServerVersion),
  ];
}

function storageLines(info: SystemInfo): readonly string[] {
  return [
    ...optional(' Storage Driver', info.Driver),
    ...(info.DriverStatus ?? []).map(([label, value]) => `  ${label}: ${value}`),
    ...optional(' Logging Driver', info.LoggingDriver),
    ...optional(' Cgroup Driver', info.CgroupDriver),
    ...optional(' Cgroup Version', info.CgroupVersion),
  ];
}

function pluginLines(info: SystemInfo): readonly string[] {
  const { Volume: volume, Network: network, Authorization: authorization, Log: log } = info.Plugins;
  return [
    ' Plugins:',
    `  Volume: ${volume.join(' ')}`,
    `  Network: ${network.join(' ')}`,
    ...(authorization && authorization.length > 0 ? [`  Authorization: ${authorization.join(' ')}`] : []),
    `  Log: ${log.join(' ')}`,
    ...((info.CDISpecDirs ?? []).length > 0 ? [' CDI spec directories:', ...info.CDISpecDirs.map((path) => `  ${path}`)] : []),
    ` Swarm: ${info.Swarm?.LocalNodeState ?? 'inactive'}`,
  ];
}

function runtimeLines(info: SystemInfo): readonly string[] {
  const runtimes = Object.keys(info.Runtimes ?? {}).toSorted(compareGoStrings);
  if (runtimes.length === 0) return [];
  return [
    ` Runtimes: ${runtimes.join(' ')}`,
    ` Default Runtime: ${info.DefaultRuntime}`,
    ` Init Binary: ${info.InitBinary}`,
    ` containerd version: ${info.ContainerdCommit?.ID ?? ''}`,
    ` runc version: ${info.RuncCommit?.ID ?? ''}`,
    ` init version: ${info.InitCommit?.ID ?? ''}`,
  ];
}

/** `name=seccomp,profile=builtin` is shown as a name with its values below. */
function securityLines(info: SystemInfo): readonly string[] {
  const options = info.SecurityOptions ?? [];
  if (options.length === 0) return [];
  return [
    ' Security Options:',
    ...options.flatMap((option) => {
      const pairs = option.split(',').map((pair): readonly [string, string] => {
        const split = pair.indexOf('=');
        return [pair.slice(0, split), pair.slice(split + 1)];
      });
      const name = pairs.find(([key]) => key === 'name')?.[1] ?? option;
      const values = pairs
        .filter(([key]) => key !== 'name')
        .map(([key, value]) => `   ${key.charAt(0).toUpperCase()}${key.slice(1)}: ${value}`);
      return [`  ${name}`, ...values];
    }),
  ];
}

function hostLines(info: SystemInfo): readonly string[] {
  return [
    ...optional(' Kernel Version', info.KernelVersion),
    ...optional(' Operating System', info.OperatingSystem),
    ...optional(' OSType', info.OSType),
    ...optional(' Architecture', info.Architecture),
    ` CPUs: ${info.NCPU}`,
    ` Total Memory: ${binarySize(info.MemTotal)}`,
    ...optional(' Name', info.Name),
    ...optional(' ID', info.ID),
    ` Docker Root Dir: ${info.DockerRootDir}`,
    ` Debug Mode: ${info.Debug}`,
  ];
}

function networkLines(info: SystemInfo): readonly string[] {
  const registries = info.RegistryConfig;
  const insecure = [
    ...Object.entries(registries?.IndexConfigs ?? {}).flatMap(([name, index]) => (index.Secure ? [] : [name])),
    ...(registries?.InsecureRegistryCIDRs ?? []),
  ];
  const mirrors = registries?.Mirrors ?? [];
  return [
    ...optional(' HTTP Proxy', info.HttpProxy),
    ...optional(' HTTPS Proxy', info.HttpsProxy),
    ...optional(' No Proxy', info.NoProxy),
    ...((info.Labels ?? []).length > 0 ? [' Labels:', ...info.Labels.map((label) => `  ${label}`)] : []),
    ` Experimental: ${info.ExperimentalBuild}`,
    ...(insecure.length > 0 ? [' Insecure Registries:', ...insecure.map((name) => `  ${name}`)] : []),
    ...(mirrors.length > 0 ? [' Registry Mirrors:', ...mirrors.map((mirror) => `  ${mirror}`)] : []),
  ];
}

function poolLines({ DefaultAddressPools: pools }: SystemInfo): readonly string[] {
  if (pools === undefined || pools === null || pools.length === 0) return [];
  return [' Default Address Pools:', ...pools.map(({ Base: base, Size: size }) => `   Base: ${base}, Size: ${size}`)];
}

function optional(label: string, value: string | undefined): readonly string[] {
  return value === undefined || value === '' ? [] : [`${label}: ${value}`];
}
