import { checkSysctls } from './check-sysctls.ts';
import { INIT_PATH, rootfsPropagation, runtimeMounts } from './runtime-mounts.ts';
import type { MappedDevice } from './map-devices.ts';
import { runtimeLimits } from './runtime-resources.ts';
import type { ResourceLimits } from './resource-limits.ts';
import type { RuntimeMountsInput } from './runtime-mounts.ts';
import type {
  RuntimeDevice,
  RuntimeDeviceRule,
  RuntimeLinux,
  RuntimeNamespace,
  RuntimeProcess,
  RuntimeResources,
  RuntimeRlimit,
  RuntimeSeccomp,
  RuntimeSpec,
  RuntimeUser,
} from './runtime-spec.ts';

/** Whose namespaces a container has: a new one, the machine's, or that at a path. */
export interface NamespaceChoice {
  readonly pid: 'own' | 'host' | `/${string}`;
  readonly ipc: 'own' | 'host' | `/${string}`;
  readonly uts: 'own' | 'host';
  readonly cgroup: 'own' | 'host';
}

/** Everything that decides a config.json. Names are resolved and files are found already: building it touches nothing. */
export interface RuntimeSpecInput extends RuntimeMountsInput {
  readonly argv: readonly string[];
  /** Complete: `NAME=value`. */
  readonly env: readonly string[];
  readonly user: RuntimeUser;
  readonly cwd: string;
  readonly tty: boolean;
  readonly consoleSize: { readonly height: number; readonly width: number } | undefined;
  readonly hostname: string;
  /** Empty for none. */
  readonly domainname: string;
  readonly rootfsPath: string;
  /** A network namespace kept alive by a bind mount; `host` for the machine's own. */
  readonly netnsPath: string;
  /** `CAP_…`, already intersected with what the engine itself has. */
  readonly capabilities: readonly string[];
  readonly namespaces: NamespaceChoice;
  /** Paths to hide; `undefined` for the usual ones, or none if it is privileged. */
  readonly maskedPaths: readonly string[] | undefined;
  /** Paths that cannot be written to; `undefined` as above. */
  readonly readonlyPaths: readonly string[] | undefined;
  readonly noNewPrivileges: boolean;
  /** A loaded profile's name; empty for the runtime's default. */
  readonly appArmorProfile: string;
  /** A resolved filter; `undefined` for none or when `seccompBpf` is given. */
  readonly seccomp: RuntimeSeccomp | undefined;
  /** The compiled filter in base64, for crun; `undefined` for none. */
  readonly seccompBpf: string | undefined;
  /** Absolute path in the cgroup hierarchies. */
  readonly cgroupsPath: string;
  readonly cgroupVersion: 1 | 2;
  readonly resources: ResourceLimits;
  /** The kernel can limit swap; without it a memory limit does not cover swap. */
  readonly hasSwapAccounting: boolean;
  /** Device nodes that were asked for, and what the container may do with them. */
  readonly devices: readonly MappedDevice[];
  /** Further rules for devices. */
  readonly deviceRules: readonly RuntimeDeviceRule[];
  /** Kernel settings of its own namespaces. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Device nodes that a privileged container gets; ignored for others. */
  readonly hostDevices: readonly RuntimeDevice[];
  /** Paths to mask besides the usual ones because this machine has them. */
  readonly extraMaskedPaths: readonly string[];
  readonly rlimits: readonly RuntimeRlimit[];
  readonly oomScoreAdj: number;
  readonly annotations: Readonly<Record<string, string>>;
}

/** crun reads a compiled filter, base64, from this annotation and then compiles none itself. */
const SECCOMP_ANNOTATION = 'run.oci.seccomp_bpf_data';

const DOMAINNAME = 'kernel.domainname';

/** Kernel interfaces without a namespace that tell or change too much. */
const MASKED_PATHS = [
  '/proc/asound',
  '/proc/acpi',
  '/proc/interrupts',
  '/proc/kcore',
  '/proc/keys',
  '/proc/latency_stats',
  '/proc/timer_list',
  '/proc/timer_stats',
  '/proc/sched_debug',
  '/proc/scsi',
  '/sys/firmware',
  '/sys/devices/virtual/powercap',
];

const READONLY_PATHS = ['/proc/bus', '/proc/fs', '/proc/irq', '/proc/sys', '/proc/sysrq-trigger'];

/** Nothing but the harmless character devices: null, zero, random, urandom, full by the runtime, tty and console. */
const DEVICE_RULES: readonly RuntimeDeviceRule[] = [
  { allow: false, access: 'rwm' },
  ...[
    [1, 5],
    [1, 3],
    [1, 9],
    [1, 8],
    [5, 0],
    [5, 1],
  ].map(([major = 0, minor = 0]): RuntimeDeviceRule => ({ allow: true, type: 'c', major, minor, access: 'rwm' })),
];

/**
 * Builds a container's config.json with Docker's default isolation.
 *
 * @throws {PierError} `InvalidArgument`, reasons `container.bad-tmpfs-option` (facts `{ option }`),
 * `container.sysctl-not-allowed`, `container.no-device`.
 */
export function buildRuntimeSpec(input: RuntimeSpecInput): RuntimeSpec {
  const annotations = input.seccompBpf === undefined ? input.annotations : { ...input.annotations, [SECCOMP_ANNOTATION]: input.seccompBpf };
  return {
    ociVersion: '1.0.2',
    process: runtimeProcess(input),
    root: input.isRootfsReadOnly ? { path: input.rootfsPath, readonly: true } : { path: input.rootfsPath },
    ...(input.hostname === '' ? {} : { hostname: input.hostname }),
    mounts: runtimeMounts(input),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    linux: runtimeLinux(input),
  };
}

function runtimeProcess(input: RuntimeSpecInput): RuntimeProcess {
  const { capabilities } = input;
  return {
    ...(input.tty ? { terminal: true } : {}),
    ...(input.tty && input.consoleSize !== undefined ? { consoleSize: input.consoleSize } : {}),
    user: input.user,
    args: input.initPath === undefined ? input.argv : [INIT_PATH, '--', ...input.argv],
    env: input.env,
    cwd: input.cwd,
    // Inheritable and ambient stay empty: a program gains nothing by executing another.
    capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    ...(input.rlimits.length === 0 ? {} : { rlimits: input.rlimits }),
    ...(input.noNewPrivileges ? { noNewPrivileges: true } : {}),
    ...(input.appArmorProfile === '' ? {} : { apparmorProfile: input.appArmorProfile }),
    oomScoreAdj: input.oomScoreAdj,
  };
}

function runtimeLinux(input: RuntimeSpecInput): RuntimeLinux {
  checkSysctls([...Object.keys(input.sysctls), ...(input.domainname === '' ? [] : [DOMAINNAME])], {
    network: input.netnsPath !== 'host',
    ipc: input.namespaces.ipc !== 'host',
    uts: input.namespaces.uts !== 'host',
  });
  const sysctl = sysctls(input);
  const propagation = rootfsPropagation(input.binds);
  return {
    ...(Object.keys(sysctl).length === 0 ? {} : { sysctl }),
    resources: runtimeResources(input),
    cgroupsPath: input.cgroupsPath,
    namespaces: namespaces(input),
    ...(propagation === undefined ? {} : { rootfsPropagation: propagation }),
    ...orNone(devicesOf(input)),
    ...guardedPaths(input),
    ...(input.seccomp === undefined ? {} : { seccomp: input.seccomp }),
  };
}

function orNone(devices: readonly RuntimeDevice[]): Pick<RuntimeLinux, 'devices'> {
  return devices.length === 0 ? {} : { devices };
}

/** A later mapping to the same place wins. */
function devicesOf({ isPrivileged, hostDevices, devices }: RuntimeSpecInput): readonly RuntimeDevice[] {
  const all = [...(isPrivileged ? hostDevices : []), ...devices];
  return [
    ...new Map(
      all.map(({ path, type, major, minor, fileMode, uid, gid }) => [path, { path, type, major, minor, fileMode, uid, gid }]),
    ).values(),
  ];
}

function guardedPaths({ isPrivileged, maskedPaths, readonlyPaths, extraMaskedPaths }: RuntimeSpecInput): Partial<RuntimeLinux> {
  const masked = maskedPaths ?? (isPrivileged ? [] : [...MASKED_PATHS, ...extraMaskedPaths]);
  const readonly = readonlyPaths ?? (isPrivileged ? [] : READONLY_PATHS);
  return {
    ...(masked.length === 0 ? {} : { maskedPaths: masked }),
    ...(readonly.length === 0 ? {} : { readonlyPaths: readonly }),
  };
}

function namespaces({ netnsPath, namespaces: { pid, ipc, uts, cgroup } }: RuntimeSpecInput): RuntimeNamespace[] {
  return [
    { type: 'mount' },
    ...(netnsPath === 'host' ? [] : [{ type: 'network' as const, path: netnsPath }]),
    ...namespace('uts', uts),
    ...namespace('pid', pid),
    ...namespace('ipc', ipc),
    ...namespace('cgroup', cgroup),
  ];
}

function namespace(type: RuntimeNamespace['type'], choice: string): RuntimeNamespace[] {
  if (choice === 'host') return [];
  return [choice === 'own' ? { type } : { type, path: choice }];
}

function sysctls({ netnsPath, domainname, sysctls: own }: RuntimeSpecInput): Record<string, string> {
  return {
    // Inside its own network a container may use low ports and ping without any capability.
    ...(netnsPath === 'host' ? {} : { 'net.ipv4.ip_unprivileged_port_start': '0', 'net.ipv4.ping_group_range': '0 2147483647' }),
    ...(domainname === '' ? {} : { [DOMAINNAME]: domainname }),
    ...own,
  };
}

function runtimeResources(input: RuntimeSpecInput): RuntimeResources {
  return { devices: deviceRules(input), ...runtimeLimits(input.resources, input) };
}

function deviceRules({ isPrivileged, devices, deviceRules: own }: RuntimeSpecInput): readonly RuntimeDeviceRule[] {
  if (isPrivileged) return [{ allow: true, access: 'rwm' }];
  const named = devices.map(({ type, major, minor, access }): RuntimeDeviceRule => ({ allow: true, type, major, minor, access }));
  return [...DEVICE_RULES, ...named, ...own];
}
