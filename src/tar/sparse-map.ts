import { BLOCK_BYTES } from './tar-entry.ts';
import { decodeNumber, malformed } from './tar-header.ts';
import type { PaxRecords } from './pax.ts';

/** A part of a sparse file that holds data. */
export interface SparseRegion {
  readonly offset: number;
  readonly length: number;
}

/** What is known of a sparse file before its content, by the form in which its archive tells it. */
export type SparseForm =
  /** GNU's own entry type: a map in the header, and maybe more blocks of it before the content. */
  | { readonly form: 'header'; readonly regions: readonly SparseRegion[]; readonly continues: boolean; readonly realBytes: number }
  /** PAX records, versions 0.0 and 0.1. */
  | { readonly form: 'records'; readonly regions: readonly SparseRegion[]; readonly realBytes: number }
  /** PAX records, version 1.0: the map is the beginning of the content. */
  | { readonly form: 'content'; readonly realBytes: number };

/** More regions than a real file has; each costs memory. */
const REGION_LIMIT = 1_000_000;
/**
 * What PAX records say of a sparse file; `undefined` if they say nothing. GNU tar's manual, "Storing Sparse Files".
 *
 * @throws {PierError} `InvalidArgument` if they contradict themselves.
 */
export function sparseFormOf(pax: PaxRecords): SparseForm | undefined {
  const text = (keyword: string): string | undefined => pax.get(`GNU.sparse.${keyword}`)?.toString('latin1');
  const version = `${text('major') ?? ''}.${text('minor') ?? ''}`;
  if (version === '1.0') return { form: 'content', realBytes: toNumber(text('realsize') ?? text('size') ?? '') };
  const map = text('map');
  if (version !== '.' && version !== '0.0' && version !== '0.1')
    throw malformed(`it holds a sparse file of the unknown version ${version}`);
  if (map === undefined) return undefined;
  const numbers = map === '' ? [] : map.split(',').map(toNumber);
  return { form: 'records', regions: pair(numbers), realBytes: toNumber(text('size') ?? text('realsize') ?? '') };
}

/**
 * The map in a header of GNU's type `S`.
 *
 * @param block 512 bytes.
 * @throws {PierError} `InvalidArgument` if a number is none.
 */
export function decodeSparseHeader(block: Buffer): SparseForm {
  const regions = decodeRegions(block, 386, 4);
  return { form: 'header', regions, continues: block[482] === 1, realBytes: decodeNumber(block, 483, 12) };
}

/** Reads the part of a map that comes in blocks before the file's bytes. */
export class SparseMapReader {
  readonly realBytes: number;
  readonly regions: SparseRegion[];
  readonly #isText: boolean;
  #storedBytes: number;
  #isComplete: boolean;
  #unfinishedLine = '';
  #regionCount: number | undefined;
  #offset: number | undefined;

  /** @param storedBytes What the archive holds of the file; of version 1.0 with its map. */
  constructor(form: SparseForm, storedBytes: number) {
    this.realBytes = form.realBytes;
    this.regions = form.form === 'content' ? [] : [...form.regions];
    this.#isText = form.form === 'content';
    this.#storedBytes = storedBytes;
    this.#isComplete = form.form === 'records' || (form.form === 'header' && !form.continues);
  }

  /** Whether the file's own bytes come next. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Bytes of the file itself that the archive holds. Final when the map is complete. */
  get storedBytes(): number {
    return this.#storedBytes;
  }

  /**
   * Takes the next block of the map.
   *
   * @param block 512 bytes. Not kept.
   * @throws {PierError} `InvalidArgument` if it is no such block, or the map is too long.
   */
  push(block: Buffer): void {
    if (this.#isText) this.#pushText(block);
    else {
      this.regions.push(...decodeRegions(block, 0, 21));
      this.#isComplete = block[504] !== 1;
    }
    if (this.regions.length > REGION_LIMIT) throw malformed('the map of a sparse file is too long');
  }

  /** Version 1.0: a count, then an offset and a length for each region, a line for each number, padded with zero bytes. */
  #pushText(block: Buffer): void {
    this.#storedBytes -= BLOCK_BYTES;
    if (this.#storedBytes < 0) throw malformed('the map of a sparse file is incomplete');
    const padding = block.indexOf(0);
    const lines = (this.#unfinishedLine + block.toString('latin1', 0, padding < 0 ? BLOCK_BYTES : padding)).split('\n');
    this.#unfinishedLine = lines.pop() ?? '';
    for (const line of lines) {
      if (this.#isComplete) break;
      this.#takeNumber(toNumber(line));
    }
    if (!this.#isComplete && (padding >= 0 || this.#unfinishedLine.length > BLOCK_BYTES)) {
      throw malformed('the map of a sparse file is incomplete');
    }
  }

  #takeNumber(value: number): void {
    if (this.#regionCount === undefined) {
      if (value > REGION_LIMIT) throw malformed('the map of a sparse file is too long');
      this.#regionCount = value;
    } else if (this.#offset === undefined) this.#offset = value;
    else {
      this.regions.push(checked(this.#offset, value));
      this.#offset = undefined;
    }
    this.#isComplete = this.regions.length === this.#regionCount;
  }
}

/** Where a sparse file's bytes go. */
export interface SparseSink {
  data(chunk: Buffer): void;
  /** Zeros that are not in the archive. */
  hole(length: number): void;
}

/** Spreads the bytes of an archive over a sparse file. */
export class SparseSpreader {
  readonly #regions: readonly SparseRegion[];
  readonly #realBytes: number;
  readonly #sink: SparseSink;
  #index = 0;
  #doneInRegion = 0;
  #position = 0;

  /**
   * @param storedBytes What the archive holds of it.
   * @throws {PierError} `InvalidArgument` if the map is not in order, or is about more or fewer bytes than there are.
   */
  constructor(regions: readonly SparseRegion[], realBytes: number, storedBytes: number, sink: SparseSink) {
    let end = 0;
    let sum = 0;
    for (const { offset, length } of regions) {
      if (offset < end || offset + length > realBytes) throw malformed('the map of a sparse file is out of order');
      end = offset + length;
      sum += length;
    }
    if (sum !== storedBytes) throw malformed(`the map of a sparse file is about ${sum} bytes, of which it holds ${storedBytes}`);
    this.#regions = regions;
    this.#realBytes = realBytes;
    this.#sink = sink;
  }

  /** Takes the next bytes of the archive. */
  push(chunk: Buffer): void {
    for (let offset = 0; offset < chunk.length;) {
      const region = this.#regions[this.#index];
      if (region === undefined) return;
      this.#skipTo(region.offset + this.#doneInRegion);
      const count = Math.min(chunk.length - offset, region.length - this.#doneInRegion);
      if (count > 0) this.#sink.data(chunk.subarray(offset, offset + count));
      this.#position += count;
      this.#doneInRegion += count;
      offset += count;
      if (this.#doneInRegion < region.length) continue;
      this.#index++;
      this.#doneInRegion = 0;
    }
  }

  /** Call it when there are no more. */
  finish(): void {
    this.#skipTo(this.#realBytes);
  }

  #skipTo(position: number): void {
    if (position > this.#position) this.#sink.hole(position - this.#position);
    this.#position = position;
  }
}

function decodeRegions(block: Buffer, start: number, count: number): readonly SparseRegion[] {
  const regions: SparseRegion[] = [];
  for (let offset = start; offset < start + count * 24; offset += 24) {
    // A region without an offset ends the list.
    if (block[offset] === 0) break;
    regions.push(checked(decodeNumber(block, offset, 12), decodeNumber(block, offset + 12, 12)));
  }
  return regions;
}

function pair(numbers: readonly number[]): readonly SparseRegion[] {
  if (numbers.length % 2 !== 0 || numbers.length / 2 > REGION_LIMIT) throw malformed('the map of a sparse file is incomplete');
  return Array.from({ length: numbers.length / 2 }, (_, i) => checked(numbers[2 * i] ?? 0, numbers[2 * i + 1] ?? 0));
}

function checked(offset: number, length: number): SparseRegion {
  if (offset < 0 || length < 0 || !Number.isSafeInteger(offset + length)) throw malformed('the map of a sparse file has a wrong number');
  return { offset, length };
}

function toNumber(text: string): number {
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw malformed(`the map of a sparse file has the number "${text.slice(0, 32)}"`);
  return value;
}
