import type { ByteString } from '../linux/index.ts';

/** What a tar entry makes. */
export type TarEntryType = 'block' | 'character' | 'directory' | 'fifo' | 'file' | 'hardlink' | 'symlink';

/** Size of a tar's headers, and what contents are padded to. */
export const BLOCK_BYTES = 512;

/** One entry of a tar, extensions applied. */
export interface TarEntry {
  readonly type: TarEntryType;
  /** As written in the archive, unchecked. */
  readonly name: ByteString;
  /** Target of a hard or symbolic link, unchecked; empty for others. */
  readonly linkName: ByteString;
  /** Permission, set-id and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Bytes of content, holes of a sparse file included; 0 for everything but files. */
  readonly sizeBytes: number;
  /** Nanoseconds since the epoch; negative before it. */
  readonly mtimeNs: bigint;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** Extended attributes by name. */
  readonly xattrs: ReadonlyMap<string, Buffer>;
}
