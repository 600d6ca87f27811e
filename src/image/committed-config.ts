import { timestamp } from '../base/timestamp.ts';
import type { Digest } from '../base/digest.ts';
import type { ImageConfig } from './image-config.ts';
import type { CommitLayerOptions } from './image-service.ts';
import type { Image } from './image.ts';

/** The config of an image that is another and one layer more. */
export function committedConfig(parent: Image, diffId: Digest, options: CommitLayerOptions): ImageConfig {
  const createdAt = timestamp();
  const { author, message, createdBy, runConfig } = options;
  return {
    platform: parent.platform,
    createdAt,
    author,
    comment: message,
    dockerVersion: '',
    runConfig,
    history: [...parent.history, { createdAt, createdBy, author, comment: message, isEmptyLayer: false }],
    diffIds: [...parent.diffIds, diffId],
  };
}
