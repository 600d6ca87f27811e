export { readCdiDevices } from './cdi/cdi-devices.ts';
export { applyCdiEdits } from './cdi/apply-cdi-edits.ts';
export { buildRuntimeSpec } from './build-runtime-spec.ts';
export type { NamespaceChoice, RuntimeSpecInput } from './build-runtime-spec.ts';
export { NO_LIMITS } from './resource-limits.ts';
export type { DeviceRate, ResourceLimits } from './resource-limits.ts';
export { effectiveSwapBytes, runtimeLimits } from './runtime-resources.ts';
export { runtimeJson } from './runtime-json.ts';
export { mapDevices } from './map-devices.ts';
export type { DeviceMapping } from './map-devices.ts';
export type { RuntimeBind, ShmChoice } from './runtime-mounts.ts';
export type * from './runtime-spec.ts';
export { parseTmpfsOptions } from './tmpfs-options.ts';
export { resolveCapabilities } from './default-capabilities.ts';
export type { CapabilityRequest, ResolvedCapabilities } from './default-capabilities.ts';
export {
  MAX_DOCUMENT_BYTES,
  MEDIA_TYPES,
  isAttestation,
  isIndexType,
  isManifestType,
  parseDocument,
  parseIndex,
  parseManifest,
} from './image-spec.ts';
export type { DocumentValue, OciDescriptor, OciIndex, OciManifest, OciPlatform } from './image-spec.ts';
export { SeccompFilters } from './seccomp-filters.ts';
export { filterThrough } from './filter-through.ts';
export { readHostDevices, readHostFacts } from './host-facts.ts';
export type { HostFacts } from './host-facts.ts';
export { endMonitor, readContainerPid, readExitCode, readMonitorPid, reopenLog, startMonitor } from './monitor.ts';
export type { MonitoredProcess, MonitorSpec } from './monitor.ts';
export {
  capture,
  deleteContainer,
  findProgram,
  forgetContainer,
  isWaitingForStart,
  probeRuntime,
  runRuntime,
  runtimeKnows,
  startContainer,
} from './runtime.ts';
export type { Runtime, RuntimeRegistration } from './runtime.ts';
export { startExec } from './exec.ts';
export type { ExecOutcome, ExecProcess, ExecProcessSpec } from './exec.ts';
export { PROBE_PROCESS_FILE, endLeftoverProbe, startProbe } from './probe.ts';
export type { Probe, ProbeOutcome } from './probe.ts';
