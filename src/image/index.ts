export { ensureStarterImage } from './starter-image.ts';
export { IMAGE_SCHEMA } from './image-schema.ts';
export { openImageService } from './open-image-service.ts';
export type { ImageServiceConfig } from './open-image-service.ts';
export { applyChanges } from './import-changes.ts';
export { EMPTY_RUN_CONFIG } from './image-config.ts';
export { mergeRunConfig } from './merge-run-config.ts';
export { familiarName, familiarOf, formatFamiliar, formatReference, parseReference, withDefaultTag } from './reference.ts';
export type { Reference, ReferenceDefect } from './reference.ts';
export type {
  HistoryLine,
  ImageEvent,
  ImageFilter,
  ImageLayer,
  ImageProgress,
  ImageService,
  ImageUser,
  ImageUsersLookup,
  ImportOptions,
  LoadedImage,
  PruneResult,
  RemovedItem,
} from './image-service.ts';
export type { Descriptor, Healthcheck, HistoryEntry, Image, ImageRunConfig } from './image.ts';
