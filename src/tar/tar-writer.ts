import { posix } from 'node:path';
import { BLOCK_BYTES } from './tar-entry.ts';
import { encodePax } from './pax.ts';
import type { TarEntry, TarEntryType } from './tar-entry.ts';

const FLAG_OF_TYPE: Readonly<Record<TarEntryType, string>> = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
};

const NAME_BYTES = 100;

/**
 * Encodes an entry's header as POSIX ustar, with a PAX header before it for what that cannot hold: the form that Go's
 * writer gives `docker export`. Times are whole seconds.
 *
 * @returns Whole blocks, before which nothing and after which the content comes.
 */
export function encodeHeader(entry: TarEntry): Buffer {
  const pax = new Map<string, Buffer>();
  const name = entry.type === 'directory' && !entry.name.endsWith('/') ? `${entry.name}/` : entry.name;
  const fields: HeaderFields = {
    name: fitText(pax, 'path', name),
    linkName: fitText(pax, 'linkpath', entry.linkName),
    mode: entry.mode,
    uid: fitNumber(pax, 'uid', entry.uid, 7),
    gid: fitNumber(pax, 'gid', entry.gid, 7),
    size: fitNumber(pax, 'size', entry.sizeBytes, 11),
    mtime: fitNumber(pax, 'mtime', secondsOf(entry.mtimeNs), 11),
    flag: FLAG_OF_TYPE[entry.type],
    major: entry.deviceMajor,
    minor: entry.deviceMinor,
  };
  for (const [attribute, value] of entry.xattrs) pax.set(`SCHILY.xattr.${attribute}`, value);
  const header = encodeBlock(fields);
  return pax.size === 0 ? header : Buffer.concat([encodeExtension(name, pax), header]);
}

/** Bytes of zero that complete a content of this size to whole blocks. */
export function paddingOf(sizeBytes: number): number {
  return (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
}

interface HeaderFields {
  readonly name: string;
  readonly linkName: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly mtime: number;
  readonly flag: string;
  readonly major: number;
  readonly minor: number;
}

function encodeExtension(name: string, records: ReadonlyMap<string, Buffer>): Buffer {
  const content = encodePax([...records].toSorted(([a], [b]) => (a < b ? -1 : 1)));
  const { dir, base } = posix.parse(name);
  const label = asciiOf(posix.join(dir, 'PaxHeaders.0', base)).slice(0, NAME_BYTES);
  const zero = { linkName: '', mode: 0, uid: 0, gid: 0, mtime: 0, major: 0, minor: 0 };
  const header = encodeBlock({ ...zero, name: label, size: content.length, flag: 'x' });
  return Buffer.concat([header, content, Buffer.alloc(paddingOf(content.length))]);
}

function fitText(pax: Map<string, Buffer>, keyword: string, text: string): string {
  if (text.length <= NAME_BYTES && !/[\u0080-\u00FF]/.test(text)) return text;
  pax.set(keyword, Buffer.from(text, 'latin1'));
  return asciiOf(text).slice(0, NAME_BYTES);
}

function fitNumber(pax: Map<string, Buffer>, keyword: string, value: number, digits: number): number {
  if (value >= 0 && value < 8 ** digits) return value;
  pax.set(keyword, Buffer.from(String(value)));
  return 0;
}

function asciiOf(text: string): string {
  return text.replaceAll(/[\u0080-\u00FF]/g, '');
}

function secondsOf(timeNs: bigint): number {
  const seconds = timeNs / 1_000_000_000n;
  return Number(timeNs < 0n && seconds * 1_000_000_000n !== timeNs ? seconds - 1n : seconds);
}

function encodeBlock(fields: HeaderFields): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES);
  const octal = (value: number, offset: number, digits: number): void => {
    block.write(value.toString(8).padStart(digits, '0'), offset, digits, 'latin1');
  };
  block.write(fields.name, 0, NAME_BYTES, 'latin1');
  octal(fields.mode, 100, 7);
  octal(fields.uid, 108, 7);
  octal(fields.gid, 116, 7);
  octal(fields.size, 124, 11);
  octal(fields.mtime, 136, 11);
  block.write(fields.flag, 156, 'latin1');
  block.write(fields.linkName, 157, NAME_BYTES, 'latin1');
  block.write('ustar\x0000', 257, 'latin1');
  octal(fields.major, 329, 7);
  octal(fields.minor, 337, 7);
  // Its own field counts as spaces in the checksum.
  block.fill(0x20, 148, 156);
  let sum = 0;
  for (const byte of block) sum += byte;
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
}
