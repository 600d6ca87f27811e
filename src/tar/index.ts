export type { TarEntry, TarEntryType } from './tar-entry.ts';
export { joinEntryPath, parseEntryPath } from './entry-name.ts';
export type { EntryPath } from './entry-name.ts';
export { isOpaque, isOverlayXattr, isWhiteout, setOpaque } from './overlay-marks.ts';
export { packTree } from './pack-tree.ts';
export type { PackJob } from './pack-tree.ts';
export { malformed } from './tar-header.ts';
export { TarReader } from './tar-reader.ts';
export type { TarSink } from './tar-reader.ts';
