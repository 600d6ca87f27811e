/**
 * Docker's rules for what a copy is called and where it goes: `SRC`, `SRC/` and `SRC/.` differ, and so do destinations that
 * are there and those that are not.
 *
 * @module
 */
import { basename, dirname, join, normalize, resolve } from 'node:path';
import { CommandError } from '../../command-error.ts';

/** One side of a copy. */
export interface CopySide {
  /** As far as links have been followed, its final `/` or `/.` kept. */
  readonly path: string;
  readonly exists: boolean;
  readonly isDirectory: boolean;
  /** What it is to be called where that is not the path's last part; else empty. */
  readonly rebaseName: string;
}

/** Where an archive is unpacked, and what its first name becomes. */
export interface CopyPlan {
  readonly directory: string;
  /** `undefined`: names stay. */
  readonly rename: Renaming | undefined;
}

/** Replaces the beginning of an archive's names. */
export interface Renaming {
  readonly from: string;
  readonly to: string;
}

/** Splits `CONTAINER:PATH`. A path of this machine may hold a colon, if it begins with `/` or `.`; then `container` is empty. */
export function splitArgument(argument: string): { readonly container: string; readonly path: string } {
  const colon = argument.indexOf(':');
  if (argument.startsWith('/') || argument.startsWith('.') || colon < 0) return { container: '', path: argument };
  return { container: argument.slice(0, colon), path: argument.slice(colon + 1) };
}

/** The absolute form of a path of this machine, its final `/` or `/.` kept. */
export function absolutePath(path: string): string {
  return keepEnding(resolve(path), path);
}

/** Gives a clean path the `/` or `/.` at the end that the original has. */
export function keepEnding(clean: string, original: string): string {
  let kept = clean;
  if (!namesItself(kept) && namesItself(original)) kept = kept.endsWith('/') ? `${kept}.` : `${kept}/.`;
  if (!kept.endsWith('/') && original.endsWith('/')) kept += '/';
  return kept;
}

/** Directory and name of the entry that a path stands for: the name is `.` for `a/.`. */
export function splitEntry(path: string): { readonly directory: string; readonly name: string } {
  const clean = normalize(path).replace(/(?<=.)\/$/, '');
  if (namesItself(path)) return { directory: clean, name: '.' };
  return { directory: dirname(clean), name: basename(clean) || '/' };
}

/** A link that was followed: the path that it leads to, and what is to be called as the link was. */
export function rebased(path: string, target: string): { readonly path: string; readonly rebaseName: string } {
  const kept = keepEnding(target, path);
  return { path: kept, rebaseName: baseOf(path) === baseOf(kept) ? '' : baseOf(path) };
}

/** The last part of a path as Go has it: `.` of `a/.`, `a` of `a/`. */
export function baseOf(path: string): string {
  return path === '' ? '.' : basename(path) || '/';
}

/**
 * Decides where a copy goes.
 *
 * @throws {CommandError} For a directory onto a file, and a file into a directory that is not there.
 */
export function planCopy(source: CopySide, destination: CopySide): CopyPlan {
  if (destination.exists && destination.isDirectory) return { directory: destination.path, rename: undefined };
  if (destination.exists && source.isDirectory) throw new CommandError('cannot copy directory');
  const mustBeDirectory = destination.path.endsWith('/') || namesItself(destination.path);
  if (!destination.exists && !source.isDirectory && mustBeDirectory) throw new CommandError('no such directory');
  const { directory, name } = splitEntry(destination.path);
  return { directory, rename: { from: source.rebaseName || splitEntry(source.path).name, to: name } };
}

/** Applies a renaming to a name of an archive. */
export function renamed(name: string, rename: Renaming | undefined): string {
  if (rename === undefined) return name;
  // All names begin with a root's own.
  return name.replace(rename.from === '/' ? '' : rename.from, () => rename.to);
}

/** Where a link leads, seen from the directory that it is in. */
export function linkedPath(path: string, target: string): string {
  return target.startsWith('/') ? target : join(splitEntry(path).directory, target);
}

function namesItself(path: string): boolean {
  return baseOf(path) === '.';
}
