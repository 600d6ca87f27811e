/**
 * What this front needs of an engine, under short names.
 *
 * @module
 */
import type { ContainerService, EngineApi, ExecSpec as EngineExecSpec } from '../engine.ts';

/** The engine that answers. */
export type Backend = Pick<EngineApi, 'containers' | 'images' | 'networks' | 'info' | 'events'>;

/** What to run beside a container's process. */
export type ExecSpec = EngineExecSpec;
/** Which containers a listing is about. */
export type ContainerFilter = NonNullable<Parameters<ContainerService['list']>[0]>;

export { NO_LIMITS, effectiveSwapBytes } from '../engine.ts';
export type {
  BindMount,
  BlockIoEntry,
  CommitOptions,
  Container,
  ContainerDirectories,
  OtherContainer,
  ContainerSpec,
  ContainerStats,
  EngineInfo,
  ResourceLimits,
  Ulimit,
  Image,
  ImageFilter,
  ImageLayer,
  ImageProgress,
  LogOptions,
  Network,
  PathStat,
  InterfaceStats,
  StatsSample,
  StreamSession,
} from '../engine.ts';
