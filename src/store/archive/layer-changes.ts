import { closeSync, constants, lstatSync, openSync, readdirSync } from 'node:fs';
import { PierError } from '../../base/errors.ts';
import { getXattr, openDirectoryAt, pathAt, textOf } from '../../linux/index.ts';
import { isOpaque, isWhiteout } from '../../tar/index.ts';
import { LowerLayers } from './lower-layers.ts';
import type { BigIntStats } from 'node:fs';
import type { ByteString } from '../../linux/index.ts';
import type { LayerChange, LayerPlaceholders } from '../layer-store.ts';

/** A writable layer and what it stands on. */
export interface LayerTree {
  readonly upperDirectory: string;
  /** Topmost first. */
  readonly lowerDirectories: readonly string[];
  readonly placeholders: LayerPlaceholders;
}

/** One descriptor a level is held. */
const DEPTH_LIMIT = 1000;

/**
 * What a writable layer changes of those below: as `docker diff` tells it, sorted by path, a directory before what it holds.
 *
 * @throws {PierError} `ResourceExhausted` for a tree nested deeper than a thousand levels.
 */
export function findChanges(tree: LayerTree): readonly LayerChange[] {
  const skips = unusedPlaceholders(tree);
  using lower = new LowerLayers(tree.lowerDirectories);
  const root = openSync(tree.upperDirectory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    return new ChangeFinder(lower, skips).find(root, '.', true);
  } finally {
    closeSync(root);
  }
}

/**
 * Paths of a layer that the engine made and nobody has used since: they belong to no diff.
 *
 * A directory counts if nothing else is in it and it does not differ from the one below.
 */
export function unusedPlaceholders({ upperDirectory, lowerDirectories, placeholders }: LayerTree): ReadonlySet<ByteString> {
  using lower = new LowerLayers(lowerDirectories);
  const root = openSync(upperDirectory, constants.O_RDONLY | constants.O_DIRECTORY);
  const unused = new Set<ByteString>();
  try {
    for (const path of placeholders.files) {
      const stats = lstatOf(root, path);
      if (stats?.isFile() === true && stats.size === 0n && findBelow(lower, path) === undefined) unused.add(path);
    }
    for (const path of placeholders.directories) {
      const stats = lstatOf(root, path);
      if (stats?.isDirectory() !== true || isOpaque(pathAt(root, path))) continue;
      const below = findBelow(lower, path);
      const isSame = below === undefined || (below.stats.isDirectory() && !differs(stats, below.stats));
      const names = readdirSync(pathAt(root, path), 'latin1');
      if (isSame && names.every((name) => unused.has(`${path}/${name}`))) unused.add(path);
    }
    return unused;
  } finally {
    closeSync(root);
  }
}

class ChangeFinder {
  readonly #lower: LowerLayers;
  readonly #skips: ReadonlySet<ByteString>;

  constructor(lower: LowerLayers, skips: ReadonlySet<ByteString>) {
    this.#lower = lower;
    this.#skips = skips;
  }

  /** @param hasLower Whether the layers below have a directory of that path. */
  find(dir: number, path: ByteString, hasLower: boolean, depth: number = 1): readonly LayerChange[] {
    if (depth > DEPTH_LIMIT)
      throw new PierError('ResourceExhausted', `Cannot compare layer: it is nested deeper than ${DEPTH_LIMIT} levels`);
    const names = new Set(readdirSync(pathAt(dir), 'latin1'));
    const isHiding = hasLower && isOpaque(pathAt(dir));
    const hidden = isHiding ? this.#lower.names(path).filter((name) => !names.has(name)) : [];
    for (const name of hidden) names.add(name);
    const gone = new Set(hidden);
    return [...names].toSorted().flatMap((name): readonly LayerChange[] => {
      const child = path === '.' ? name : `${path}/${name}`;
      if (gone.has(name)) return [{ path: absolute(child), kind: 'deleted' }];
      return this.#skips.has(child) ? [] : this.#compare(dir, name, child, hasLower, depth);
    });
  }

  #compare(dir: number, name: ByteString, path: ByteString, hasLower: boolean, depth: number): readonly LayerChange[] {
    const stats = lstatOf(dir, name);
    if (stats === undefined) return [];
    if (isWhiteout(stats)) return [{ path: absolute(path), kind: 'deleted' }];
    const below = hasLower ? findBelow(this.#lower, path) : undefined;
    const isBothDirectory = stats.isDirectory() && below?.stats.isDirectory() === true;
    const children = stats.isDirectory() ? this.#children(dir, name, path, isBothDirectory, depth) : [];
    if (below === undefined) return [{ path: absolute(path), kind: 'added' }, ...children];
    const isChanged = differs(stats, below.stats) || capabilityOf(pathAt(dir, name)) !== capabilityOf(below.path);
    if (!isChanged && children.length === 0) return [];
    return [{ path: absolute(path), kind: 'modified' }, ...children];
  }

  #children(dir: number, name: ByteString, path: ByteString, hasLower: boolean, depth: number): readonly LayerChange[] {
    const fd = openDirectoryAt(dir, name);
    try {
      return this.find(fd, path, hasLower, depth + 1);
    } finally {
      closeSync(fd);
    }
  }
}

function absolute(path: ByteString): string {
  return `/${textOf(path)}`;
}

function findBelow(lower: LowerLayers, path: ByteString): ReturnType<LowerLayers['find']> {
  const slash = path.lastIndexOf('/');
  return lower.find(slash < 0 ? '.' : path.slice(0, slash), path.slice(slash + 1));
}

function lstatOf(dir: number, name: ByteString): BigIntStats | undefined {
  return lstatSync(pathAt(dir, name), { bigint: true, throwIfNoEntry: false });
}

/** As Docker compares: what copying a file up changes by itself is no difference, nor is a directory's time. */
function differs(a: BigIntStats, b: BigIntStats): boolean {
  if (a.mode !== b.mode || a.uid !== b.uid || a.gid !== b.gid || a.rdev !== b.rdev) return true;
  return !a.isDirectory() && (a.mtimeNs !== b.mtimeNs || a.size !== b.size);
}

function capabilityOf(path: Buffer): string {
  return getXattr(path, 'security.capability')?.toString('hex') ?? '';
}
