import { PierError } from '../base/errors.ts';

/** Which stream a frame belongs to; `systemerr` carries an error of the engine, after which nothing follows. */
export type FrameStream = 'stdin' | 'stdout' | 'stderr' | 'systemerr';

/** A frame's stream and payload. */
export interface Frame {
  readonly stream: FrameStream;
  readonly data: Buffer;
}

const STREAMS = ['stdin', 'stdout', 'stderr', 'systemerr'] as const;
const NUMBER: Record<FrameStream, number> = { stdin: 0, stdout: 1, stderr: 2, systemerr: 3 };

/** Bytes before each payload: stream number, three zeros, length in 32 bits, big-endian. */
export const FRAME_HEADER_BYTES = 8;

/**
 * The header of a frame of Docker's multiplexed stream. Written apart from the payload so that the payload is not copied.
 *
 * @param stream Which output.
 * @param length Payload bytes, below 2^32.
 */
export function frameHeader(stream: FrameStream, length: number): Buffer {
  const header = Buffer.alloc(FRAME_HEADER_BYTES);
  header[0] = NUMBER[stream];
  header.writeUInt32BE(length, 4);
  return header;
}

/** A whole frame in one buffer. */
export function encodeFrame(stream: FrameStream, data: Uint8Array): Buffer {
  return Buffer.concat([frameHeader(stream, data.length), data]);
}

/**
 * Takes a multiplexed stream apart, in whatever pieces it arrives. Payloads are handed on as they come, not gathered:
 * a frame that arrives in three pieces gives three frames.
 */
export class FrameDecoder {
  #header: Buffer = Buffer.alloc(0);
  #stream: FrameStream = 'stdout';
  #missing = 0;

  /**
   * Decodes the next piece.
   *
   * @yields each payload or part of one, as a view of `chunk`.
   * @throws {PierError} `DataLoss` if a header names no stream: what arrives is not multiplexed.
   */
  *push(chunk: Buffer): Generator<Frame, void> {
    let rest = chunk;
    while (rest.length > 0) {
      if (this.#missing > 0) {
        const data = rest.subarray(0, this.#missing);
        this.#missing -= data.length;
        rest = rest.subarray(data.length);
        yield { stream: this.#stream, data };
        continue;
      }
      const take = rest.subarray(0, FRAME_HEADER_BYTES - this.#header.length);
      this.#header = this.#header.length === 0 ? take : Buffer.concat([this.#header, take]);
      rest = rest.subarray(take.length);
      if (this.#header.length === FRAME_HEADER_BYTES) this.#begin();
    }
  }

  /** Nothing of a frame is outstanding. */
  get isAtBoundary(): boolean {
    return this.#missing === 0 && this.#header.length === 0;
  }

  #begin(): void {
    const stream = STREAMS[this.#header[0] ?? 255];
    if (stream === undefined) throw new PierError('DataLoss', `Cannot decode frame: ${this.#header[0]} is no stream`);
    this.#stream = stream;
    this.#missing = this.#header.readUInt32BE(4);
    this.#header = Buffer.alloc(0);
  }
}
