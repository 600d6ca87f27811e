import { sparseFormOf } from './sparse-map.ts';
import { malformed } from './tar-header.ts';
import type { ByteString } from '../linux/index.ts';
import type { PaxRecords } from './pax.ts';
import type { SparseForm } from './sparse-map.ts';
import type { RawHeader } from './tar-header.ts';
import type { TarEntry, TarEntryType } from './tar-entry.ts';

/** What an archive says of an entry besides its header. */
export interface EntryExtensions {
  readonly pax: PaxRecords;
  readonly longName: ByteString | undefined;
  readonly longLink: ByteString | undefined;
  /** Said by the header itself, of GNU's type `S`. */
  readonly sparse: SparseForm | undefined;
}

/** An entry, and how its content is told. */
export interface ResolvedEntry {
  readonly entry: TarEntry;
  /** Bytes of content in the archive, the map of a sparse file of version 1.0 included. */
  readonly storedBytes: number;
  readonly sparse: SparseForm | undefined;
}

const TYPE_OF_FLAG: ReadonlyMap<string, TarEntryType> = new Map([
  ['0', 'file'],
  ['1', 'hardlink'],
  ['2', 'symlink'],
  ['3', 'character'],
  ['4', 'block'],
  ['5', 'directory'],
  ['6', 'fifo'],
  ['7', 'file'], // contiguous, which nothing distinguishes any more
  ['S', 'file'], // sparse
]);

const XATTR_KEYWORD = 'SCHILY.xattr.';

/**
 * Puts a header and what was said about it before together.
 *
 * @throws {PierError} `InvalidArgument` for an unknown type, or a value that cannot be.
 */
export function resolveEntry(header: RawHeader, said: EntryExtensions): ResolvedEntry {
  const { pax } = said;
  const sparse = said.sparse ?? sparseFormOf(pax);
  const name = (pax.get('GNU.sparse.name') ?? pax.get('path'))?.toString('latin1') ?? said.longName ?? header.name;
  const linkName = pax.get('linkpath')?.toString('latin1') ?? said.longLink ?? header.linkName;
  const type = typeOf(header.flag, name);
  if (sparse !== undefined && type !== 'file') throw malformed('it holds something sparse that is no file');
  // Only files have content; others may state a size all the same, as Go's reader allows.
  const storedBytes = type === 'file' ? numberOf(pax, 'size', header.sizeBytes) : 0;
  const entry: TarEntry = {
    type,
    name: withoutZero(name),
    linkName: type === 'hardlink' || type === 'symlink' ? withoutZero(linkName) : '',
    mode: header.mode,
    uid: ownerId(numberOf(pax, 'uid', header.uid)),
    gid: ownerId(numberOf(pax, 'gid', header.gid)),
    sizeBytes: sparse?.realBytes ?? storedBytes,
    mtimeNs: timeOf(pax.get('mtime'), header.mtimeSeconds),
    deviceMajor: header.deviceMajor,
    deviceMinor: header.deviceMinor,
    xattrs: xattrsOf(pax),
  };
  return { entry, storedBytes, sparse };
}

const NO_XATTRS: ReadonlyMap<string, Buffer> = new Map();

function xattrsOf(pax: PaxRecords): ReadonlyMap<string, Buffer> {
  if (pax.size === 0) return NO_XATTRS;
  const xattrs = new Map<string, Buffer>();
  for (const [keyword, value] of pax) {
    if (keyword.startsWith(XATTR_KEYWORD)) xattrs.set(keyword.slice(XATTR_KEYWORD.length), value);
  }
  return xattrs;
}

function typeOf(flag: string, name: ByteString): TarEntryType {
  const type = TYPE_OF_FLAG.get(flag);
  if (type === undefined) throw malformed(`it holds an entry of the unknown type "${flag}"`);
  // Before ustar a directory was a file whose name ended so.
  return type === 'file' && name.endsWith('/') ? 'directory' : type;
}

function numberOf(pax: PaxRecords, keyword: string, otherwise: number): number {
  const text = pax.get(keyword)?.toString('latin1');
  const value = text === undefined || text === '' ? otherwise : Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw malformed(`an entry has the ${keyword} "${text ?? otherwise}"`);
  return value;
}

/** The largest 32-bit value means "do not change" to chown(2). */
function ownerId(id: number): number {
  if (id > 0xffff_fffe) throw malformed(`an entry has the owner ${id}`);
  return id;
}

function timeOf(text: Buffer | undefined, otherwiseSeconds: number): bigint {
  if (text === undefined) return BigInt(otherwiseSeconds) * 1_000_000_000n;
  const match = /^(-?)(\d{1,12})(?:\.(\d*))?$/.exec(text.toString('latin1'));
  if (match === null) throw malformed(`an entry has the time "${text.toString('latin1')}"`);
  const ns = BigInt(match[2] ?? 0) * 1_000_000_000n + BigInt((match[3] ?? '').slice(0, 9).padEnd(9, '0'));
  return match[1] === '-' ? -ns : ns;
}

function withoutZero(name: ByteString): ByteString {
  if (name.includes('\0')) throw malformed('an entry has a zero byte in its name');
  return name;
}
