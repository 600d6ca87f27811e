/**
 * Archives for tests, built byte by byte, so that they may be as wrong as a test wants.
 *
 * @module
 */
import { writeFile } from 'node:fs/promises';

/** An entry to write as it is. */
export interface FixtureEntry {
  readonly name: string | Buffer;
  /** The header's type character. @default {'0'} */
  readonly flag?: string;
  readonly linkName?: string;
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds since the epoch. */
  readonly mtime?: number;
  readonly device?: readonly [number, number];
  readonly content?: string | Buffer;
  /** Written in a PAX header before the entry. */
  readonly pax?: Readonly<Record<string, string | Buffer>>;
}

/** The bytes of a tar with these entries, ended properly. */
export function tarOf(entries: readonly FixtureEntry[]): Buffer {
  return Buffer.concat([...entries.map(encode), Buffer.alloc(1024)]);
}

/** Writes a tar and returns its path. */
export async function writeTar(path: string, entries: readonly FixtureEntry[]): Promise<string> {
  await writeFile(path, tarOf(entries));
  return path;
}

function encode(entry: FixtureEntry): Buffer {
  const content = Buffer.from(entry.content ?? '');
  const parts = [header(entry, content.length), padded(content)];
  if (entry.pax !== undefined) {
    const records = Buffer.concat(Object.entries(entry.pax).map(([keyword, value]) => record(keyword, Buffer.from(value))));
    parts.unshift(header({ name: 'pax', flag: 'x' }, records.length), padded(records));
  }
  return Buffer.concat(parts);
}

function record(keyword: string, value: Buffer): Buffer {
  const rest = 2 + keyword.length + 1 + value.length;
  const length = [1, 2, 3, 4, 5].map((digits) => rest + digits).find((sum, i) => String(sum).length === i + 1) ?? 0;
  return Buffer.concat([Buffer.from(`${length} ${keyword}=`), value, Buffer.from('\n')]);
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
}

function header(entry: FixtureEntry, size: number): Buffer {
  const block = Buffer.alloc(512);
  const octal = (value: number, offset: number, width: number): number =>
    block.write(value.toString(8).padStart(width - 1, '0'), offset, 'latin1');
  Buffer.from(entry.name).copy(block, 0, 0, 100);
  octal(entry.mode ?? (entry.flag === '5' ? 0o755 : 0o644), 100, 8);
  octal(entry.uid ?? 0, 108, 8);
  octal(entry.gid ?? 0, 116, 8);
  octal(size, 124, 12);
  octal(entry.mtime ?? 1_000_000_000, 136, 12);
  block.write(entry.flag ?? '0', 156);
  block.write(entry.linkName ?? '', 157, 100);
  block.write('ustar\x0000', 257, 'latin1');
  octal(entry.device?.[0] ?? 0, 329, 8);
  octal(entry.device?.[1] ?? 0, 337, 8);
  block.fill(' ', 148, 156);
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
