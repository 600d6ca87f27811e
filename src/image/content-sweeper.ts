import type { Digest } from '../base/digest.ts';
import type { Logger } from '../base/logger.ts';
import { LayerInUseError } from '../store/index.ts';
import type { BlobStore, LayerStore } from '../store/index.ts';
import { chainIdsOf } from './chain-id.ts';
import type { ImageCatalog } from './image-catalog.ts';

/** What a sweep took away. */
export interface SweepResult {
  /** Topmost first. */
  readonly layers: readonly { readonly chainId: Digest; readonly contentBytes: number }[];
}

/**
 * Removes layers and blobs that no image needs any more.
 *
 * Images come in content first, row second, so their content looks like garbage for a while. Whoever brings content in,
 * or reads it at length, holds the sweeper meanwhile; a sweep that was asked for during that time runs at its end.
 */
export class ContentSweeper {
  readonly #catalog: ImageCatalog;
  readonly #blobs: BlobStore;
  readonly #layers: LayerStore;
  readonly #logger: Logger;
  #holders = 0;
  #isDue = false;
  #running: Promise<unknown> = Promise.resolve();

  constructor(catalog: ImageCatalog, blobs: BlobStore, layers: LayerStore, logger: Logger) {
    this.#catalog = catalog;
    this.#blobs = blobs;
    this.#layers = layers;
    this.#logger = logger;
  }

  /**
   * Keeps all content until the returned function is called, once. Waits for a sweep that is running.
   */
  async hold(): Promise<() => Promise<void>> {
    this.#holders++;
    await this.#running;
    let isHeld = true;
    return async () => {
      if (!isHeld) return;
      isHeld = false;
      this.#holders--;
      if (this.#holders === 0 && this.#isDue) await this.sweep();
    };
  }

  /** Asks for a sweep at the end of the holding that is going on. */
  markDue(): void {
    this.#isDue = true;
  }

  /** Sweeps now, or later if somebody holds content; then the result is empty. Never fails: what stays is swept next time. */
  async sweep(): Promise<SweepResult> {
    const run = this.#running.then(() => this.#sweepUnlessHeld());
    this.#running = run;
    return run;
  }

  async #sweepUnlessHeld(): Promise<SweepResult> {
    if (this.#holders > 0) {
      this.#isDue = true;
      return { layers: [] };
    }
    this.#isDue = false;
    try {
      const layers = await this.#sweepLayers();
      await this.#sweepBlobs();
      return { layers };
    } catch (error) {
      this.#isDue = true;
      this.#logger.warn('Cannot sweep image content', { error });
      return { layers: [] };
    }
  }

  async #sweepLayers(): Promise<SweepResult['layers']> {
    const needed = new Set(this.#catalog.all().flatMap((image) => chainIdsOf(image.diffIds)));
    const candidates = new Map(this.#layers.list().flatMap((layer) => (needed.has(layer.chainId) ? [] : [[layer.chainId, layer]])));
    const removed: { chainId: Digest; contentBytes: number }[] = [];
    // Each pass takes the layers that nothing unneeded stands on; what containers stand on stays, with all below it.
    for (let before = -1; before !== removed.length;) {
      before = removed.length;
      const parents = new Set([...candidates.values()].map((layer) => layer.parent));
      for (const layer of candidates.values()) {
        if (parents.has(layer.chainId) || !(await this.#removeLayer(layer.chainId))) continue;
        candidates.delete(layer.chainId);
        removed.push({ chainId: layer.chainId, contentBytes: layer.usage.contentBytes });
      }
    }
    return removed;
  }

  async #removeLayer(chainId: Digest): Promise<boolean> {
    try {
      await this.#layers.removeCommitted(chainId);
      return true;
    } catch (error) {
      if (error instanceof LayerInUseError) return false;
      throw error;
    }
  }

  async #sweepBlobs(): Promise<void> {
    const needed = new Set<Digest>();
    for (const image of this.#catalog.all()) {
      needed.add(image.id).add(image.manifest.digest);
      for (const layer of image.layers) needed.add(layer.digest);
    }
    for (const digest of await this.#blobs.list()) {
      if (!needed.has(digest)) await this.#blobs.remove(digest);
    }
  }
}
