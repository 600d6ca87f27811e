export { CONTAINER_SCHEMA, ContainerIndex } from './container-index.ts';
export type { Health, ProbeFailure, ProbeResult } from './health.ts';
export type { ContainerHost, SeccompFilter } from './container-host.ts';
export type { Container, ContainerState, ContainerStatus } from './container.ts';
export { closeMonitorShelter } from './monitor-shelter.ts';
export { EMPTY_SPEC } from './container-spec.ts';
export type {
  AsWritten,
  BindMount,
  ContainerSpec,
  DeviceRequest,
  IpcMode,
  LogConfig,
  OtherContainer,
  RestartPolicy,
  Ulimit,
} from './container-spec.ts';
export { EMPTY_HEALTHCHECK } from './healthcheck.ts';
export { NO_LIMITS, effectiveSwapBytes } from '../oci/index.ts';
export type { DeviceMapping, DeviceRate, ResourceLimits } from '../oci/index.ts';
export type * from './container-service.ts';
export type * from './stats/container-stats.ts';
export type { StatsSample } from './stats/stats-sampler.ts';
export { DEFAULT_LOG_CONFIG, LOG_DRIVERS, checkLogConfig } from './log/log-config.ts';
export { openContainerService } from './open-container-service.ts';
export type { ContainerServiceConfig, OpenContainerService } from './open-container-service.ts';
