import { closeSync, fstatSync, readlinkSync } from 'node:fs';
import { posix } from 'node:path';
import { PierError, isErrno } from '../../base/errors.ts';
import { openPathInRoot, pathAt, textOf } from '../../linux/index.ts';
import type { BigIntStats } from 'node:fs';
import type { ByteString } from '../../linux/index.ts';

/** What a path in a view leads to; a symbolic link in its last place is not followed. */
export interface PathStat {
  /** The path's last part: `.` or `/` for paths that end so. */
  readonly name: string;
  readonly sizeBytes: number;
  /** `st_mode`. */
  readonly mode: number;
  readonly mtimeNs: bigint;
  /** Where a symbolic link leads in the end, as far as there is something; empty for everything else. */
  readonly linkTarget: string;
}

/** Something found in a view. */
export interface FoundPath extends Disposable {
  /** Names the file for good; see {@linkcode openPathInRoot}. */
  readonly fd: number;
  /** Absolute and clean, with the `/` or `/.` at its end that was asked for. */
  readonly path: ByteString;
  readonly stats: BigIntStats;
}

/** More are a circle. */
const LINK_LIMIT = 255;

/**
 * Finds what a path leads to, the last part not followed unless it ends in `/` or `/.`.
 *
 * @throws {PierError} `NotFound`, reason `files.not-found`; `InvalidArgument`, reason `files.unreachable`, facts
 * `{ path, problem: 'not-a-directory' | 'too-many-links' }`.
 */
export function findPath(root: number, path: string): FoundPath {
  return openFound(root, cleanPath(path), false);
}

/** As {@linkcode findPath}, links followed to the end. */
export function followPath(root: number, path: string): FoundPath {
  return openFound(root, posix.join('/', bytesAsText(path)), true);
}

/** @throws {PierError} `InvalidArgument`, reason `files.unreachable`, for links in a circle. */
export function describePath(root: number, { path, stats }: FoundPath): PathStat {
  return {
    name: textOf(lastPart(path)),
    sizeBytes: Number(stats.size),
    mode: Number(stats.mode),
    mtimeNs: stats.mtimeNs,
    linkTarget: stats.isSymbolicLink() ? textOf(followLinks(root, path)) : '',
  };
}

/** The last part of a path as Go's filepath.Base has it. */
export function lastPart(path: ByteString): ByteString {
  return posix.basename(path) || '/';
}

function bytesAsText(path: string): ByteString {
  return Buffer.from(path).toString('latin1');
}

function cleanPath(path: string): ByteString {
  const given = bytesAsText(path);
  const clean = posix.join('/', given).replace(/(?<=.)\/$/, '');
  if (posix.basename(given) === '.') return clean === '/' ? '/.' : `${clean}/.`;
  return given.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}

function openFound(root: number, path: ByteString, follow: boolean): FoundPath {
  let fd: number;
  try {
    fd = openPathInRoot(root, path, follow);
  } catch (error) {
    throw asPathError(error, path);
  }
  return { fd, path, stats: fstatSync(fd, { bigint: true }), [Symbol.dispose]: () => closeSync(fd) };
}

function asPathError(error: unknown, bytes: ByteString): unknown {
  const path = textOf(bytes);
  if (isErrno(error, 'ENOENT')) {
    return new PierError('NotFound', `Cannot find file "${path}"`, { cause: error, reason: 'files.not-found', facts: { path } });
  }
  const isLoop = isErrno(error, 'ELOOP');
  if (!isLoop && !isErrno(error, 'ENOTDIR')) return error;
  const problem = isLoop ? 'too-many-links' : 'not-a-directory';
  return new PierError('InvalidArgument', `Cannot reach file "${path}": ${problem.replaceAll('-', ' ')}`, {
    cause: error,
    reason: 'files.unreachable',
    facts: { path, problem },
  });
}

/** Only a text comes of it: what is done with it is looked up anew. */
function followLinks(root: number, path: ByteString): ByteString {
  const left = path.split('/').toReversed();
  let resolved = '';
  for (let links = 0; left.length > 0;) {
    const part = left.pop() ?? '';
    if (part === '..') resolved = resolved.slice(0, Math.max(0, resolved.lastIndexOf('/')));
    if (part === '' || part === '.' || part === '..') continue;
    const target = linkAt(root, resolved, part);
    if (target === undefined) {
      resolved = `${resolved}/${part}`;
      continue;
    }
    if (++links > LINK_LIMIT) {
      const text = textOf(path);
      throw new PierError('InvalidArgument', `Cannot follow link "${text}": too many links`, {
        reason: 'files.endless-link',
        facts: { path: text },
      });
    }
    if (target.startsWith('/')) resolved = '';
    left.push(...target.split('/').toReversed());
  }
  return resolved === '' ? '/' : resolved;
}

function linkAt(root: number, directory: ByteString, name: ByteString): ByteString | undefined {
  try {
    const dir = openPathInRoot(root, `${directory}/`);
    try {
      return readlinkSync(pathAt(dir, name), 'latin1');
    } finally {
      closeSync(dir);
    }
  } catch (error) {
    if (isErrno(error, 'EINVAL') || isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}
