import { textOf } from '../linux/index.ts';
import { malformed } from './tar-header.ts';
import type { ByteString } from '../linux/index.ts';

/** A checked name: where an entry lies below the root of its layer. */
export interface EntryPath {
  /** `a/b` for `a/b/c`; `.` at the top. */
  readonly parent: ByteString;
  /** The last part; `.` for the root itself. */
  readonly name: ByteString;
}

/** Longer ones the kernel does not take either. */
const NAME_LIMIT_BYTES = 255;

/**
 * Brings a name from an archive into the one form `a/b/c`. A leading `/` is dropped, `.` and empty parts are too, and `..`
 * takes a part away.
 *
 * @throws {PierError} `InvalidArgument` if it leads above the root or a part of it is too long.
 */
export function parseEntryPath(name: ByteString): EntryPath {
  const parts: ByteString[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') {
      if (part.length > NAME_LIMIT_BYTES) throw malformed(`the name "${textOf(part.slice(0, 64))}…" is too long`);
      parts.push(part);
    } else if (parts.pop() === undefined) {
      throw malformed(`"${textOf(name)}" leads out of the archive`);
    }
  }
  const last = parts.pop();
  if (last === undefined) return { parent: '.', name: '.' };
  return { parent: parts.length === 0 ? '.' : parts.join('/'), name: last };
}

/** The path of an entry as one string: `a/b/c`, or `.` for the root. */
export function joinEntryPath({ parent, name }: EntryPath): ByteString {
  return parent === '.' ? name : `${parent}/${name}`;
}
