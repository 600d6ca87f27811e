import type { Digest } from '../base/digest.ts';
import type { LayerStore } from '../store/index.ts';
import { chainIdsOf } from './chain-id.ts';
import type { HistoryLine } from './image-service.ts';
import type { Image } from './image.ts';
import { familiarOf } from './reference.ts';

/**
 * The steps of an image's making, newest first, each with the size of the layer it made.
 *
 * @param find Finds an image's parent, whose id and tags the next older step gets.
 */
export function historyOf(image: Image, layers: Pick<LayerStore, 'stat'>, find: (id: Digest) => Image | undefined): readonly HistoryLine[] {
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
  let maker: Image | undefined = image;
  return lines.toReversed().map((line) => {
    if (maker === undefined) return line;
    const { id, tags, parentId } = maker;
    maker = parentId === undefined ? undefined : find(parentId);
    return { ...line, id, tags: tags.map(familiarOf) };
  });
}

function sizeOf(layers: Pick<LayerStore, 'stat'>, chainId: Digest): number {
  return layers.stat(chainId).usage.contentBytes;
}
