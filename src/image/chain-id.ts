import { digestOf } from '../base/digest.ts';
import type { Digest } from '../base/digest.ts';

/**
 * The chain ID of every layer of an image, bottom first. image-spec, config.md, "Layer ChainID".
 *
 * @param diffIds Digests of the uncompressed tars, bottom first.
 */
export function chainIdsOf(diffIds: readonly Digest[]): readonly Digest[] {
  const chain: Digest[] = [];
  for (const diffId of diffIds) {
    const below = chain.at(-1);
    chain.push(below === undefined ? diffId : digestOf(`${below} ${diffId}`));
  }
  return chain;
}
