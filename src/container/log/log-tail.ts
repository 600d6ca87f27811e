import type { FileHandle } from 'node:fs/promises';
import { locateCriLine } from './cri-log.ts';
import { openSegmentFrom } from './open-segment.ts';
import type { ContainerLog, LogPosition } from './container-log.ts';

const BLOCK_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;

/**
 * Finds where the last lines of output begin. Pieces of one line count together.
 *
 * @param lineCount 0 is the end of the log.
 * @param stream Counts only lines of this stream; all when `undefined`.
 */
export async function positionOfLastLines(log: ContainerLog, lineCount: number, stream?: 'stdout' | 'stderr'): Promise<LogPosition> {
  let position = log.end();
  if (lineCount <= 0) return position;
  // Nothing shall be retired while it is looked through.
  using held = new DisposableStack();
  held.use(log.join(0));
  let found = 0;
  for (let sequence = position.sequence; sequence > 0; sequence--) {
    const opened = await openSegmentFrom(log, sequence);
    if (opened === undefined) return position;
    await using file = opened.file;
    // Numbers have gaps only where older ones are gone.
    if (opened.segment.sequence !== sequence) return position;
    const sizeBytes = sequence === position.sequence ? position.offsetBytes : (await file.stat()).size;
    for await (const { start, line } of linesBackwards(file, sizeBytes)) {
      if (stream !== undefined && line.stream !== stream) continue;
      // Going back, a line of output begins at its end: at a full log line, or at the very last piece.
      if (!line.isPartial || found === 0) {
        if (found === lineCount) return position;
        found += 1;
      }
      position = { sequence, offsetBytes: start };
    }
  }
  return position;
}

interface LocatedLine {
  readonly start: number;
  readonly line: NonNullable<ReturnType<typeof locateCriLine>>;
}

async function* linesBackwards(file: FileHandle, size: number): AsyncGenerator<LocatedLine> {
  let end = size;
  let carried: Buffer = Buffer.alloc(0);
  while (end > 0) {
    const from = Math.max(0, end - BLOCK_BYTES);
    const block = Buffer.alloc(end - from);
    await file.read(block, 0, block.length, from);
    const buffer = Buffer.concat([block, carried]);
    const lineFeed = from === 0 ? -1 : buffer.indexOf(LINE_FEED);
    // What is before the first line feed belongs to a line that begins in an earlier block.
    const firstLine = from === 0 ? 0 : lineFeed === -1 ? buffer.length : lineFeed + 1;
    yield* linesOf(buffer, firstLine, from);
    carried = Buffer.from(buffer.subarray(0, firstLine));
    end = from;
  }
}

function* linesOf(buffer: Buffer, first: number, base: number): Generator<LocatedLine> {
  const starts: number[] = [];
  for (let at = first; at < buffer.length;) {
    starts.push(at);
    const lineFeed = buffer.indexOf(LINE_FEED, at);
    if (lineFeed === -1) break;
    at = lineFeed + 1;
  }
  for (const start of starts.toReversed()) {
    const line = locateCriLine(buffer, start);
    if (line !== undefined) yield { start: base + start, line };
  }
}
