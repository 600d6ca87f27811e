import type { Digest } from '../base/digest.ts';
import { chainIdsOf } from './chain-id.ts';
import type { Removal } from './image-remover.ts';
import type { RemovedItem } from './image-service.ts';

/**
 * The lines that a removal is told in: each name and image in the order of its going, an image's layers right after it.
 *
 * @param layers Those that went, topmost first. One that several removed images stood on belongs to the last of them; one
 * that none did was left from before, and is not told.
 */
export function removedItems(removals: readonly Removal[], layers: readonly { readonly chainId: Digest }[]): readonly RemovedItem[] {
  const owners = new Map<Digest, Digest>();
  for (const { action, image } of removals) {
    if (action === 'delete') for (const chainId of chainIdsOf(image.diffIds)) owners.set(chainId, image.id);
  }
  return removals.flatMap(({ action, image, item }): readonly RemovedItem[] => {
    if (action !== 'delete') return [item];
    const own = layers.filter((layer) => owners.get(layer.chainId) === image.id);
    return [item, ...own.map((layer) => ({ deleted: layer.chainId }))];
  });
}
