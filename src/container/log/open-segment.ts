import { createReadStream, createWriteStream } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import type { FileHandle } from 'node:fs/promises';
import { isErrno } from '../../base/errors.ts';
import { newId } from '../../base/ids.ts';
import type { ContainerLog, LogSegment } from './container-log.ts';

/** A segment to read from, as it was written. */
export interface OpenSegment {
  readonly segment: LogSegment;
  readonly file: FileHandle;
}

/**
 * Opens the first segment from a number on that is still kept. A compressed one is unpacked into a file without a name:
 * offsets count in it as they did, and a crash leaves nothing of it.
 *
 * @returns `undefined` if there is none; otherwise for the caller to close.
 */
export async function openSegmentFrom(log: ContainerLog, sequence: number): Promise<OpenSegment | undefined> {
  for (;;) {
    const segment = log.segments().find((candidate) => candidate.sequence >= sequence);
    if (segment === undefined) return undefined;
    try {
      if (segment.isCompressed) return { segment, file: await unpack(segment.path) };
      const file = await open(segment.path, 'r');
      if ((await file.stat({ bigint: true })).ino === segment.inode) return { segment, file };
      // The log was rotated between the two looks, and its path is another segment's now.
      await file.close();
    } catch (error) {
      // It was compressed, or retired.
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
}

async function unpack(path: string): Promise<FileHandle> {
  const temporary = `${path}.${newId().slice(0, 12)}.tmp`;
  try {
    await pipeline(createReadStream(path), createGunzip(), createWriteStream(temporary, { flags: 'wx', mode: 0o600 }));
    return await open(temporary, 'r');
  } finally {
    await rm(temporary, { force: true });
  }
}
