/**
 * Layers: read-only file trees stacked on one another, and the writable ones that grow on top of them.
 *
 * ```
 * unpack(parent, blob) ────────────────────────────────────────► committed (chain ID)
 * prepare(key, parent) ──► writable ──commit(key, chainId)─────► committed
 *                             └────────remove(key)─────────────► gone
 * ```
 *
 * A committed layer never changes and may be the parent of others. A writable layer's upper directory is its diff.
 *
 * @module
 */
import type { Readable } from 'node:stream';
import { PierError } from '../base/errors.ts';
import type { Digest } from '../base/digest.ts';
import type { Mount } from '../linux/index.ts';

/** What a layer occupies by itself, without its parents. */
export interface LayerUsage {
  /** Sum of the sizes of everything but directories, hard links once: what Docker calls a layer's size. */
  readonly contentBytes: number;
  /** Bytes of disk allocated. */
  readonly allocatedBytes: number;
  readonly inodeCount: number;
}

/** A layer that is done and can be stacked on. */
export interface CommittedLayer {
  /** OCI chain ID: names this layer and everything below it. */
  readonly chainId: Digest;
  /** Digest of the uncompressed tar. */
  readonly diffId: Digest;
  /** `undefined` for a layer that stands on nothing. */
  readonly parent: Digest | undefined;
  readonly usage: LayerUsage;
}

/** One thing that a writable layer changes of those below. */
export interface LayerChange {
  /** Absolute. */
  readonly path: string;
  readonly kind: 'added' | 'deleted' | 'modified';
}

/** What whoever uses a layer has put there to show something else on; it belongs to no diff until somebody uses it. Relative paths. */
export interface LayerPlaceholders {
  /** Empty files. */
  readonly files: readonly string[];
  readonly directories: readonly string[];
}

/** A writable layer's directories. */
export interface WritableLayer {
  /** Mounts that show the tree, in the order to perform them. The store performs none for the caller. */
  readonly mounts: readonly Mount[];
  /** Mounts that show it without being able to write to it: harmless beside {@linkcode WritableLayer.mounts}, made before or after. */
  readonly readMounts: readonly Mount[];
  /** The directory that holds the layer's own entries (overlay whiteouts included). */
  readonly upperDir: string;
  /** What lies below, topmost first. */
  readonly lowerDirs: readonly string[];
  /** Overlayfs's own. */
  readonly workDir: string;
}

/** How a layer blob is compressed. `auto` looks at the first bytes. */
export type Compression = 'auto' | 'none' | 'gzip' | 'zstd';

/** Bounds that keep a hostile archive from filling the disk. Exceeding one fails with `ResourceExhausted`. */
export interface UnpackLimits {
  /** Uncompressed bytes of the tar. @default {64 GiB} */
  readonly uncompressedBytes?: number;
  /** Entries in the tar. @default {4,000,000} */
  readonly entryCount?: number;
}

/** What to unpack and where. */
export interface UnpackOptions {
  readonly parent: Digest | undefined;
  /** File with the (possibly compressed) tar. */
  readonly blobPath: string;
  readonly compression?: Compression;
  /** Fails with `DataLoss` if the uncompressed tar has another digest. */
  readonly expectedDiffId?: Digest;
  readonly limits?: UnpackLimits;
  readonly signal?: AbortSignal;
  /** Compressed bytes read so far. */
  readonly onProgress?: (readBytes: number) => void;
}

/** Thrown instead of removing a layer that others stand on. Code: `Conflict`. */
export class LayerInUseError extends PierError {
  /** The layers and writable keys that stand directly on it, sorted. */
  readonly dependents: readonly string[];

  constructor(chainId: Digest, dependents: readonly string[]) {
    super('Conflict', `Cannot remove layer "${chainId}": ${dependents.length} others stand on it`);
    this.dependents = dependents;
  }
}

/** The part of a store that a container needs: a root file system to write to. */
export interface LayerPreparer {
  /**
   * Makes a writable layer. Constant in the size of the parent; nothing is mounted.
   *
   * @param key The caller's own name for it, unique among writable layers.
   * @param parent The committed layer it starts from, or `undefined` for an empty tree.
   * @throws {PierError} `AlreadyExists` if the key is taken, `NotFound` if the parent is not there.
   */
  prepare(key: string, parent: Digest | undefined): Promise<WritableLayer>;

  /** The directories of a writable layer made earlier. @throws {PierError} `NotFound`. */
  writable(key: string): WritableLayer;

  /** Keys of all writable layers. For the sweep after a crash. */
  writableKeys(): readonly string[];

  /** Walks the upper directory (off the main thread). @throws {PierError} `NotFound`. */
  usage(key: string): Promise<LayerUsage>;

  /** What a writable layer changes: sorted by path, a directory before what it holds. @throws {PierError} `NotFound`. */
  changes(key: string, placeholders: LayerPlaceholders): Promise<readonly LayerChange[]>;

  /** The changes as an OCI layer's tar, whiteouts included, to be read or destroyed. @throws {PierError} `NotFound`. */
  packChanges(key: string, placeholders: LayerPlaceholders): Readable;

  /** Forgets a writable layer and frees its disk. @throws {PierError} `NotFound` if there is no such key. */
  remove(key: string): Promise<void>;
}

/** The whole store: what unpacking, building and garbage collection need. */
export interface LayerStore extends LayerPreparer, AsyncDisposable {
  /**
   * Unpacks a layer blob on top of a parent, so that no entry can write outside the layer, and commits it under its
   * chain ID. If that chain ID is committed already nothing is unpacked when `expectedDiffId` is given, and what was
   * unpacked is thrown away when it is not; either way the existing layer is returned.
   *
   * @throws {PierError} `InvalidArgument` for a malformed or escaping archive, `ResourceExhausted` for a limit or a full
   * disk, `DataLoss` for a wrong digest, `NotFound` for the parent.
   */
  unpack(options: UnpackOptions): Promise<CommittedLayer>;

  /** Freezes a writable layer under its chain ID; the key is free again afterwards. Either both happen or neither. */
  commit(key: string, chainId: Digest, diffId: Digest): Promise<CommittedLayer>;

  /** @throws {PierError} `NotFound` if no such layer is committed. */
  stat(chainId: Digest): CommittedLayer;

  /** A committed layer; `undefined` if there is no such one. */
  find(chainId: Digest): CommittedLayer | undefined;

  /**
   * The directory of a committed layer: its tree is `fs` in it, and an overlay's `work` lies beside.
   *
   * @throws {PierError} `NotFound` if no such layer is committed.
   */
  directoryOf(chainId: Digest): string;

  /**
   * Whether a committed layer itself, without its parents, has an entry in a directory; links are followed inside the layer.
   *
   * @param directory Relative: `bin`.
   * @throws {PierError} `NotFound` if no such layer is committed.
   */
  hasEntry(chainId: Digest, directory: string, name: string): boolean;

  /** All committed layers. */
  list(): readonly CommittedLayer[];

  /** @throws {LayerInUseError} If anything stands on it. @throws {PierError} `NotFound`. */
  removeCommitted(chainId: Digest): Promise<void>;
}
