import { malformed } from '../../tar/index.ts';

const ZSTD_MAGIC = 0xfd2fb528;
/** The low four bits are the writer's own. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const LAST_BLOCK = 1;
const RLE_BLOCK = 1;

/** A part of a zstd frame. Skippable frames are left out. */
export interface ZstdPart {
  readonly bytes: Buffer;
  /** Whether the frame ends with these bytes. */
  readonly isLast: boolean;
}

/**
 * Cuts a zstd stream at its frames, because Node's decoder drops everything after the first. Seekable and partially
 * pullable layers consist of many. RFC 8878, section 3.
 *
 * @yields The bytes of the frames as they come.
 * @throws {PierError} `InvalidArgument` if they are no frames or end early.
 */
export async function* zstdFrames(input: AsyncIterable<Buffer>): AsyncGenerator<ZstdPart> {
  const cutter = new FrameCutter();
  for await (const chunk of input) yield* cutter.cut(chunk);
  if (!cutter.isAtBoundary) throw malformed('its zstd stream ends early');
}

type Expecting = 'block' | 'body' | 'checksum' | 'header' | 'magic' | 'skip' | 'skipSize';

// A frame: magic, header, blocks, perhaps a checksum. Only lengths matter here; the decoder checks the rest.
class FrameCutter {
  #expecting: Expecting = 'magic';
  #fields: Buffer = Buffer.alloc(0);
  #need = 4;
  #isLastBlock = false;
  #hasChecksum = false;

  get isAtBoundary(): boolean {
    return this.#expecting === 'magic' && this.#fields.length === 0;
  }

  *cut(chunk: Buffer): Generator<ZstdPart> {
    let start = 0;
    let offset = 0;
    // A magic number that was begun in an earlier chunk was not handed out: it might have begun a skippable frame.
    let held: Buffer = this.#expecting === 'magic' ? this.#fields : Buffer.alloc(0);
    while (offset < chunk.length) {
      const length = Math.min(this.#need, chunk.length - offset);
      const before = this.#expecting;
      const isCollected = before !== 'body' && before !== 'skip' && before !== 'checksum';
      if (isCollected) this.#fields = Buffer.concat([this.#fields, chunk.subarray(offset, offset + length)]);
      offset += length;
      this.#need -= length;
      if (this.#need > 0) break;
      this.#advance();
      if (before === 'skip' || (before === 'skipSize' && this.isAtBoundary)) {
        start = offset;
        held = Buffer.alloc(0);
      } else if (this.isAtBoundary) {
        yield { bytes: Buffer.concat([held, chunk.subarray(start, offset)]), isLast: true };
        start = offset;
        held = Buffer.alloc(0);
      }
    }
    const isHidden = this.#expecting === 'magic' || this.#expecting === 'skip' || this.#expecting === 'skipSize';
    if (!isHidden && offset > start) yield { bytes: Buffer.concat([held, chunk.subarray(start, offset)]), isLast: false };
  }

  #advance(): void {
    const fields = this.#fields;
    switch (this.#expecting) {
      case 'magic':
        this.#afterMagic(fields.readUInt32LE(0));
        break;
      case 'skipSize': {
        const size = fields.readUInt32LE(0);
        this.#expect(size === 0 ? 'magic' : 'skip', size === 0 ? 4 : size);
        break;
      }
      case 'header':
        this.#afterHeader(fields[0] ?? 0, fields.length);
        break;
      case 'block':
        this.#afterBlockHeader(fields.readUIntLE(0, 3));
        break;
      case 'body':
        this.#afterBody();
        break;
      case 'skip':
      case 'checksum':
        this.#expect('magic', 4);
        break;
    }
  }

  #afterMagic(magic: number): void {
    if (magic === ZSTD_MAGIC) this.#expect('header', 1);
    else if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) this.#expect('skipSize', 4);
    else throw malformed('its zstd stream holds something else than frames');
  }

  #afterHeader(descriptor: number, have: number): void {
    const isSingleSegment = (descriptor & 0x20) !== 0;
    const contentSizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6] ?? 0;
    const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
    const total = 1 + (isSingleSegment ? 0 : 1) + dictionaryBytes + contentSizeBytes;
    this.#hasChecksum = (descriptor & 4) !== 0;
    if (have < total) this.#need = total - have;
    else this.#expect('block', 3);
  }

  #afterBlockHeader(header: number): void {
    this.#isLastBlock = (header & LAST_BLOCK) !== 0;
    const size = ((header >> 1) & 3) === RLE_BLOCK ? 1 : header >> 3;
    if (size === 0) this.#afterBody();
    else this.#expect('body', size);
  }

  #afterBody(): void {
    if (!this.#isLastBlock) this.#expect('block', 3);
    else if (this.#hasChecksum) this.#expect('checksum', 4);
    else this.#expect('magic', 4);
  }

  #expect(what: Expecting, bytes: number): void {
    this.#expecting = what;
    this.#need = bytes;
    this.#fields = Buffer.alloc(0);
  }
}
