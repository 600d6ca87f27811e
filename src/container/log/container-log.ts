/**
 * The files of one container's log.
 *
 * ```
 * ctr.log          what the monitor writes to: the newest segment
 * ctr.log.N        a name of its own for each segment, once the log has been rotated; the newest has both
 * ctr.log.N.gz     an older segment, compressed
 * ctr.log.tmp      the segment that the monitor is to go on with when it is told to reopen its log
 * ```
 *
 * Segments are numbered upwards from 1 and never renamed, so a number and an offset name a place for as long as it is kept.
 *
 * @module
 */
import { readdirSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** A place in a log, at the beginning of one of its lines. */
export interface LogPosition {
  readonly sequence: number;
  /** Of the segment as it was written, not as it may be compressed. */
  readonly offsetBytes: number;
}

/** A part of a log, as it was found. */
export interface LogSegment {
  readonly sequence: number;
  /** The one name that it has for good; the log's own path while it has no other. */
  readonly path: string;
  readonly isCompressed: boolean;
  /** Whether the monitor writes to it. */
  readonly isCurrent: boolean;
  readonly inode: bigint;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** Somebody who reads a log, from here on: what they have not come to yet is not taken away if it can be helped. */
export interface LogReader extends Disposable {
  sequence: number;
}

/** The files of one container's log, and who reads them. Makes and changes none of them. */
export class ContainerLog {
  /** Where the monitor writes. */
  readonly path: string;
  /** Called when a reader leaves. */
  onReaderGone: (() => void) | undefined;
  readonly #readers = new Set<LogReader>();

  constructor(path: string) {
    this.path = path;
  }

  /** The segments, oldest first; none if the log is not there. */
  segments(): readonly LogSegment[] {
    const current = statSync(this.path, { bigint: true, throwIfNoEntry: false });
    if (current === undefined) return [];
    const found = this.#namedSegments(current.ino);
    if (found.some(({ isCurrent }) => isCurrent)) return found;
    const sequence = (found.at(-1)?.sequence ?? 0) + 1;
    return [...found, describe(this.path, sequence, current, true)];
  }

  /** Where the log begins. */
  start(): LogPosition {
    return { sequence: this.segments()[0]?.sequence ?? 1, offsetBytes: 0 };
  }

  /** Where the log ends now. */
  end(): LogPosition {
    const current = this.segments().find(({ isCurrent }) => isCurrent);
    return { sequence: current?.sequence ?? 1, offsetBytes: current?.sizeBytes ?? 0 };
  }

  /** Whether the monitor still writes to the file. */
  isCurrent(inode: bigint): boolean {
    return statSync(this.path, { bigint: true, throwIfNoEntry: false })?.ino === inode;
  }

  /** Notes a reader until it is disposed. */
  join(sequence: number): LogReader {
    const reader: LogReader = {
      sequence,
      [Symbol.dispose]: () => {
        this.#readers.delete(reader);
        this.onReaderGone?.();
      },
    };
    this.#readers.add(reader);
    return reader;
  }

  /** The oldest segment that somebody reads; `Infinity` if nobody reads. */
  oldestRead(): number {
    return Math.min(...[...this.#readers].map(({ sequence }) => sequence));
  }

  #namedSegments(currentInode: bigint): LogSegment[] {
    const prefix = `${basename(this.path)}.`;
    const directory = dirname(this.path);
    const bySequence = new Map<number, LogSegment>();
    for (const name of readdirSync(directory)) {
      const match = name.startsWith(prefix) ? /^(\d{1,12})(\.gz)?$/.exec(name.slice(prefix.length)) : null;
      if (match === null) continue;
      const sequence = Number(match[1]);
      // One that was being compressed when its engine died is there twice: the original counts.
      if (match[2] !== undefined && bySequence.get(sequence)?.isCompressed === false) continue;
      const path = `${directory}/${name}`;
      const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (stat !== undefined) bySequence.set(sequence, describe(path, sequence, stat, stat.ino === currentInode));
    }
    return [...bySequence.values()].toSorted((a, b) => a.sequence - b.sequence);
  }
}

function describe(
  path: string,
  sequence: number,
  stat: { readonly ino: bigint; readonly size: bigint; readonly mtimeMs: bigint },
  isCurrent: boolean,
): LogSegment {
  return {
    sequence,
    path,
    isCompressed: path.endsWith('.gz'),
    isCurrent,
    inode: stat.ino,
    sizeBytes: Number(stat.size),
    modifiedMs: Number(stat.mtimeMs),
  };
}
