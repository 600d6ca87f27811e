export { CONTAINER_SCHEMA, ContainerIndex } from './container-index.ts';
export type { Health, ProbeFailure, ProbeResult } from './health.ts';
export type { ContainerHost, SeccompFilter } from './container-host.ts';
export type { Container, ContainerState, ContainerStatus } from './container.ts';
export { EMPTY_SPEC } from './container-spec.ts';
export type { BindMount, ContainerSpec, Resources, RestartPolicy } from './container-spec.ts';
export type * from './container-service.ts';
export { openContainerService } from './open-container-service.ts';
export type { ContainerServiceConfig, OpenContainerService } from './open-container-service.ts';
