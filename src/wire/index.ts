/**
 * The Docker Engine API's shapes and codecs: names as they are in the JSON, no behaviour.
 *
 * @module
 */
export type * from './container-config.ts';
export type * from './container.ts';
export type * from './exec.ts';
export type * from './image.ts';
export type * from './network.ts';
export type * from './stats.ts';
export type * from './system.ts';
export { decodeFilters, encodeFilters } from './filters.ts';
export type { Filters } from './filters.ts';
export { FRAME_HEADER_BYTES, FrameDecoder, encodeFrame, frameHeader } from './stdcopy.ts';
export type { Frame, FrameStream } from './stdcopy.ts';
export { GO_MODE, decodePathStat, encodePathStat, goFileMode, hasGoMode } from './path-stat.ts';
export type { ContainerPathStat, FilesystemChange } from './path-stat.ts';
