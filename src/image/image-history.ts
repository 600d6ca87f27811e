import type { Digest } from '../base/digest.ts';
import type { LayerStore } from '../store/index.ts';
import { chainIdsOf } from './chain-id.ts';
import type { HistoryLine } from './image-service.ts';
import type { Image } from './image.ts';
import { familiarOf } from './reference.ts';

/** The steps of an image's making, newest first, each with the size of the layer it made. */
export function historyOf(image: Image, layers: Pick<LayerStore, 'stat'>): readonly HistoryLine[] {
  const chain = chainIdsOf(image.diffIds)[Symbol.iterator]();
  const lines = image.history.map((entry): HistoryLine => {
    const chainId = entry.isEmptyLayer ? undefined : chain.next().value;
    return {
      id: '<missing>',
      createdAt: entry.createdAt,
      createdBy: entry.createdBy,
      comment: entry.comment,
      sizeBytes: chainId === undefined ? 0 : sizeOf(layers, chainId),
      tags: [],
    };
  });
  return lines.toReversed().map((line, i) => (i === 0 ? { ...line, id: image.id, tags: image.tags.map(familiarOf) } : line));
}

function sizeOf(layers: Pick<LayerStore, 'stat'>, chainId: Digest): number {
  return layers.stat(chainId).usage.contentBytes;
}
