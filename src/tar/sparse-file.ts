import { ftruncateSync, writeSync } from 'node:fs';

/** File systems keep holes in steps of their block size. */
const BLOCK_BYTES = 4096;
const ZEROS = Buffer.alloc(BLOCK_BYTES);

/** Writes a new file from its beginning, blocks of zeros as holes. */
export class SparseFile {
  readonly #fd: number;
  #position = 0;
  #endsInHole = false;

  /** @param fd An empty file, open for writing. Not closed. */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Writes what comes next. */
  write(chunk: Buffer): void {
    for (let offset = 0; offset < chunk.length;) {
      const zeros = this.#end(chunk, offset, true);
      this.#endsInHole = zeros > offset;
      const end = this.#endsInHole ? zeros : this.#end(chunk, offset, false);
      const count = this.#endsInHole ? end - offset : writeSync(this.#fd, chunk, offset, end - offset, this.#position);
      offset += count;
      this.#position += count;
    }
  }

  /** Leaves so many bytes out. */
  skip(length: number): void {
    this.#position += length;
    this.#endsInHole = true;
  }

  /** Call it when all is written. */
  finish(): void {
    if (this.#endsInHole) ftruncateSync(this.#fd, this.#position);
  }

  /** Where the blocks end that are all zeros, or all not. The first and last may be parts of a block. */
  #end(chunk: Buffer, from: number, areZeros: boolean): number {
    let start = from;
    while (start < chunk.length) {
      const position = this.#position + start - from;
      const end = Math.min(chunk.length, start + BLOCK_BYTES - (position % BLOCK_BYTES));
      const isZero = chunk[start] === 0 && chunk.compare(ZEROS, 0, end - start, start, end) === 0;
      if (isZero !== areZeros) break;
      start = end;
    }
    return start;
  }
}
