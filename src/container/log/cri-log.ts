/**
 * The log format that conmon writes: `TIME STREAM TAG CONTENT`, a line for each line or piece of one.
 *
 * `F` ends a line of output. `P` is a piece whose line goes on: the line feed after it belongs to the log, not to the
 * output. So the bytes a process wrote can be had back exactly.
 *
 * @see https://github.com/kubernetes/design-proposals-archive/blob/main/node/kubelet-cri-logging.md
 * @module
 */
import { parseNs } from '../../base/timestamp.ts';
import type { LogChunk, OutputStream } from '../container-service.ts';

const LINE_FEED = 0x0a;
const SPACE = 0x20;
const PARTIAL = 0x50;
/** `2026-01-02T03:04:05.123456789+00:00`, always this long. */
const TIME_BYTES = 35;
/** ` stdout F `: both streams' names have six letters. */
const HEADER_BYTES = TIME_BYTES + 10;
const STREAM_OFFSET = TIME_BYTES + 1;
const TAG_OFFSET = TIME_BYTES + 8;
/** `stdout` and `stderr` differ in the fourth letter. */
const LETTER_E = 0x65;

/** A line of the log, located in a buffer. */
export interface CriLine {
  readonly stream: OutputStream;
  readonly isPartial: boolean;
  /** Where the output's own bytes begin and end; a full line's line feed is inside. */
  readonly contentStart: number;
  readonly contentEnd: number;
  /** Where the next line of the log begins. */
  readonly end: number;
}

/**
 * Locates the line of the log that begins at `start`.
 *
 * @returns `undefined` if the buffer does not hold all of it.
 */
export function locateCriLine(buffer: Buffer, start: number): CriLine | undefined {
  const lineFeed = buffer.indexOf(LINE_FEED, start);
  if (lineFeed === -1) return undefined;
  const end = lineFeed + 1;
  if (lineFeed - start < HEADER_BYTES || buffer[start + TIME_BYTES] !== SPACE) {
    // What a crash of the machine left of a line: show nothing of it.
    return { stream: 'stdout', isPartial: true, contentStart: lineFeed, contentEnd: lineFeed, end };
  }
  const isPartial = buffer[start + TAG_OFFSET] === PARTIAL;
  const stream = buffer[start + STREAM_OFFSET + 3] === LETTER_E ? 'stderr' : 'stdout';
  return { stream, isPartial, contentStart: start + HEADER_BYTES, contentEnd: isPartial ? lineFeed : end, end };
}

/** When the line that begins at `start` was written. */
export function timeOfCriLine(buffer: Buffer, start: number): bigint {
  return parseNs(buffer.toString('latin1', start, start + TIME_BYTES)) ?? 0n;
}

/** Which streams are in the middle of a line of output. Kept from one buffer to the next. */
export interface OpenLines {
  stdout: boolean;
  stderr: boolean;
}

/**
 * Takes whole lines out of a buffer, one chunk for each.
 *
 * @returns The chunks, and how many bytes they came from: an incomplete last line is left.
 */
export function parseCriLines(buffer: Buffer, open: OpenLines): { readonly chunks: LogChunk[]; readonly consumedBytes: number } {
  const chunks: LogChunk[] = [];
  let start = 0;
  for (let line = locateCriLine(buffer, start); line !== undefined; line = locateCriLine(buffer, start)) {
    const { stream, isPartial } = line;
    const data = buffer.subarray(line.contentStart, line.contentEnd);
    chunks.push({ stream, data, timeNs: timeOfCriLine(buffer, start), isLineStart: !open[stream], isLineEnd: !isPartial });
    open[stream] = isPartial;
    start = line.end;
  }
  return { chunks, consumedBytes: start };
}

/**
 * Takes whole lines out of a buffer, neighbours of one stream joined in one chunk. The joined bytes are moved together
 * inside the buffer itself, so nothing is allocated; the buffer is spoilt.
 */
export function joinCriLines(buffer: Buffer, openLines: OpenLines): { readonly chunks: LogChunk[]; readonly consumedBytes: number } {
  const chunks: LogChunk[] = [];
  let start = 0;
  let open: { stream: OutputStream; from: number; to: number; timeNs: bigint; isLineStart: boolean; isLineEnd: boolean } | undefined;
  const close = (): void => {
    if (open !== undefined && open.to > open.from) chunks.push({ ...open, data: buffer.subarray(open.from, open.to) });
  };
  for (let line = locateCriLine(buffer, start); line !== undefined; line = locateCriLine(buffer, start)) {
    if (open === undefined || open.stream !== line.stream) {
      close();
      open = {
        stream: line.stream,
        from: line.contentStart,
        to: line.contentStart,
        timeNs: timeOfCriLine(buffer, start),
        isLineStart: !openLines[line.stream],
        isLineEnd: true,
      };
    }
    buffer.copyWithin(open.to, line.contentStart, line.contentEnd);
    open.to += line.contentEnd - line.contentStart;
    open.isLineEnd = !line.isPartial;
    openLines[line.stream] = line.isPartial;
    start = line.end;
  }
  close();
  return { chunks, consumedBytes: start };
}
