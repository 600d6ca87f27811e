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
import { performMount, unmount } from '../linux/index.ts';
import { containerResolvConf, hostsFile, readHostResolvConf } from '../network/index.ts';
import { buildRuntimeSpec, mapDevices, resolveCapabilities, runtimeJson } from '../oci/index.ts';
import { cgroupOf } from './container-cgroup.ts';
import { makeMountPoints } from './mount-points.ts';
import { processEnv } from './process-env.ts';
import { processRlimits } from './process-rlimits.ts';
import { resolveInRoot } from './resolve-in-root.ts';
import { lookUpUser } from './user-lookup.ts';
import type { Sandbox } from '../network/index.ts';
import type { RuntimeSpec } from '../oci/index.ts';
import type { WritableLayer } from '../store/index.ts';
import type { Container } from './container.ts';
import type { ContainerHost } from './container-host.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { BindMount } from './container-spec.ts';

/** What a bundle is made from. */
export interface BundleInput {
  readonly container: Container;
  /** `undefined` for the host's network. */
  readonly sandbox: Sandbox | undefined;
  readonly host: ContainerHost;
  readonly paths: ContainerPaths;
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
  const config = runtimeSpec(input);
  const path = join(paths.bundle(container.id), 'config.json');
  traceStep('runtime-config', () => ({ path, config, cgroupVersion: input.host.cgroups.version }));
  writeFileSync(path, runtimeJson(config, config.process), { mode: 0o600 });
}

/** Removes a bundle. Succeeds where there is none. */
export function removeBundle(paths: ContainerPaths, id: string): void {
  removeMountPoint(paths.rootfs(id));
  rmSync(paths.bundle(id), { recursive: true, force: true });
}

/** Removes a directory after what is mounted on it, never what that shows. Succeeds where there is none. */
export function removeMountPoint(path: string): void {
  // A root that somebody still looks into goes when they leave.
  while (unmount(path, { detach: true }));
  rmSync(path, { recursive: true, force: true });
}

function runtimeSpec({ container, sandbox, host, paths }: BundleInput): RuntimeSpec {
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
  const filter = spec.isPrivileged || spec.seccomp === 'unconfined' ? undefined : host.seccompFilter(capabilities);
  const bpf = isCrun ? filter?.bpf : undefined;
  const env = processEnv({ hostname: container.hostname, tty: spec.tty, env: container.env, home: user.home });
  return buildRuntimeSpec({
    argv: container.argv,
    env,
    user: { uid: user.uid, gid: user.gid, additionalGids: user.additionalGids },
    cwd: container.workingDir === '' ? '/' : container.workingDir,
    tty: spec.tty,
    consoleSize: spec.consoleSize,
    hostname: container.hostname,
    domainname: spec.domainname,
    rootfsPath,
    isRootfsReadOnly: spec.isRootfsReadOnly,
    isPrivileged: spec.isPrivileged,
    netnsPath: sandbox?.netnsPath ?? 'host',
    capabilities,
    noNewPrivileges: spec.noNewPrivileges,
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
    shmSizeBytes: spec.shmSizeBytes,
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
    initPath: spec.init ? initPath(host) : undefined,
    hasRecursiveReadOnly: host.hasRecursiveReadOnly,
  });
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
