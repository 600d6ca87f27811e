/**
 * A container's bundle: what a runtime needs to run it, made right before a start and removed after the end.
 *
 * Order in: directory, root file system, network files, config.json. Order out: root file system, directory. Each step
 * out succeeds where there is nothing, so taking down a half-made bundle, also one of an engine that died, is the same.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PierError, isErrno } from '../base/errors.ts';
import { traceStep } from '../base/trace.ts';
import { performMount, readMountGuards, unmount } from '../linux/index.ts';
import { containerResolvConf, hostsFile, readHostResolvConf } from '../network/index.ts';
import { buildRuntimeSpec, mapDevices, resolveCapabilities, runtimeJson } from '../oci/index.ts';
import { cgroupOf } from './container-cgroup.ts';
import { hasShareableShm } from './join-namespaces.ts';
import { makeMountPoints } from './mount-points.ts';
import { processEnv } from './process-env.ts';
import { processRlimits } from './process-rlimits.ts';
import { withRequestedDevices } from './requested-devices.ts';
import { resolveInRoot } from './resolve-in-root.ts';
import { lookUpUser } from './user-lookup.ts';
import type { Sandbox } from '../network/index.ts';
import type { NamespaceChoice, RuntimeSpec, ShmChoice } from '../oci/index.ts';
import type { WritableLayer } from '../store/index.ts';
import type { Container } from './container.ts';
import type { ContainerHost, SeccompFilter } from './container-host.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { BindMount, ContainerSpec } from './container-spec.ts';
import type { JoinedNamespaces } from './join-namespaces.ts';

/** What a bundle is made from. */
export interface BundleInput {
  readonly container: Container;
  /** `undefined` for the host's network. */
  readonly sandbox: Sandbox | undefined;
  readonly host: ContainerHost;
  readonly paths: ContainerPaths;
  /** Namespaces of others. */
  readonly joined: JoinedNamespaces;
}

/** Shows a container's root file system at its place. Showing what is shown already is the caller's mistake. */
export function mountRootfs(layer: WritableLayer, target: string): void {
  mkdirSync(target, { recursive: true });
  for (const mount of layer.mounts) performMount(mount, target);
}

/**
 * Makes a bundle, the root file system mounted already.
 *
 * @throws {PierError} `InvalidArgument`/`NotFound` for what is wrong with the container's wishes: users, tmpfs options,
 * bind sources (reason `container.no-bind-source`, facts `{ path }`), a missing init (reason `container.no-init`).
 */
export async function writeBundle(input: BundleInput): Promise<void> {
  const { container, paths } = input;
  if (container.state.startedAt === undefined) makeMountPoints(paths.rootfs(container.id));
  await writeNetworkFiles(input);
  for (const bind of container.spec.binds) prepareBindSource(bind);
  const config = await withRequestedDevices(runtimeSpec(input), container.spec.deviceRequests, input.host);
  const path = join(paths.bundle(container.id), 'config.json');
  traceStep('runtime-config', () => ({ path, config, cgroupVersion: input.host.cgroups.version }));
  writeFileSync(path, runtimeJson(config, config.process), { mode: 0o600 });
}

/** Mounts shared memory that other containers can join, at a place where there is none. */
export function mountShm(target: string, sizeBytes: number): void {
  mkdirSync(target);
  performMount({ type: 'tmpfs', source: 'shm', options: ['nosuid', 'noexec', 'nodev', 'mode=1777', `size=${sizeBytes}`] }, target);
}

/** Removes a bundle. Succeeds where there is none. */
export function removeBundle(paths: ContainerPaths, id: string): void {
  // Who joined it keeps it.
  removeMountPoint(paths.shm(id));
  removeMountPoint(paths.rootfs(id));
  rmSync(paths.bundle(id), { recursive: true, force: true });
}

/** Removes a directory after what is mounted on it, never what that shows. Succeeds where there is none. */
export function removeMountPoint(path: string): void {
  // A root that somebody still looks into goes when they leave.
  while (unmount(path, { detach: true }));
  rmSync(path, { recursive: true, force: true });
}

function runtimeSpec({ container, sandbox, host, paths, joined }: BundleInput): RuntimeSpec {
  const { spec } = container;
  const rootfsPath = paths.rootfs(container.id);
  const user = lookUpUser(rootfsPath, container.user, spec.groupAdd);
  const { capabilities } = resolveCapabilities({
    capAdd: spec.capAdd,
    capDrop: spec.capDrop,
    isPrivileged: spec.isPrivileged,
    available: host.capabilities,
  });
  const isCrun = host.runtimes.get(container.runtime)?.isCrun === true;
  const filter = seccompFilter(spec, host, capabilities);
  const bpf = isCrun ? filter?.bpf : undefined;
  const env = processEnv({ hostname: container.hostname, tty: spec.tty, env: container.env, home: user.home });
  return buildRuntimeSpec({
    argv: container.argv,
    env,
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
    cwd: container.workingDir === '' ? '/' : container.workingDir,
    tty: spec.tty,
    consoleSize: spec.consoleSize,
    hostname: spec.utsMode === 'host' ? '' : container.hostname,
    domainname: spec.domainname,
    rootfsPath,
    isRootfsReadOnly: spec.isRootfsReadOnly,
    isPrivileged: spec.isPrivileged,
    netnsPath: sandbox?.netnsPath ?? 'host',
    namespaces: namespacesOf(spec, joined, host.cgroups.version),
    capabilities,
    noNewPrivileges: spec.noNewPrivileges,
    appArmorProfile: host.hasAppArmor ? spec.appArmorProfile : '',
    maskedPaths: spec.maskedPaths,
    readonlyPaths: spec.readonlyPaths,
    hasWritableCgroups: spec.hasWritableCgroups,
    leavesCgroupFolderOpen: isCrun && host.cgroups.version === 1,
    seccomp: bpf === undefined ? filter?.profile : undefined,
    seccompBpf: bpf,
    cgroupsPath: cgroupOf(host, container),
    cgroupVersion: host.cgroups.version,
    resources: spec.resources,
    hasSwapAccounting: host.cgroups.hasSwapAccounting,
    hostDevices: spec.isPrivileged ? host.hostDevices() : [],
    extraMaskedPaths: host.extraMaskedPaths,
    rlimits: processRlimits(spec.ulimits),
    oomScoreAdj: spec.oomScoreAdj,
    annotations: spec.annotations,
    devices: mapDevices(spec.devices),
    deviceRules: spec.deviceRules,
    sysctls: spec.sysctls,
    shm: shmFor(container, joined, paths),
    binds: spec.binds.map((bind) => ({
      ...bind,
      target: resolveInRoot(rootfsPath, bind.target),
      isFile: bind.isReadOnly && isFile(bind.source),
    })),
    tmpfs: Object.fromEntries(Object.entries(spec.tmpfs).map(([target, options]) => [resolveInRoot(rootfsPath, target), options])),
    engineFiles: {
      '/etc/resolv.conf': container.resolvConfPath,
      '/etc/hostname': container.hostnamePath,
      '/etc/hosts': container.hostsPath,
    },
    // Where others are process 1 there is nothing for an init to do.
    initPath: spec.init && spec.pidMode === 'private' ? initPath(host) : undefined,
    hasRecursiveReadOnly: host.hasRecursiveReadOnly,
  });
}

/** The usual filter is not for the privileged; a profile of one's own is. */
function seccompFilter(spec: ContainerSpec, host: ContainerHost, capabilities: readonly string[]): SeccompFilter | undefined {
  if (typeof spec.seccomp === 'object') return host.seccompFilter(capabilities, spec.seccomp.profile);
  return spec.isPrivileged || spec.seccomp === 'unconfined' ? undefined : host.seccompFilter(capabilities);
}

function namespacesOf(spec: ContainerSpec, { pidPath, ipcPath }: JoinedNamespaces, cgroupVersion: 1 | 2): NamespaceChoice {
  return {
    pid: pidPath ?? (spec.pidMode === 'host' ? 'host' : 'own'),
    ipc: ipcPath ?? (spec.ipcMode === 'host' ? 'host' : 'own'),
    uts: spec.utsMode === 'host' ? 'host' : 'own',
    cgroup: cgroupNamespaceOf(spec, cgroupVersion),
  };
}

function shmFor(container: Container, { shmSource }: JoinedNamespaces, paths: ContainerPaths): ShmChoice {
  if (container.spec.ipcMode === 'none') return 'none';
  const source = shmSource ?? (hasShareableShm(container) ? paths.shm(container.id) : undefined);
  return source === undefined ? { sizeBytes: container.spec.shmSizeBytes } : { source, guards: readMountGuards(source) };
}

/** As Docker: with cgroup version 1 a container shares the host's view, because programs there expect the full path. */
export function cgroupNamespaceOf({ cgroupnsMode }: Pick<ContainerSpec, 'cgroupnsMode'>, cgroupVersion: 1 | 2): 'own' | 'host' {
  if (cgroupnsMode === 'default') return cgroupVersion === 2 ? 'own' : 'host';
  return cgroupnsMode === 'private' ? 'own' : 'host';
}

/** crun cannot make a file read-only the way it does a tree. What is not there fails in the runtime, with its words. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === false;
}

function initPath(host: ContainerHost): string {
  if (host.initPath !== undefined) return host.initPath;
  throw new PierError('Unavailable', 'Cannot run an init: tini is not installed (on Debian: apt-get install tini)', {
    reason: 'container.no-init',
  });
}

async function writeNetworkFiles({ container, sandbox }: BundleInput): Promise<void> {
  const address = sandbox?.endpoints[0]?.ipv4Address;
  const { hostname } = container;
  const { domainname, networkMode } = container.spec;
  writeFileSync(container.hostnamePath, `${hostname}\n`);
  const isHost = networkMode === 'host';
  const hostResolvConf = await readHostResolvConf(isHost);
  writeFileSync(container.hostsPath, isHost ? readHostHosts() : hostsFile({ hostname, domainname, address }));
  writeFileSync(container.resolvConfPath, isHost ? hostResolvConf : containerResolvConf(hostResolvConf));
}

function readHostHosts(): string {
  try {
    return readFileSync('/etc/hosts', 'utf8');
  } catch {
    // A host without one has no names to pass on.
    return '';
  }
}

/** Makes the source of a bind where that is wished. @throws {PierError} reason `container.no-bind-source`, facts `{ path }`. */
export function prepareBindSource(bind: BindMount): void {
  try {
    statSync(bind.source);
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    if (!bind.createSource) {
      throw new PierError('InvalidArgument', `Cannot bind "${bind.source}": there is no such file`, {
        cause: error,
        reason: 'container.no-bind-source',
        facts: { path: bind.source },
      });
    }
    makeDirectories(bind.source);
  }
}

/** Not Node's recursive mkdir: below /proc, where nothing can be made, that one tries without end. */
function makeDirectories(path: string): void {
  const parents = path.split('/').slice(1);
  for (const [index] of parents.entries()) {
    const directory = `/${parents.slice(0, index + 1).join('/')}`;
    if (!existsSync(directory)) mkdirSync(directory);
  }
}
