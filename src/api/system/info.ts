import { timestamp } from '../../base/timestamp.ts';
import type { SystemInfo, SystemVersion } from '../../wire/index.ts';
import type { Backend, Container } from '../backend.ts';

type EngineInfo = Awaited<ReturnType<Backend['info']>>;

// GOARCH, as Docker names architectures in /version; /info has the kernel's name.
const GOARCH: Readonly<Record<string, string>> = { x86_64: 'amd64', x64: 'amd64', aarch64: 'arm64', armv7l: 'arm', i686: '386' };

// Not Go, but the field is shown by every client and must say what runs.
const PLATFORM_VERSION = `node ${process.version}`;

/** The answer to `GET /version`. */
export function toSystemVersion(info: EngineInfo, api: { readonly newest: string; readonly oldest: string }): SystemVersion {
  const arch = GOARCH[info.architecture] ?? info.architecture;
  const runtimes = Object.entries(info.runtimes).map(([name, runtime]) => ({
    Name: name,
    Version: bareVersion(runtime.version),
    Details: {},
  }));
  return {
    Platform: { Name: 'pier' },
    Components: [
      {
        Name: 'Engine',
        Version: info.pierVersion,
        Details: {
          ApiVersion: api.newest,
          Arch: arch,
          Experimental: 'false',
          GoVersion: PLATFORM_VERSION,
          KernelVersion: info.kernelVersion,
          MinAPIVersion: api.oldest,
          Os: 'linux',
        },
      },
      ...runtimes,
      { Name: 'conmon', Version: info.monitorVersion, Details: {} },
    ],
    Version: info.pierVersion,
    ApiVersion: api.newest,
    MinAPIVersion: api.oldest,
    GitCommit: '',
    GoVersion: PLATFORM_VERSION,
    Os: 'linux',
    Arch: arch,
    KernelVersion: info.kernelVersion,
    BuildTime: '',
  };
}

/** The answer to `GET /info`. */
export function toSystemInfo(info: EngineInfo, containers: readonly Container[], imageCount: number): SystemInfo {
  const count = (...statuses: readonly string[]): number => containers.filter(({ state }) => statuses.includes(state.status)).length;
  const running = count('running', 'restarting');
  const paused = count('paused');
  const warnings = [...info.warnings, ...(info.kernelAbilities.swapLimit ? [] : ['WARNING: No swap limit support'])];
  return {
    ID: info.id,
    CDISpecDirs: info.cdiSpecDirs,
    Containers: containers.length,
    ContainersRunning: running,
    ContainersPaused: paused,
    ContainersStopped: containers.length - running - paused,
    Images: imageCount,
    Driver: 'overlay2',
    DriverStatus: [
      ['Backing Filesystem', info.backingFileSystem],
      ['Supports d_type', 'true'],
      // How pier mounts, and that a container's own layer is read as it lies there.
      ['Using metacopy', 'false'],
      ['Native Overlay Diff', 'true'],
      ['userxattr', 'false'],
    ],
    Plugins: { Volume: ['local'], Network: ['bridge', 'host', 'null'], Authorization: null, Log: info.logDrivers },
    Debug: false,
    NFd: info.openFileCount,
    NGoroutines: info.activeResourceCount,
    SystemTime: timestamp(),
    LoggingDriver: info.logDriver,
    CgroupDriver: 'cgroupfs',
    CgroupVersion: String(info.cgroupVersion),
    NEventsListener: info.listenerCount,
    KernelVersion: info.kernelVersion,
    OperatingSystem: info.operatingSystem,
    OSVersion: '',
    OSType: 'linux',
    Architecture: info.architecture,
    NCPU: info.cpuCount,
    MemTotal: info.memoryBytes,
    DockerRootDir: info.root,
    Name: info.hostname,
    ServerVersion: info.pierVersion,
    Runtimes: Object.fromEntries(Object.entries(info.runtimes).map(([name, { path }]) => [name, { path }])),
    DefaultRuntime: info.defaultRuntime,
    // What stands between the daemon and a runtime: containerd there, conmon here.
    ContainerdCommit: { ID: `conmon ${info.monitorVersion}` },
    InitBinary: info.initVersion === '' ? '' : 'tini',
    InitCommit: { ID: info.initVersion },
    SwapLimit: info.kernelAbilities.swapLimit,
    OomKillDisable: info.kernelAbilities.oomKillDisable,
    KernelMemoryTCP: info.kernelAbilities.kernelMemoryTcp,
    RuncCommit: { ID: bareVersion(info.runtimes['runc']?.version ?? '') },
    SecurityOptions: info.securityOptions,
    Warnings: warnings.length === 0 ? null : warnings,
    ...FIXED,
  };
}

// Runtimes say `crun version 1.8.1`.
function bareVersion(text: string): string {
  return text.replace(/^.* version /, '');
}

// What is the same for every pier: abilities of the kernel that are taken for granted, and parts of Docker that are absent.
const FIXED = {
  MemoryLimit: true,
  CpuCfsPeriod: true,
  CpuCfsQuota: true,
  CPUShares: true,
  CPUSet: true,
  PidsLimit: true,
  IPv4Forwarding: true,
  IndexServerAddress: '',
  RegistryConfig: { IndexConfigs: {}, InsecureRegistryCIDRs: [], Mirrors: null },
  GenericResources: null,
  HttpProxy: '',
  HttpsProxy: '',
  NoProxy: '',
  Labels: [],
  ExperimentalBuild: false,
  Swarm: { NodeID: '', NodeAddr: '', LocalNodeState: 'inactive', ControlAvailable: false, Error: '', RemoteManagers: null },
  LiveRestoreEnabled: true,
  Isolation: '',
  FirewallBackend: { Driver: 'nftables' },
} as const satisfies Partial<SystemInfo>;
