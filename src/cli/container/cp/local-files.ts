import { closeSync, constants, lstatSync, openSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, parse } from 'node:path';
import { Readable } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import type { Stats } from 'node:fs';
import { errnoOf, isErrno } from '../../../base/errors.ts';
import { TarReader, TreeWriter, packEntry } from '../../../tar/index.ts';
import { CommandError } from '../../command-error.ts';
import { baseOf, linkedPath, rebased, renamed, splitEntry } from './path-rules.ts';
import type { TarEntry, TarSink } from '../../../tar/index.ts';
import type { CopyPlan, CopySide, Renaming } from './path-rules.ts';

const LINK_LIMIT = 10;
const O_PATH = 0o10000000;

/**
 * Looks at what is to be copied.
 *
 * @param followLink Take what a link leads to, under the link's name.
 * @throws {CommandError} If it is not there.
 */
export function lookAtSource(path: string, followLink: boolean): CopySide {
  const found = followLink ? rebased(path, realPath(path)) : resolveParent(path);
  return { ...found, exists: true, isDirectory: lstat(found.path).isDirectory() };
}

/**
 * Looks at where a copy is to go. Links are followed, as far as there is something.
 *
 * @throws {CommandError} If not even the directory above is there, or it is no place to copy to.
 */
export function lookAtDestination(given: string): CopySide {
  let path = given;
  for (let links = 0; ; links++) {
    const stats = lstatIfThere(path);
    if (stats === undefined) break;
    if (!stats.isSymbolicLink()) return { path, exists: true, isDirectory: stats.isDirectory(), rebaseName: '' };
    if (links > LINK_LIMIT) throw new CommandError(`too many symlinks in ${given}`);
    path = linkedPath(path, readlinkSync(path));
  }
  if (!go('stat', splitEntry(path).directory, statSync).isDirectory()) throw new CommandError('not a directory');
  return { path, exists: false, isDirectory: false, rebaseName: '' };
}

/** @throws {CommandError} If nothing can be written to a path. */
export function checkOutputPath(path: string): void {
  const directory = dirname(path.replace(/\/\.?$/, ''));
  if (statIfThere(directory) === undefined) {
    throw new CommandError(`invalid output path: directory ${JSON.stringify(directory)} does not exist`);
  }
  const stats = statIfThere(path);
  if (stats?.isBlockDevice() === true || stats?.isCharacterDevice() === true) {
    throw new CommandError(`invalid output path: ${JSON.stringify(path)} must be a directory or a regular file: got a device`);
  }
}

/** Packs what {@linkcode lookAtSource} found. */
export function packSource(source: CopySide, rename: Renaming | undefined): Readable {
  const { directory, name } = splitEntry(source.path);
  const as = renamed(source.rebaseName || name, rename);
  return Readable.from(packFrom(directory, bytes(name), bytes(as)), { objectMode: false });
}

/**
 * Unpacks what a container gave. Files belong to whoever copies.
 *
 * @param onBytes Told how many came.
 */
export async function unpackHere(
  message: IncomingMessage,
  plan: CopyPlan,
  sourceRename: Renaming | undefined,
  onBytes: (count: number) => void,
): Promise<void> {
  const root = openSync(plan.directory, O_PATH | constants.O_DIRECTORY);
  try {
    using writer = new TreeWriter({ root, owner: 'self', mayReplaceTypes: false });
    const reader = new TarReader(new RenamingSink(writer, [sourceRename, plan.rename]));
    const chunks: AsyncIterable<Buffer> = message;
    for await (const chunk of chunks) {
      onBytes(chunk.length);
      reader.push(chunk);
    }
    reader.finish();
    writer.finish();
  } catch (error) {
    throw asLocalError(error);
  } finally {
    closeSync(root);
  }
}

function* packFrom(directory: string, name: string, as: string): Generator<Buffer> {
  const dir = openSync(directory, O_PATH | constants.O_DIRECTORY);
  try {
    yield* packEntry({ dir, name, as });
  } finally {
    closeSync(dir);
  }
}

/** Names on their way from an archive to the disk. */
class RenamingSink implements TarSink {
  readonly #sink: TarSink;
  readonly #renames: readonly (Renaming | undefined)[];

  constructor(sink: TarSink, renames: readonly (Renaming | undefined)[]) {
    this.#sink = sink;
    this.#renames = renames.map((rename) => rename && { from: bytes(rename.from), to: bytes(rename.to) });
  }

  entry(entry: TarEntry): void {
    const rename = (name: string): string => this.#renames.reduce(renamed, name);
    const name = rename(entry.name);
    this.#sink.entry(entry.type === 'hardlink' ? { ...entry, name, linkName: rename(entry.linkName) } : { ...entry, name });
  }

  data(chunk: Buffer): void {
    this.#sink.data(chunk);
  }

  hole(length: number): void {
    this.#sink.hole(length);
  }

  end(): void {
    this.#sink.end();
  }
}

/** Archives hold bytes, which travel as one character each. */
function bytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** Everything but the last part resolved. What ends in `/` has no last part, so that its link is followed. */
function resolveParent(path: string): { readonly path: string; readonly rebaseName: string } {
  const slash = path.lastIndexOf('/');
  const parent = realPath(path.slice(0, slash) || '/');
  if (path.endsWith('/') && !statSync(parent).isDirectory()) throw new CommandError('not a directory');
  const resolved = `${parent === '/' ? '' : parent}/${path.slice(slash + 1)}`;
  const isRenamed = path.endsWith('/') && baseOf(path) !== baseOf(resolved);
  return { path: resolved, rebaseName: isRenamed ? baseOf(path) : '' };
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (error) {
    // Go names the first part that is missing.
    let missing = path.replace(/\/\.?$/, '');
    while (missing !== parse(missing).root && lstatIfThere(dirname(missing)) === undefined) missing = dirname(missing);
    throw asGoError('lstat', missing, error);
  }
}

function lstat(path: string): Stats {
  return go('lstat', path, lstatSync);
}

function lstatIfThere(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw asGoError('lstat', path, error);
  }
}

function statIfThere(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw asGoError('stat', path, error);
  }
}

function go(call: string, path: string, work: (path: string) => Stats): Stats {
  try {
    return work(path);
  } catch (error) {
    throw asGoError(call, path, error);
  }
}

const TEXTS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EDQUOT: 'disk quota exceeded',
  ELOOP: 'too many levels of symbolic links',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'not a directory',
  EPERM: 'operation not permitted',
  EROFS: 'read-only file system',
};

function asGoError(call: string, path: string, error: unknown): CommandError {
  const errno = errnoOf(error) ?? '';
  return new CommandError(`${call} ${path}: ${TEXTS[errno] ?? errno}`, 1, { cause: error });
}

function asLocalError(error: unknown): unknown {
  const errno = errnoOf(error);
  if (errno === undefined || errno === 'ECONNRESET') return error;
  const at = error instanceof Error && 'path' in error && typeof error.path === 'string' ? `${basename(error.path)}: ` : '';
  return new CommandError(`cannot write ${at}${TEXTS[errno] ?? errno}`, 1, { cause: error });
}
