/**
 * What this front needs of an engine, under short names.
 *
 * @module
 */
import type { EngineApi } from '../engine.ts';

/** The engine that answers. */
export type Backend = Pick<EngineApi, 'containers' | 'images' | 'networks' | 'info' | 'events'>;

/** The engine's containers. */
export type Containers = EngineApi['containers'];
/** One container, a value. */
export type Container = ReturnType<Containers['get']>;
/** What a container shall be. */
export type ContainerSpec = Container['spec'];
/** A host path shown in a container. */
export type BindMount = ContainerSpec['binds'][number];
/** Which containers a listing is about. */
export type ContainerFilter = NonNullable<Parameters<Containers['list']>[0]>;
/** A client's hold on a process's streams. */
export type StreamSession = Awaited<ReturnType<Containers['attach']>>;
/** What to read from a log. */
export type LogOptions = Parameters<Containers['logs']>[1];
/** What to run beside a container's process. */
export type ExecSpec = Parameters<Containers['createExec']>[1];

/** The engine's images. */
export type Images = EngineApi['images'];
/** One image, a value. */
export type Image = ReturnType<Images['get']>;
/** Which images a listing is about. */
export type ImageFilter = NonNullable<Parameters<Images['list']>[0]>;
/** How far a load or import is. */
export type ImageProgress = Parameters<NonNullable<NonNullable<Parameters<Images['import']>[1]>['onProgress']>>[0];

/** One network, a value. */
export type Network = ReturnType<EngineApi['networks']['get']>;
