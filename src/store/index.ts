export { openBlobStore } from './open-blob-store.ts';
export { openDatabase } from './open-database.ts';
export type { Database, Schema } from './database.ts';
export type { BlobInfo, BlobStore, IngestOptions } from './blob-store.ts';
export { LayerInUseError } from './layer-store.ts';
export type {
  CommittedLayer,
  Compression,
  LayerChange,
  LayerPlaceholders,
  LayerPreparer,
  LayerStore,
  LayerUsage,
  UnpackLimits,
  UnpackOptions,
  WritableLayer,
} from './layer-store.ts';
export { packPath, statPath, unpackInto } from './archive/copy-client.ts';
export type { FileView } from './archive/file-view.ts';
export type { PathStat } from './archive/view-path.ts';
export { packTree } from './archive/archive-client.ts';
export { LAYER_SCHEMA } from './layer-table.ts';
export { openOverlayLayerStore } from './overlay-layer-store.ts';
export type { OverlayLayerStoreConfig } from './overlay-layer-store.ts';
