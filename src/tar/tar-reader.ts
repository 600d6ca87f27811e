import { BLOCK_BYTES } from './tar-entry.ts';
import { decodeHeader, malformed } from './tar-header.ts';
import { decodePax } from './pax.ts';
import type { ByteString } from '../linux/index.ts';
import type { PaxRecords } from './pax.ts';
import type { RawHeader } from './tar-header.ts';
import type { TarEntry, TarEntryType } from './tar-entry.ts';

/** Receives what a {@linkcode TarReader} finds, synchronously and in order: entry, data…, end, entry…. */
export interface TarSink {
  entry(entry: TarEntry): void;
  /** A part of the current entry's content. The memory is the reader's; it is not kept. */
  data(chunk: Buffer): void;
  /** The current entry is complete. */
  end(): void;
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
]);

/** Flags whose content describes the next entry: PAX local and global, GNU long name and long link. */
const EXTENSION_FLAGS = 'xgLK';

/** Real ones are a few KiB; Go's reader, which every image passes, takes one MiB. */
const EXTENSION_LIMIT_BYTES = 1024 * 1024;

const XATTR_KEYWORD = 'SCHILY.xattr.';

/**
 * Takes a tar apart as its bytes come. Everything happens inside {@linkcode TarReader.push}: no events, no copies of content.
 *
 * Understands ustar, PAX, GNU long names and base-256 numbers. Sparse files are refused.
 */
export class TarReader {
  readonly #sink: TarSink;
  #header = Buffer.alloc(BLOCK_BYTES);
  #headerFill = 0;
  #state: 'content' | 'done' | 'extension' | 'header' | 'padding' = 'header';
  #remaining = 0;
  #paddingAfter = 0;
  #extension: { readonly flag: string; readonly parts: Buffer[] } | undefined;
  #global: PaxRecords = new Map();
  #local: PaxRecords = new Map();
  #longName: ByteString | undefined;
  #longLink: ByteString | undefined;

  constructor(sink: TarSink) {
    this.#sink = sink;
  }

  /**
   * Takes the next bytes. What follows the end of the archive is ignored.
   *
   * @throws {PierError} `InvalidArgument` if they are no tar; whatever the sink throws.
   */
  push(chunk: Buffer): void {
    for (let offset = 0; offset < chunk.length && this.#state !== 'done';) {
      const length = Math.min(chunk.length - offset, this.#state === 'header' ? BLOCK_BYTES - this.#headerFill : this.#remaining);
      this.#take(chunk, offset, length);
      offset += length;
    }
  }

  /** Call it when there are no more bytes. @throws {PierError} `InvalidArgument` if the archive ends inside an entry. */
  finish(): void {
    const atBoundary = this.#state === 'done' || (this.#state === 'header' && this.#headerFill === 0 && !this.#isExtended());
    if (!atBoundary) throw malformed('it ends inside an entry');
  }

  #take(chunk: Buffer, offset: number, length: number): void {
    switch (this.#state) {
      case 'header':
        this.#takeHeader(chunk, offset, length);
        return;
      case 'content':
        this.#sink.data(chunk.subarray(offset, offset + length));
        break;
      case 'extension':
        this.#extension?.parts.push(Buffer.from(chunk.subarray(offset, offset + length)));
        break;
      case 'padding':
      case 'done':
        break;
    }
    this.#remaining -= length;
    if (this.#remaining === 0) this.#advance();
  }

  #takeHeader(chunk: Buffer, offset: number, length: number): void {
    if (length === BLOCK_BYTES) {
      this.#startEntry(chunk.subarray(offset, offset + length));
      return;
    }
    chunk.copy(this.#header, this.#headerFill, offset, offset + length);
    this.#headerFill += length;
    if (this.#headerFill < BLOCK_BYTES) return;
    this.#headerFill = 0;
    this.#startEntry(this.#header);
  }

  /** Leaves the state whose bytes are all there. */
  #advance(): void {
    if (this.#state === 'content') this.#sink.end();
    if (this.#state === 'extension') this.#applyExtension();
    if (this.#state !== 'padding' && this.#paddingAfter > 0) {
      this.#state = 'padding';
      this.#remaining = this.#paddingAfter;
    } else {
      this.#state = 'header';
    }
  }

  #startEntry(block: Buffer): void {
    const header = decodeHeader(block);
    if (header === undefined) {
      if (this.#isExtended()) throw malformed('it ends after an extended header');
      this.#state = 'done';
      return;
    }
    if (EXTENSION_FLAGS.includes(header.flag)) {
      if (header.sizeBytes < 0 || header.sizeBytes > EXTENSION_LIMIT_BYTES) {
        throw malformed(`an extended header has ${header.sizeBytes} bytes`);
      }
      this.#extension = { flag: header.flag, parts: [] };
      this.#enter('extension', header.sizeBytes);
      return;
    }
    const entry = this.#resolve(header);
    this.#sink.entry(entry);
    this.#enter('content', entry.sizeBytes);
  }

  #enter(state: 'content' | 'extension', sizeBytes: number): void {
    this.#state = state;
    this.#remaining = sizeBytes;
    this.#paddingAfter = (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
    if (sizeBytes === 0) this.#advance();
  }

  #isExtended(): boolean {
    return this.#local.size > 0 || this.#longName !== undefined || this.#longLink !== undefined;
  }

  #applyExtension(): void {
    const content = Buffer.concat(this.#extension?.parts ?? []);
    const flag = this.#extension?.flag;
    if (flag === 'x') this.#local = decodePax(content);
    else if (flag === 'g') this.#global = new Map([...this.#global, ...decodePax(content)]);
    else if (flag === 'L') this.#longName = untilZero(content);
    else this.#longLink = untilZero(content);
    this.#extension = undefined;
  }

  /** Puts a header and what was said about it before together, and forgets what was said. */
  #resolve(header: RawHeader): TarEntry {
    const pax = this.#global.size === 0 ? this.#local : new Map([...this.#global, ...this.#local]);
    const name = pax.get('path')?.toString('latin1') ?? this.#longName ?? header.name;
    const linkName = pax.get('linkpath')?.toString('latin1') ?? this.#longLink ?? header.linkName;
    this.#local = new Map();
    this.#longName = undefined;
    this.#longLink = undefined;
    const type = typeOf(header.flag, name, pax);
    const sizeBytes = numberOf(pax, 'size', header.sizeBytes);
    return {
      type,
      name: withoutZero(name),
      linkName: type === 'hardlink' || type === 'symlink' ? withoutZero(linkName) : '',
      mode: header.mode,
      uid: ownerId(numberOf(pax, 'uid', header.uid)),
      gid: ownerId(numberOf(pax, 'gid', header.gid)),
      // Only files have content; others may state a size all the same, as Go's reader allows.
      sizeBytes: type === 'file' ? sizeBytes : 0,
      mtimeNs: timeOf(pax.get('mtime'), header.mtimeSeconds),
      deviceMajor: header.deviceMajor,
      deviceMinor: header.deviceMinor,
      xattrs: xattrsOf(pax),
    };
  }
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

function typeOf(flag: string, name: ByteString, pax: PaxRecords): TarEntryType {
  if (flag === 'S' || pax.has('GNU.sparse.major') || pax.has('GNU.sparse.size') || pax.has('GNU.sparse.map')) {
    throw malformed('it holds a sparse file, which is not supported');
  }
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

function untilZero(content: Buffer): ByteString {
  const end = content.indexOf(0);
  return content.toString('latin1', 0, end < 0 ? content.length : end);
}

function withoutZero(name: ByteString): ByteString {
  if (name.includes('\0')) throw malformed('an entry has a zero byte in its name');
  return name;
}
