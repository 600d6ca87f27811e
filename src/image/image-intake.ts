import { Readable } from 'node:stream';
import { PierError } from '../base/errors.ts';
import { failpoint } from '../base/failpoint.ts';
import { timestamp } from '../base/timestamp.ts';
import { MAX_DOCUMENT_BYTES, MEDIA_TYPES } from '../oci/index.ts';
import type { BlobInfo, BlobStore, CommittedLayer, Database, LayerStore, UnpackLimits } from '../store/index.ts';
import { findArchiveImages } from './archive-images.ts';
import type { ArchiveImage } from './archive-images.ts';
import { DEFAULT_ARCHIVE_BYTES, readArchive } from './archive-reader.ts';
import type { ArchiveLimits } from './archive-reader.ts';
import { chainIdsOf } from './chain-id.ts';
import { decompress, limited, probeStream } from './compression.ts';
import type { StreamCompression } from './compression.ts';
import { committedConfig } from './committed-config.ts';
import type { ContentSweeper } from './content-sweeper.ts';
import { openImportSource } from './import-source.ts';
import { HOST_PLATFORM, formatPlatform, platformMatches } from '../base/platform.ts';
import type { Platform } from '../base/platform.ts';
import type { ImageCatalog } from './image-catalog.ts';
import { EMPTY_RUN_CONFIG, encodeImageConfig, parseImageConfig } from './image-config.ts';
import type { ImageConfig } from './image-config.ts';
import type { CommitLayerOptions, ImageProgress, ImportOptions, LoadedImage } from './image-service.ts';
import type { Descriptor, Image, ImageRunConfig } from './image.ts';
import { applyChanges } from './import-changes.ts';
import { formatReference } from './reference.ts';
import { parseNewTag } from './new-tag.ts';
import { recordImages } from './record-images.ts';
import type { PreparedImage } from './record-images.ts';

/** What an intake works with. */
export interface ImageIntakeConfig {
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly layers: LayerStore;
  readonly catalog: ImageCatalog;
  readonly sweeper: ContentSweeper;
  readonly limits: ArchiveLimits & UnpackLimits;
}

/** How a load is watched and stopped. */
export interface LoadOptions {
  /** Load only what is made for it. */
  readonly platform?: Platform;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ImageProgress) => void;
}

/**
 * Brings images in.
 *
 * Order: blobs, layers, rows, flush. Until the rows are there, what a failure or a crash leaves is garbage that the
 * sweeper removes, after the failure or at the next start.
 */
export class ImageIntake {
  readonly #config: ImageIntakeConfig;

  constructor(config: ImageIntakeConfig) {
    this.#config = config;
  }

  /** See `ImageService.load`. */
  async load(input: Readable, options: LoadOptions): Promise<readonly LoadedImage[]> {
    return this.#holding('image.load', async () => {
      const contents = await readArchive(input, this.#config.blobs, {
        limits: this.#config.limits,
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      failpoint('image.load.spooled');
      const prepared: PreparedImage[] = [];
      for (const item of await findArchiveImages(contents, this.#config.blobs, options.platform)) {
        const config = await this.#readConfig(item);
        if (options.platform === undefined || platformMatches(options.platform, config.platform)) {
          prepared.push(await this.#prepare(item, config, options));
        }
      }
      if (prepared.length === 0 && options.platform !== undefined) throw noneFor(options.platform);
      failpoint('image.load.unpacked');
      return recordImages(this.#config, prepared, 'image.load');
    });
  }

  /** See `ImageService.import`. */
  async import(input: Readable | URL, options: ImportOptions): Promise<Image> {
    const names = options.reference === undefined ? [] : [formatReference(parseNewTag(options.reference))];
    const wanted = applyChanges(EMPTY_RUN_CONFIG, options.changes ?? []);
    return this.#holding('image.import', async () => {
      using source = await openImportSource(input, options);
      const { blob, mediaType } = await this.#ingestLayer(source.content, options);
      failpoint('image.import.stored');
      options.onProgress?.({ layer: '', phase: 'unpacking', currentBytes: 0, totalBytes: blob.sizeBytes });
      const layer = await this.#config.layers.unpack({
        parent: undefined,
        blobPath: this.#config.blobs.pathOf(blob.digest),
        limits: this.#config.limits,
        ...signalOf(options),
      });
      failpoint('image.import.unpacked');
      const runConfig = withCommand(wanted, this.#config.layers.hasEntry(layer.chainId, 'bin', 'sh'));
      const createdAt = options.createdAt ?? timestamp();
      const comment = options.message ?? 'Imported from -';
      const config = await this.#config.blobs.ingest(
        encodeImageConfig({
          platform: options.platform ?? HOST_PLATFORM,
          createdAt,
          author: '',
          comment,
          dockerVersion: '',
          runConfig,
          history: [{ createdAt, createdBy: '', author: '', comment, isEmptyLayer: false }],
          diffIds: [layer.diffId],
        }),
      );
      const archiveImage: ArchiveImage = {
        config,
        manifest: undefined,
        layers: [{ ...blob, mediaType }],
        names,
        parentId: undefined,
      };
      const prepared = await this.#prepare(archiveImage, await this.#readConfig(archiveImage), options);
      const [loaded] = await recordImages(this.#config, [prepared], 'image.import');
      if (loaded === undefined) throw new PierError('Internal', 'Cannot import image: it was not committed');
      return loaded.image;
    });
  }

  /** Keeps the bytes as they come, unless no image may hold a layer that is compressed so. */
  async #ingestLayer(input: Readable, options: ImportOptions): Promise<{ readonly blob: BlobInfo; readonly mediaType: string }> {
    const probed = await probeStream(input, options.signal);
    const { compression } = probed;
    const isStorable = compression !== 'bzip2' && compression !== 'xz';
    const { archiveBytes = DEFAULT_ARCHIVE_BYTES } = this.#config.limits;
    const bytes = isStorable ? probed.bytes : limited(decompress(probed), archiveBytes);
    const blob = await this.#config.blobs.ingest(Readable.from(bytes, { objectMode: false }), signalOf(options));
    return { blob, mediaType: layerType(isStorable ? compression : 'none') };
  }

  /** See `ImageService.commit`. */
  async commit(tar: Readable, options: CommitLayerOptions): Promise<Image> {
    const { catalog, blobs, layers } = this.#config;
    const names = options.reference === undefined ? [] : [formatReference(parseNewTag(options.reference))];
    return this.#holding('image.commit', async () => {
      const parent = catalog.get(options.parentId);
      if (parent === undefined) throw new PierError('NotFound', `Cannot commit to image "${options.parentId}": it is gone`);
      const blob = await blobs.ingest(tar);
      failpoint('image.commit.stored');
      // The blob is the tar itself, so its digest is the layer's.
      await layers.unpack({
        parent: parent.chainId,
        blobPath: blobs.pathOf(blob.digest),
        compression: 'none',
        expectedDiffId: blob.digest,
        limits: this.#config.limits,
      });
      failpoint('image.commit.unpacked');
      const config = committedConfig(parent, blob.digest, options);
      const archiveImage: ArchiveImage = {
        config: await blobs.ingest(encodeImageConfig(config, options.madeFrom)),
        manifest: undefined,
        layers: [...parent.layers, { ...blob, mediaType: MEDIA_TYPES.layer }],
        names,
        parentId: undefined,
      };
      const prepared = await this.#prepare(archiveImage, await this.#readConfig(archiveImage), {});
      // It may have been removed meanwhile; its layers are held.
      const parentId = catalog.get(parent.id)?.id;
      const [made] = await recordImages(this.#config, [{ ...prepared, image: { ...prepared.image, parentId } }], 'image.commit');
      if (made === undefined) throw new PierError('Internal', 'Cannot commit image: it was not recorded');
      return made.image;
    });
  }

  /** Runs `work` while content is safe from the sweeper, and has its garbage swept if it fails. */
  async #holding<T>(name: string, work: () => Promise<T>): Promise<T> {
    const release = await this.#config.sweeper.hold();
    // Even a success leaves garbage: an archive's files that no image of it needs, a manifest that was there already.
    this.#config.sweeper.markDue();
    try {
      failpoint(`${name}.begin`);
      return await work();
    } catch (error) {
      throw asBadArchive(error);
    } finally {
      await release();
    }
  }

  async #prepare(found: ArchiveImage, config: ImageConfig, options: LoadOptions): Promise<PreparedImage> {
    const layers = await this.#unpack(found, config, options);
    const manifest = found.manifest ?? (await this.#writeManifest(found.config, await this.#typed(found.layers)));
    const { diffIds, ...described } = config;
    const image: Image = {
      ...described,
      id: found.config.digest,
      manifest,
      layers: await this.#typed(found.layers),
      diffIds,
      chainId: layers.at(-1)?.chainId,
      sizeBytes: layers.reduce((sum, layer) => sum + layer.usage.contentBytes, 0),
      parentId: undefined,
      tags: [],
      repoDigests: [],
      lastTaggedAt: undefined,
    };
    return { image, names: found.names, parentId: found.parentId };
  }

  async #readConfig(found: ArchiveImage): Promise<ImageConfig> {
    const { digest, sizeBytes } = found.config;
    if (sizeBytes > MAX_DOCUMENT_BYTES)
      throw new PierError('InvalidArgument', `Cannot load image "${digest}": its config has ${sizeBytes} bytes`);
    const config = parseImageConfig(await this.#config.blobs.read(digest));
    if (config.diffIds.length !== found.layers.length) {
      throw new PierError(
        'InvalidArgument',
        `Cannot load image "${digest}": ${found.layers.length} layers, but its config names ${config.diffIds.length}`,
      );
    }
    if (config.platform.os !== HOST_PLATFORM.os) {
      throw new PierError('InvalidArgument', `Cannot load image "${digest}": it is made for "${config.platform.os}"`);
    }
    return config;
  }

  async #unpack(found: ArchiveImage, config: ImageConfig, options: LoadOptions): Promise<readonly CommittedLayer[]> {
    const chain = chainIdsOf(config.diffIds);
    const unpacked: CommittedLayer[] = [];
    for (const [i, layer] of found.layers.entries()) {
      const diffId = config.diffIds[i];
      if (diffId === undefined) break;
      const progress = { layer: diffId.slice('sha256:'.length, 'sha256:'.length + 12), totalBytes: layer.sizeBytes };
      const known = this.#config.layers.find(chain[i] ?? diffId);
      if (known !== undefined) {
        unpacked.push(known);
        continue;
      }
      unpacked.push(
        await this.#config.layers.unpack({
          parent: chain[i - 1],
          blobPath: this.#config.blobs.pathOf(layer.digest),
          expectedDiffId: diffId,
          limits: this.#config.limits,
          onProgress: (currentBytes) => options.onProgress?.({ ...progress, phase: 'loading', currentBytes }),
          ...signalOf(options),
        }),
      );
      options.onProgress?.({ ...progress, phase: 'done', currentBytes: layer.sizeBytes });
    }
    return unpacked;
  }

  /** docker-archive does not say how a layer is compressed; its bytes do. */
  async #typed(layers: readonly Descriptor[]): Promise<readonly Descriptor[]> {
    const typed: Descriptor[] = [];
    for (const layer of layers) {
      if (layer.mediaType !== '') typed.push(layer);
      else {
        const blob = await this.#config.blobs.open(layer.digest);
        const { compression } = await probeStream(blob);
        blob.destroy();
        typed.push({ ...layer, mediaType: layerType(compression) });
      }
    }
    return typed;
  }

  async #writeManifest(config: BlobInfo, layers: readonly Descriptor[]): Promise<Descriptor> {
    const stored = await this.#config.blobs.ingest(
      Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: MEDIA_TYPES.manifest,
          config: { mediaType: MEDIA_TYPES.config, digest: config.digest, size: config.sizeBytes },
          layers: layers.map((layer) => ({ mediaType: layer.mediaType, digest: layer.digest, size: layer.sizeBytes })),
        }),
      ),
    );
    return { ...stored, mediaType: MEDIA_TYPES.manifest };
  }
}

function noneFor(platform: Platform): PierError {
  const text = formatPlatform(platform);
  return new PierError('NotFound', `Cannot load archive: no image in it is for "${text}"`, {
    reason: 'image.no-platform',
    facts: { platform: text },
  });
}

function layerType(compression: StreamCompression): string {
  if (compression === 'gzip') return MEDIA_TYPES.layerGzip;
  return compression === 'zstd' ? MEDIA_TYPES.layerZstd : MEDIA_TYPES.layer;
}

function signalOf(options: { readonly signal?: AbortSignal }): { readonly signal?: AbortSignal } {
  return options.signal === undefined ? {} : { signal: options.signal };
}

/** Whatever is wrong with the bytes of an archive is one thing to a caller: a bad archive. */
function asBadArchive(error: unknown): unknown {
  if (!(error instanceof PierError) || (error.code !== 'InvalidArgument' && error.code !== 'DataLoss')) return error;
  if (error.reason === 'image.unsupported-compression') return error;
  const because = error.cause instanceof Error && !error.message.includes(error.cause.message) ? `: ${error.cause.message}` : '';
  const detail = `${error.message}${because}`;
  return new PierError('InvalidArgument', detail, { cause: error, reason: 'image.bad-archive', facts: { detail } });
}

/**
 * A file system alone does not say what to run. Docker then makes an image that runs nothing until it is told what; where
 * there is a shell, that is what people mean.
 */
function withCommand(runConfig: ImageRunConfig, hasShell: boolean): ImageRunConfig {
  const isComplete = runConfig.command !== undefined || runConfig.entrypoint !== undefined;
  return isComplete || !hasShell ? runConfig : { ...runConfig, command: ['/bin/sh'] };
}
