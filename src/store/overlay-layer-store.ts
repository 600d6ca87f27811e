import { chmodSync, chownSync, closeSync, constants, lstatSync, mkdirSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { PierError, codeOfErrno, findPierError, hasCode, isErrno } from '../base/errors.ts';
import { SILENT } from '../base/logger.ts';
import { KeyedLock } from '../base/keyed-lock.ts';
import { digestOf } from '../base/digest.ts';
import { failpoint } from '../base/failpoint.ts';
import { escapeOverlayPath, openDirectoryInRoot, pathAt } from '../linux/index.ts';
import { LayerInUseError } from './layer-store.ts';
import { LayerTable } from './layer-table.ts';
import { LayerTrash } from './layer-trash.ts';
import { releaseArchiveWorker, runArchiveJob, streamArchiveJob } from './archive/archive-client.ts';
import type { Readable } from 'node:stream';
import type { Digest } from '../base/digest.ts';
import type { Logger } from '../base/logger.ts';
import type { Mount } from '../linux/index.ts';
import type { Database } from './database.ts';
import type { LayerTree } from './archive/layer-changes.ts';
import type { UnpackedLayer } from './archive/unpack-layer.ts';
import type { CommittedRecord, WritableRecord } from './layer-table.ts';
import type {
  CommittedLayer,
  LayerChange,
  LayerPlaceholders,
  LayerStore,
  LayerUsage,
  UnpackOptions,
  WritableLayer,
} from './layer-store.ts';

/** What an overlay layer store is made of. */
export interface OverlayLayerStoreConfig {
  /** The engine's root directory; `layers/` is made in it if absent. */
  readonly root: string;
  /** Opened with {@linkcode LAYER_SCHEMA}. Not closed by the store. */
  readonly database: Database;
  /** @default {SILENT} */
  readonly logger?: Logger;
}

const TRASH = '.trash';

/**
 * Opens a store that keeps layers as overlayfs directories: `ROOT/layers/NAME/{fs,work}`.
 *
 * Directories without a row are what a crash left; they are taken away here and removed in the background.
 */
export async function openOverlayLayerStore(config: OverlayLayerStoreConfig): Promise<LayerStore> {
  return new OverlayLayerStore(config);
}

// On the way in the directory comes first, on the way out the row goes first: a directory without a row is swept at the next
// start, while a row without a directory would be a layer that cannot be mounted.
class OverlayLayerStore implements LayerStore {
  readonly #layers: string;
  readonly #table: LayerTable;
  readonly #trash: LayerTrash;
  readonly #unpacking = new KeyedLock();
  /** Owner and mode of committed layers' root directories, which what stands on them must share. */
  readonly #rootMetadata = new Map<Digest, RootMetadata>();
  #lastName: number;

  constructor({ root, database, logger = SILENT }: OverlayLayerStoreConfig) {
    this.#layers = join(root, 'layers');
    mkdirSync(this.#layers, { recursive: true, mode: 0o700 });
    this.#table = new LayerTable(database);
    this.#trash = new LayerTrash(join(this.#layers, TRASH), logger);
    const known = this.#table.directories();
    const found = readdirSync(this.#layers).filter((name) => name !== TRASH);
    for (const name of found) if (!known.has(name)) this.#trash.drop(join(this.#layers, name));
    this.#lastName = Math.max(0, ...[...known, ...found].map((name) => Number.parseInt(name, 36) || 0));
  }

  async unpack(options: UnpackOptions): Promise<CommittedLayer> {
    const { parent, expectedDiffId } = options;
    if (expectedDiffId === undefined) return this.#unpack(options);
    // Two at a time would do the same work twice, to throw one away.
    const chainId = chainIdOf(parent, expectedDiffId);
    return this.#unpacking.run(chainId, async () => {
      const existing = this.#table.committed.get(chainId);
      return existing === undefined ? this.#unpack(options) : toLayer(existing);
    });
  }

  async commit(key: string, chainId: Digest, diffId: Digest): Promise<CommittedLayer> {
    this.#requireWritable(key);
    const usage = await this.usage(key);
    failpoint('layer.commit.measured');
    // Both may have changed while the tree was measured.
    const { dir, parent } = this.#requireWritable(key);
    if (this.#table.committed.has(chainId)) {
      throw new PierError('AlreadyExists', `Cannot commit layer "${key}": "${chainId}" is committed already`);
    }
    const record = { dir, parent, chainId, diffId, isOpaque: false, usage };
    this.#table.commit(key, record);
    failpoint('layer.commit.recorded');
    return toLayer(record);
  }

  async prepare(key: string, parent: Digest | undefined): Promise<WritableLayer> {
    if (this.#table.writable.has(key)) {
      throw new PierError('AlreadyExists', `Cannot prepare layer "${key}": the key is taken`);
    }
    const lower = this.#ancestors(parent);
    const dir = this.#makeDirectory(parent, 'prepare');
    try {
      failpoint('layer.prepare.made');
      this.#table.addWritable(key, { dir, parent });
    } catch (error) {
      this.#trash.drop(join(this.#layers, dir));
      throw error;
    }
    failpoint('layer.prepare.recorded');
    return this.#describe(dir, lower);
  }

  writable(key: string): WritableLayer {
    const { dir, parent } = this.#requireWritable(key);
    return this.#describe(dir, this.#ancestors(parent));
  }

  writableKeys(): readonly string[] {
    return [...this.#table.writable.keys()];
  }

  async usage(key: string): Promise<LayerUsage> {
    return runArchiveJob('measure', { directory: this.#contents(this.#requireWritable(key).dir) });
  }

  async changes(key: string, placeholders: LayerPlaceholders): Promise<readonly LayerChange[]> {
    return runArchiveJob('changes', this.#tree(key, placeholders));
  }

  packChanges(key: string, placeholders: LayerPlaceholders): Readable {
    return streamArchiveJob('packLayer', this.#tree(key, placeholders));
  }

  async remove(key: string): Promise<void> {
    const record = this.#requireWritable(key);
    this.#table.deleteWritable(key, record);
    failpoint('layer.remove.forgotten');
    this.#trash.drop(join(this.#layers, record.dir));
    failpoint('layer.remove.dropped');
  }

  stat(chainId: Digest): CommittedLayer {
    return toLayer(this.#requireCommitted(chainId));
  }

  find(chainId: Digest): CommittedLayer | undefined {
    const record = this.#table.committed.get(chainId);
    return record === undefined ? undefined : toLayer(record);
  }

  directoryOf(chainId: Digest): string {
    return join(this.#layers, this.#requireCommitted(chainId).dir);
  }

  hasEntry(chainId: Digest, directory: string, name: string): boolean {
    const root = openSync(join(this.#layers, this.#requireCommitted(chainId).dir, 'fs'), constants.O_RDONLY | constants.O_DIRECTORY);
    try {
      const dir = openDirectoryInRoot(root, directory);
      try {
        return lstatSync(pathAt(dir, name), { throwIfNoEntry: false }) !== undefined;
      } finally {
        closeSync(dir);
      }
    } catch (error) {
      if (hasCode(error, 'NotFound') || isErrno(error, 'ENOTDIR') || isErrno(error, 'ELOOP')) return false;
      throw error;
    } finally {
      closeSync(root);
    }
  }

  list(): readonly CommittedLayer[] {
    return [...this.#table.committed.values()].map(toLayer);
  }

  async removeCommitted(chainId: Digest): Promise<void> {
    const record = this.#requireCommitted(chainId);
    const dependents = this.#dependentsOf(chainId);
    if (dependents.length > 0) throw new LayerInUseError(chainId, dependents);
    this.#table.deleteCommitted(record);
    this.#rootMetadata.delete(chainId);
    failpoint('layer.remove.forgotten');
    this.#trash.drop(join(this.#layers, record.dir));
    failpoint('layer.remove.dropped');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#trash[Symbol.asyncDispose]();
    await releaseArchiveWorker();
  }

  async #unpack(options: UnpackOptions): Promise<CommittedLayer> {
    const { parent, expectedDiffId } = options;
    const lower = this.#ancestors(parent);
    const dir = this.#makeDirectory(parent, 'unpack');
    let record: CommittedRecord;
    try {
      failpoint('layer.unpack.made');
      const unpacked = await this.#fill(dir, lower, options);
      failpoint('layer.unpack.filled');
      if (expectedDiffId !== undefined && expectedDiffId !== unpacked.diffId) {
        throw new PierError('DataLoss', `Cannot unpack layer "${expectedDiffId}": its content has the digest "${unpacked.diffId}"`);
      }
      record = this.#record(dir, parent, unpacked);
    } catch (error) {
      this.#trash.drop(join(this.#layers, dir));
      throw error;
    }
    failpoint('layer.unpack.recorded');
    return toLayer(record);
  }

  async #fill(dir: string, lower: readonly string[], options: UnpackOptions): Promise<UnpackedLayer> {
    const job = {
      directory: this.#contents(dir),
      // Nothing mounts the layer yet, so its work directory is free.
      scrapDirectory: join(this.#layers, dir, 'work'),
      lowerDirectories: lower.map((name) => this.#contents(name)),
      blobPath: options.blobPath,
      compression: options.compression ?? 'auto',
      limits: options.limits ?? {},
    };
    return runArchiveJob('unpack', job, { signal: options.signal, onProgress: options.onProgress });
  }

  #record(dir: string, parent: Digest | undefined, { diffId, usage, isRootOpaque }: UnpackedLayer): CommittedRecord {
    const chainId = chainIdOf(parent, diffId);
    const existing = this.#table.committed.get(chainId);
    if (existing !== undefined) {
      this.#trash.drop(join(this.#layers, dir));
      return existing;
    }
    if (parent !== undefined) this.#requireCommitted(parent);
    const record = { dir, parent, chainId, diffId, isOpaque: isRootOpaque, usage };
    this.#table.addCommitted(record);
    return record;
  }

  /** Makes an empty layer whose root looks like its parent's. Names are short, because all layers' paths go into one mount. */
  #makeDirectory(parent: Digest | undefined, verb: string): string {
    const name = (++this.#lastName).toString(36);
    const path = join(this.#layers, name);
    try {
      mkdirSync(path, { mode: 0o700 });
      mkdirSync(join(path, 'fs'), { mode: 0o755 });
      mkdirSync(join(path, 'work'), { mode: 0o700 });
      this.#copyRoot(parent, join(path, 'fs'));
    } catch (error) {
      this.#trash.drop(path);
      const errno = error instanceof Error && 'code' in error ? String(error.code) : '';
      const known = findPierError(error);
      if (known !== undefined) throw known;
      throw new PierError(codeOfErrno(errno), `Cannot ${verb} layer in "${this.#layers}": ${errno}`, { cause: error });
    }
    return name;
  }

  #copyRoot(parent: Digest | undefined, path: string): void {
    const { uid, gid, mode } = parent === undefined ? DEFAULT_ROOT : this.#rootMetadataOf(parent);
    if (uid !== 0 || gid !== 0) chownSync(path, uid, gid);
    chmodSync(path, mode);
  }

  #rootMetadataOf(chainId: Digest): RootMetadata {
    const known = this.#rootMetadata.get(chainId);
    if (known !== undefined) return known;
    const { uid, gid, mode } = lstatSync(this.#contents(this.#requireCommitted(chainId).dir));
    const metadata = { uid, gid, mode: mode & 0o7777 };
    this.#rootMetadata.set(chainId, metadata);
    return metadata;
  }

  #describe(dir: string, lower: readonly string[]): WritableLayer {
    const upperDir = this.#contents(dir);
    const lowerDirs = lower.map((name) => this.#contents(name));
    const workDir = join(this.#layers, dir, 'work');
    return { upperDir, lowerDirs, workDir, mounts: [this.#mount(dir, lower)], readMounts: [this.#readMount(dir, lower)] };
  }

  #tree(key: string, placeholders: LayerPlaceholders): LayerTree {
    const { dir, parent } = this.#requireWritable(key);
    const lowerDirectories = this.#ancestors(parent).map((name) => this.#contents(name));
    return { upperDirectory: this.#contents(dir), lowerDirectories, placeholders };
  }

  #readMount(dir: string, lower: readonly string[]): Mount {
    if (lower.length === 0) return { type: 'bind', source: this.#contents(dir), options: ['bind', 'ro'] };
    // A work directory must not be shared: each mount of it cleans up.
    const all = [dir, ...lower].map((name) => escapeOverlayPath(this.#contents(name))).join(':');
    return { type: 'overlay', source: 'overlay', options: ['ro', `lowerdir=${all}`] };
  }

  #mount(dir: string, lower: readonly string[]): Mount {
    // The kernel refuses an overlay without a lower directory.
    if (lower.length === 0) return { type: 'bind', source: this.#contents(dir), options: ['rbind', 'rw'] };
    const lowerDirs = lower.map((name) => escapeOverlayPath(this.#contents(name))).join(':');
    const upperDir = escapeOverlayPath(this.#contents(dir));
    const workDir = escapeOverlayPath(join(this.#layers, dir, 'work'));
    return { type: 'overlay', source: 'overlay', options: [`lowerdir=${lowerDirs}`, `upperdir=${upperDir}`, `workdir=${workDir}`] };
  }

  /** The directories of a layer and of all below it that can be seen through it, topmost first, as `lowerdir` wants them. */
  #ancestors(chainId: Digest | undefined): readonly string[] {
    const dirs: string[] = [];
    for (let next = chainId; next !== undefined;) {
      const { dir, parent, isOpaque } = this.#requireCommitted(next);
      dirs.push(dir);
      next = isOpaque ? undefined : parent;
    }
    return dirs;
  }

  #dependentsOf(chainId: Digest): readonly string[] {
    const committed = [...this.#table.committed.values()].filter(({ parent }) => parent === chainId).map((layer) => layer.chainId);
    const writable = [...this.#table.writable].filter(([, { parent }]) => parent === chainId).map(([key]) => key);
    return [...committed, ...writable].toSorted();
  }

  #requireCommitted(chainId: Digest): CommittedRecord {
    const record = this.#table.committed.get(chainId);
    if (record === undefined) throw new PierError('NotFound', `Cannot find layer "${chainId}"`);
    return record;
  }

  #requireWritable(key: string): WritableRecord {
    const record = this.#table.writable.get(key);
    if (record === undefined) throw new PierError('NotFound', `Cannot find writable layer "${key}"`);
    return record;
  }

  #contents(dir: string): string {
    return join(this.#layers, dir, 'fs');
  }
}

interface RootMetadata {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

const DEFAULT_ROOT: RootMetadata = { uid: 0, gid: 0, mode: 0o755 };

/** OCI image-spec, config.md, "Layer ChainID". */
function chainIdOf(parent: Digest | undefined, diffId: Digest): Digest {
  return parent === undefined ? diffId : digestOf(`${parent} ${diffId}`);
}

function toLayer({ chainId, diffId, parent, usage }: CommittedLayer): CommittedLayer {
  return { chainId, diffId, parent, usage };
}
