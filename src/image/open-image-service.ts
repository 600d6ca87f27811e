import type { Readable } from 'node:stream';
import type { Digest } from '../base/digest.ts';
import { PierError } from '../base/errors.ts';
import { failpoint } from '../base/failpoint.ts';
import { SILENT } from '../base/logger.ts';
import type { Logger } from '../base/logger.ts';
import type { BlobStore, Database, LayerStore, UnpackLimits } from '../store/index.ts';
import { chainIdsOf } from './chain-id.ts';
import type { ArchiveLimits } from './archive-reader.ts';
import { ContentSweeper } from './content-sweeper.ts';
import { writeImageArchive } from './image-archive-writer.ts';
import { ImageCatalog } from './image-catalog.ts';
import { filterImages } from './image-filter.ts';
import { findImage } from './image-finder.ts';
import { historyOf } from './image-history.ts';
import { ImageIntake } from './image-intake.ts';
import type { LoadOptions } from './image-intake.ts';
import { ImageRemover } from './image-remover.ts';
import type { Removal, RemoveOptions } from './image-remover.ts';
import type {
  CommitLayerOptions,
  HistoryLine,
  ImageEvent,
  ImageFilter,
  ImageLayer,
  ImageService,
  ImageUsersLookup,
  ImportOptions,
  LoadedImage,
  PruneResult,
  RemovedItem,
} from './image-service.ts';
import type { Image } from './image.ts';
import { parseNewTag } from './new-tag.ts';
import { removedItems } from './removed-items.ts';
import { formatFamiliar, formatReference } from './reference.ts';
import { selectForSave } from './save-selection.ts';

/** What an image service works with. It closes none of it. */
export interface ImageServiceConfig {
  /** Opened with `IMAGE_SCHEMA`. */
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly layers: LayerStore;
  readonly usersOf: ImageUsersLookup;
  readonly onEvent?: (event: ImageEvent) => void;
  readonly logger?: Logger;
  /** Bounds on archives that come in. */
  readonly limits?: ArchiveLimits & UnpackLimits;
}

/** Opens the images of an engine root, and removes the content that a crash left without an image. */
export async function openImageService(config: ImageServiceConfig): Promise<ImageService> {
  const service = new StoredImageService(config);
  await service.sweep();
  return service;
}

/** Order of every change: rows, flush, events; content goes last, and comes first (see `ImageIntake`). */
class StoredImageService implements ImageService {
  readonly #config: ImageServiceConfig;
  readonly #catalog: ImageCatalog;
  readonly #sweeper: ContentSweeper;
  readonly #intake: ImageIntake;
  readonly #remover: ImageRemover;
  #isPruning = false;

  constructor(config: ImageServiceConfig) {
    const { database, blobs, layers, usersOf, logger = SILENT, limits = {} } = config;
    this.#config = config;
    this.#catalog = new ImageCatalog(database);
    this.#sweeper = new ContentSweeper(this.#catalog, blobs, layers, logger);
    this.#intake = new ImageIntake({ database, blobs, layers, catalog: this.#catalog, sweeper: this.#sweeper, limits });
    this.#remover = new ImageRemover(this.#catalog, usersOf);
  }

  get(reference: string): Image {
    return findImage(this.#catalog, reference);
  }

  has(id: Digest): boolean {
    return this.#catalog.get(id) !== undefined;
  }

  list(filter: ImageFilter = {}): readonly Image[] {
    return filterImages(this.#catalog.all(), filter, this.#catalog.parents(), (reference) => this.get(reference));
  }

  history(reference: string): readonly HistoryLine[] {
    return historyOf(this.get(reference), this.#config.layers, (id) => this.#catalog.get(id));
  }

  layers(reference: string): readonly ImageLayer[] {
    const { layers } = this.#config;
    return chainIdsOf(this.get(reference).diffIds).map((chainId) => ({
      chainId,
      contentBytes: layers.stat(chainId).usage.contentBytes,
      directory: layers.directoryOf(chainId),
    }));
  }

  layersBytes(): number {
    const chainIds = new Set(this.#catalog.all().flatMap((image) => chainIdsOf(image.diffIds)));
    return [...chainIds].reduce((sum, chainId) => sum + this.#config.layers.stat(chainId).usage.contentBytes, 0);
  }

  async load(input: Readable, options: LoadOptions = {}): Promise<readonly LoadedImage[]> {
    const loaded = await this.#intake.load(input, options);
    for (const { image } of loaded) this.#emit('load', image);
    return loaded;
  }

  async save(references: readonly string[]): Promise<Readable> {
    // Held from the choice on, so that no blob goes while the archive is read.
    const release = await this.#sweeper.hold();
    try {
      const selected = selectForSave(this.#catalog, references);
      const archive = await writeImageArchive(selected, this.#config.blobs, () => void release());
      for (const { image } of selected) this.#emit('save', image);
      return archive;
    } catch (error) {
      await release();
      throw error;
    }
  }

  async import(input: Readable | URL, options: ImportOptions = {}): Promise<Image> {
    const image = await this.#intake.import(input, options);
    if (options.reference !== undefined) this.#emit('tag', image, formatFamiliar(parseNewTag(options.reference)));
    this.#emit('import', image);
    return image;
  }

  async commit(layer: Readable, options: CommitLayerOptions): Promise<Image> {
    this.checkCommit(options);
    const image = await this.#intake.commit(layer, options);
    this.#emit('create', image);
    if (options.reference !== undefined) this.#emit('tag', image, formatFamiliar(parseNewTag(options.reference)));
    return image;
  }

  checkCommit({ parentId, reference }: Pick<CommitLayerOptions, 'parentId' | 'reference'>): void {
    this.get(parentId);
    if (reference !== undefined) parseNewTag(reference);
  }

  async tag(reference: string, newReference: string): Promise<void> {
    const image = this.get(reference);
    const name = parseNewTag(newReference);
    failpoint('image.tag.begin');
    this.#catalog.change((edit) => edit.tag(formatReference(name), image.id));
    failpoint('image.tag.committed');
    await this.#config.database.flush();
    failpoint('image.tag.flushed');
    this.#emit('tag', image, formatFamiliar(name));
  }

  async remove(reference: string, options: RemoveOptions = {}): Promise<readonly RemovedItem[]> {
    failpoint('image.remove.begin');
    const removals = this.#remover.remove(reference, options);
    const { layers } = await this.#finish(removals);
    return removedItems(removals, layers);
  }

  async prune(filter: ImageFilter = {}): Promise<PruneResult> {
    if (this.#isPruning) throw new PierError('Conflict', 'Cannot prune images: a prune is running', { reason: 'image.prune-running' });
    this.#isPruning = true;
    try {
      const { dangling = true, ...rest } = filter;
      const candidates = this.list(dangling ? { ...rest, dangling } : { ...rest, hidesIntermediate: true });
      const removals = candidates.flatMap((image) => this.#remover.removeIfUnused(image.id));
      const { layers } = await this.#finish(removals);
      const reclaimedBytes = layers.reduce((sum, layer) => sum + layer.contentBytes, 0);
      this.#config.onEvent?.({ action: 'prune', id: '', name: '', attributes: { reclaimed: String(reclaimedBytes) } });
      return { removed: removedItems(removals, layers), reclaimedBytes };
    } finally {
      this.#isPruning = false;
    }
  }

  async sweep(): Promise<void> {
    await this.#sweeper.sweep();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // Whatever is being swept finishes first, so that the stores can be closed.
    await (
      await this.#sweeper.hold()
    )();
  }

  /** What follows a removal's rows. The layers are those that went, topmost first. */
  async #finish(
    removals: readonly Removal[],
  ): Promise<{ readonly layers: readonly { readonly chainId: Digest; readonly contentBytes: number }[] }> {
    if (removals.length === 0) return { layers: [] };
    failpoint('image.remove.committed');
    await this.#config.database.flush();
    failpoint('image.remove.flushed');
    for (const { action, image } of removals) this.#emit(action, image);
    if (!removals.some((removal) => removal.action === 'delete')) return { layers: [] };
    const swept = await this.#sweeper.sweep();
    failpoint('image.remove.swept');
    return swept;
  }

  #emit(action: ImageEvent['action'], image: Image, name: string = image.id): void {
    // A deleted image's labels are gone when Docker reports it.
    const labels = action === 'delete' ? {} : image.runConfig.labels;
    this.#config.onEvent?.({ action, id: image.id, name, attributes: { ...labels, name } });
  }
}
