import { BLOCK_BYTES } from './tar-entry.ts';
import { resolveEntry } from './resolve-entry.ts';
import { SparseMapReader, SparseSpreader, decodeSparseHeader } from './sparse-map.ts';
import { decodeHeader, malformed } from './tar-header.ts';
import { decodePax } from './pax.ts';
import type { ByteString } from '../linux/index.ts';
import type { PaxRecords } from './pax.ts';
import type { SparseForm } from './sparse-map.ts';
import type { RawHeader } from './tar-header.ts';
import type { TarEntry } from './tar-entry.ts';
import type { ResolvedEntry } from './resolve-entry.ts';

/** Receives what a {@linkcode TarReader} finds, synchronously and in order: entry, data…, end, entry…. */
export interface TarSink {
  entry(entry: TarEntry): void;
  /** A part of the current entry's content. The memory is the reader's; it is not kept. */
  data(chunk: Buffer): void;
  /** So many zero bytes come next in the current entry, which is a sparse file. */
  hole(length: number): void;
  /** The current entry is complete. */
  end(): void;
}

/** Flags whose content describes the next entry: PAX local and global, GNU long name and long link. */
const EXTENSION_FLAGS = 'xgLK';

/** Real ones are a few KiB; Go's reader, which every image passes, takes one MiB. */
const EXTENSION_LIMIT_BYTES = 1024 * 1024;

/**
 * Takes a tar apart as its bytes come. Everything happens inside {@linkcode TarReader.push}: no events, no copies of content.
 *
 * Understands ustar, PAX, GNU long names, base-256 numbers and all forms of GNU's sparse files.
 */
export class TarReader {
  readonly #sink: TarSink;
  #header = Buffer.alloc(BLOCK_BYTES);
  #headerFill = 0;
  #state: 'content' | 'done' | 'extension' | 'header' | 'padding' | 'sparse' = 'header';
  #remaining = 0;
  #paddingAfter = 0;
  #extension: { readonly flag: string; readonly parts: Buffer[] } | undefined;
  #global: PaxRecords = new Map();
  #local: PaxRecords = new Map();
  #longName: ByteString | undefined;
  #longLink: ByteString | undefined;
  #sparse: SparseMapReader | undefined;
  #spreader: SparseSpreader | undefined;

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
        (this.#spreader ?? { push: (part) => this.#sink.data(part) }).push(chunk.subarray(offset, offset + length));
        break;
      case 'sparse':
        this.#takeMapBlock(chunk, offset, length);
        return;
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

  #takeMapBlock(chunk: Buffer, offset: number, length: number): void {
    chunk.copy(this.#header, BLOCK_BYTES - this.#remaining, offset, offset + length);
    this.#remaining -= length;
    if (this.#remaining > 0 || this.#sparse === undefined) return;
    this.#sparse.push(this.#header);
    this.#continueSparse(this.#sparse);
  }

  /** Leaves the state whose bytes are all there. */
  #advance(): void {
    if (this.#state === 'content') {
      this.#spreader?.finish();
      this.#spreader = undefined;
      this.#sink.end();
    }
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
    const { entry, storedBytes, sparse } = this.#resolve(header, header.flag === 'S' ? decodeSparseHeader(block) : undefined);
    this.#sink.entry(entry);
    if (sparse === undefined) this.#enter('content', storedBytes);
    else this.#continueSparse(new SparseMapReader(sparse, storedBytes));
  }

  /** Goes on with what a sparse file's map says is next: more of the map, or content. */
  #continueSparse(map: SparseMapReader): void {
    this.#sparse = map.isComplete ? undefined : map;
    if (map.isComplete) this.#spreader = new SparseSpreader(map.regions, map.realBytes, map.storedBytes, this.#sink);
    this.#enter(map.isComplete ? 'content' : 'sparse', map.isComplete ? map.storedBytes : BLOCK_BYTES);
  }

  #enter(state: 'content' | 'extension' | 'sparse', sizeBytes: number): void {
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
  #resolve(header: RawHeader, sparse: SparseForm | undefined): ResolvedEntry {
    const pax = this.#global.size === 0 ? this.#local : new Map([...this.#global, ...this.#local]);
    const resolved = resolveEntry(header, { pax, longName: this.#longName, longLink: this.#longLink, sparse });
    this.#local = new Map();
    this.#longName = undefined;
    this.#longLink = undefined;
    return resolved;
  }
}

function untilZero(content: Buffer): ByteString {
  const end = content.indexOf(0);
  return content.toString('latin1', 0, end < 0 ? content.length : end);
}
