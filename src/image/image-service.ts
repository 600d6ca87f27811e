/**
 * The images of one engine: bringing them in, naming them, taking them out.
 *
 * ```
 * load / import ──► blobs ──► layers ──► image row (+ tags)       tag, untag
 *                                             └──remove/prune──► row gone ──► layers, blobs swept
 * ```
 *
 * @module
 */
import type { Readable } from 'node:stream';
import type { Digest } from '../base/digest.ts';
import type { Platform } from '../base/platform.ts';
import type { Image, ImageRunConfig } from './image.ts';

/** Who stands on an image. Answered by the engine, so that `image/` need not know containers. */
export interface ImageUser {
  readonly containerId: string;
  readonly isRunning: boolean;
}

/** Asks who uses an image. Must be synchronous: it is called inside transactions. */
export type ImageUsersLookup = (imageId: Digest) => readonly ImageUser[];

/** Something that happened to an image; Docker's event actions. */
export interface ImageEvent {
  readonly action: 'create' | 'load' | 'import' | 'tag' | 'untag' | 'delete' | 'save' | 'prune';
  /** Image id (for `load`/`import`/`delete`/…) as Docker reports it. */
  readonly id: string;
  /** The reference in familiar form, or the id. */
  readonly name: string;
  /** All that Docker reports: the image's labels, and `name`; for `prune` only `reclaimed`, in bytes. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** How far a load or import is. */
export interface ImageProgress {
  /** Short layer digest or '' for messages about the whole. */
  readonly layer: string;
  readonly phase: 'loading' | 'unpacking' | 'done';
  readonly currentBytes: number;
  readonly totalBytes: number;
}

/** What `load` brought: a reference when the archive named one, else the id. */
export interface LoadedImage {
  readonly image: Image;
  /** Familiar references given to it (`busybox:latest`), possibly none. */
  readonly references: readonly string[];
  /** Familiar references that another image had until now. */
  readonly renamed: readonly { readonly reference: string; readonly previousId: Digest }[];
}

/** How an import is named and configured. */
export interface ImportOptions {
  /** `repo[:tag]`; untagged when `undefined`. */
  readonly reference?: string;
  /** @default {"Imported from -"} */
  readonly message?: string;
  /** Dockerfile instructions as `docker import -c` takes them: CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, USER, VOLUME, WORKDIR, STOPSIGNAL, HEALTHCHECK, ONBUILD. */
  readonly changes?: readonly string[];
  readonly platform?: Platform;
  /** RFC 3339; the same input with the same time makes the same image. @default {now} */
  readonly createdAt?: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ImageProgress) => void;
}

/** How an image is made of another and one layer more. */
export interface CommitLayerOptions {
  readonly parentId: Digest;
  /** `repo[:tag]`; untagged when `undefined`. */
  readonly reference?: string;
  readonly author: string;
  readonly message: string;
  readonly createdBy: string;
  readonly runConfig: ImageRunConfig;
  /** The container that the layer was; only recorded. */
  readonly madeFrom: { readonly containerId: string; readonly hostname: string; readonly runConfig: ImageRunConfig };
}

/** One line of `docker rmi`. */
export type RemovedItem = { readonly untagged: string } | { readonly deleted: string };

/** What a prune took away. */
export interface PruneResult {
  readonly removed: readonly RemovedItem[];
  readonly reclaimedBytes: number;
}

/** Which images a listing or prune is about; all given conditions must hold. */
export interface ImageFilter {
  /** True: no tag, and no image was made from it. False: it has a name. */
  readonly dangling?: boolean;
  /** Leaves out the images without a name that others were made from. @default {false} */
  readonly hidesIntermediate?: boolean;
  /** Familiar patterns with `*`, `?`, `[…]`. */
  readonly references?: readonly string[];
  /** `key` or `key=value`. */
  readonly labels?: readonly string[];
  readonly notLabels?: readonly string[];
  /** Image references: created before / since that image. */
  readonly before?: string;
  readonly since?: string;
  /** RFC 3339: created before this time. */
  readonly until?: string;
}

/** One line of `docker history`, newest first. */
export interface HistoryLine {
  /** The image id for the newest step, then those of its parents; `<missing>` below. */
  readonly id: string;
  readonly createdAt: string | undefined;
  readonly createdBy: string;
  readonly comment: string;
  readonly sizeBytes: number;
  readonly tags: readonly string[];
}

/** A layer of an image, in its place on those below it. */
export interface ImageLayer {
  readonly chainId: Digest;
  /** What it adds by itself. */
  readonly contentBytes: number;
  /** Its directory on the host: `fs` in it is the tree, which nobody may change. */
  readonly directory: string;
}

/** The images of one engine. Reads answer from memory. */
export interface ImageService extends AsyncDisposable {
  /**
   * Finds an image by reference (`alpine`, `repo:tag`, `repo@sha256:…`), full id, or unique id prefix.
   *
   * @throws {PierError} `NotFound`, reason `image.not-found`, facts `{ reference }` (familiar form with tag);
   * `InvalidArgument`, reason `image.bad-reference`, facts `{ reference }`; `Conflict`, reason `image.ambiguous-id`.
   */
  get(reference: string): Image;
  /** Whether the store has the image of this id. A container may outlive its image. */
  has(id: Digest): boolean;
  list(filter?: ImageFilter): readonly Image[];
  history(reference: string): readonly HistoryLine[];
  /** An image's layers, bottom first. @throws {PierError} As {@linkcode ImageService.get}. */
  layers(reference: string): readonly ImageLayer[];
  /** Bytes that removing containers and images could ever free: all layers of images, each once. */
  layersBytes(): number;

  /**
   * Brings in the images of an archive: docker-archive or OCI layout inside a tar; plain, gzip, zstd, bzip2 or xz.
   *
   * @throws {PierError} `InvalidArgument` and nothing changed; reason `image.bad-archive` (facts `{ detail }`) or
   * `image.unsupported-compression` (facts `{ compression, program, package }`: the program is not installed). `ResourceExhausted` for a limit or a full disk.
   * `NotFound`, reason `image.no-platform`, facts `{ platform }`, if nothing in it is for the platform that was asked for.
   */
  load(
    input: Readable,
    options?: {
      /** Load only what is made for it. */
      readonly platform?: Platform;
      readonly signal?: AbortSignal;
      readonly onProgress?: (progress: ImageProgress) => void;
    },
  ): Promise<readonly LoadedImage[]>;

  /**
   * Streams a tar that is both an OCI layout and a docker-archive (manifest.json), as dockerd 28 writes it. Read it to the
   * end or destroy it: what is removed meanwhile is freed only then.
   *
   * @throws {PierError} As {@linkcode ImageService.get}; `NotFound`, reason `image.reference-not-found`, facts
   * `{ reference }`, for a name with a tag that no image has.
   */
  save(references: readonly string[]): Promise<Readable>;

  /**
   * Makes an image of one layer out of a root file system tar: plain, gzip, zstd, bzip2 or xz (the latter two by programs of
   * this machine).
   *
   * @param input Where it comes from; a URL is fetched over HTTP, which `onProgress` tells of.
   * @throws {PierError} `InvalidArgument` and nothing changed; reason `image.bad-archive`, `image.unsupported-compression`
   * (facts `{ compression, program, package }`: the program is not installed), `image.bad-change` (facts `{ instruction, problem }`),
   * or one about the reference; as {@linkcode openDownload}.
   */
  import(input: Readable | URL, options?: ImportOptions): Promise<Image>;

  /**
   * Makes an image of another and one layer more.
   *
   * @param layer The layer's tar, not compressed.
   * @throws {PierError} As {@linkcode ImageService.checkCommit}; what reading the layer fails with.
   */
  commit(layer: Readable, options: CommitLayerOptions): Promise<Image>;

  /** Tells whether a commit can succeed. @throws {PierError} As {@linkcode ImageService.get} and {@linkcode ImageService.tag}. */
  checkCommit(options: Pick<CommitLayerOptions, 'parentId' | 'reference'>): void;

  /**
   * Gives an image another name; moves the name if another image had it.
   *
   * @throws {PierError} As {@linkcode ImageService.get}; `InvalidArgument`, reason `image.digest-reference` or
   * `image.ambiguous-name`, facts `{ reference }`, for a new name that holds or looks like a digest.
   */
  tag(reference: string, newReference: string): Promise<void>;

  /**
   * Docker's rmi: untags; deletes the image when its last name goes and nobody uses it, and then its parents that have no
   * name, no other child and no user.
   *
   * @param options `force` takes it from containers that do not run, `noPrune` keeps the parents.
   * @throws {PierError} `NotFound`; `Conflict` with reason `image.in-use` (facts `{ reference, imageId, containerId, isRunning: 'true'|'false',
   * by: 'name'|'id' }`: whether a name was to be removed or the image itself), `image.several-tags` or `image.has-children`
   * (facts `{ imageId }`).
   */
  remove(reference: string, options?: { readonly force?: boolean; readonly noPrune?: boolean }): Promise<readonly RemovedItem[]>;

  /** Removes images that no container uses: dangling ones only, unless `filter.dangling` is `false`. */
  prune(filter?: ImageFilter): Promise<PruneResult>;

  /**
   * Frees the layers and blobs that neither an image nor a container needs. For the engine to call after it removed a
   * container whose image was removed by force; everything else sweeps after itself.
   */
  sweep(): Promise<void>;
}
