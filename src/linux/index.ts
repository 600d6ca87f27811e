export { namespaceId, namespacePath } from './namespace-id.ts';
export { createNetworkNamespace, dropNetworkNamespace, isNetworkNamespace, withNetworkNamespace } from './network-namespace.ts';
export { readNetworkSysctl, writeNetworkSysctl } from './network-sysctl.ts';
export { RouteSocket } from './rtnetlink.ts';
export type { Link } from './rtnetlink.ts';
export { runNftables } from './nftables.ts';
export { parseSignal, signalNameOf } from './signals.ts';
export { closeQuietly, openPipe, readablePipe, writablePipe } from './pipe.ts';
export type { Pipe } from './pipe.ts';
export { SeqpacketSender } from './seqpacket.ts';
export { UnixDatagramSender } from './unix-datagram.ts';
export { spawnProcess } from './spawn.ts';
export type { ExitStatus, SpawnedProcess, SpawnOptions } from './spawn.ts';
export type { Mount } from './mount-spec.ts';
export { escapeOverlayPath, performMount, unmount } from './mount.ts';
export type { UnmountOptions } from './mount.ts';
export { preallocate } from './preallocate.ts';
export { returnFreeMemory } from './free-memory.ts';
export { isReadOnly, readFileSystem, readMountGuards } from './statfs.ts';
export type { FileSystemInfo } from './statfs.ts';
export { ConsoleSocket } from './console-socket.ts';
export {
  childrenOf,
  isProcessAlive,
  isProcessEnding,
  pidsWithArgument,
  processGroup,
  processStartTicks,
  signalGroup,
  signalProcess,
} from './process.ts';
export { TerminalMaster, openRawTerminal } from './terminal.ts';
export { ALL_CAPABILITIES, ownCapabilities } from './capabilities.ts';
export { readFileInRoot } from './root-file.ts';
export { isSeccompAction, isSeccompArchitecture, isSeccompComparison } from './seccomp-filter.ts';
export type { SeccompAction, SeccompArgument, SeccompComparison, SeccompFilter, SeccompRule } from './seccomp-filter.ts';
export { lockFile, tryLockFile } from './flock.ts';
export type { FileLock } from './flock.ts';
export { getXattr, listXattrs, setXattr } from './xattr.ts';
export * from './tree.ts';
export { SeccompCompiler } from './seccomp-compiler.ts';
export type { SeccompCompilerConfig } from './seccomp-compiler.ts';
export { Cgroups } from './cgroup.ts';
export { x86Level } from './cpu-level.ts';
export { freeUnifiedControllers } from './cgroup-mounts.ts';
export type { CgroupMounts, FreedControllers } from './cgroup-mounts.ts';
export { composeMounts, copyMountsOf } from './mount-view.ts';
export type { AttachedMount, ComposedMounts, MountView, ProcessRef } from './mount-view.ts';
export type { CgroupFeatures } from './cgroup-features.ts';
