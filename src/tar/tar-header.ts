import { PierError } from '../base/errors.ts';
import { BLOCK_BYTES } from './tar-entry.ts';
import type { ByteString } from '../linux/index.ts';

/** The fields of one 512-byte header as they stand, before extensions. */
export interface RawHeader {
  readonly name: ByteString;
  readonly linkName: ByteString;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeSeconds: number;
  /** The type's character: `0`, `5`, `x`…; `0` for old archives that have a zero byte. */
  readonly flag: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

/**
 * Decodes a header block: POSIX ustar, GNU, or the older form without a magic.
 *
 * @param block 512 bytes.
 * @returns `undefined` if the block is all zero: the end of the archive.
 * @throws {PierError} `InvalidArgument` if its checksum or a number is wrong.
 */
export function decodeHeader(block: Buffer): RawHeader | undefined {
  const { unsigned, signed } = checksums(block);
  if (unsigned === 8 * 32 && isZero(block)) return undefined;
  const stored = decodeNumber(block, 148, 8);
  if (stored !== unsigned && stored !== signed) throw malformed('a header has a wrong checksum');
  const magic = block.toString('latin1', 257, 263);
  const hasDevice = magic === 'ustar\0' || magic === 'ustar ';
  const flag = block[156] ?? 0;
  return {
    name: withPrefix(block, magic, decodeText(block, 0, 100)),
    linkName: decodeText(block, 157, 100),
    mode: decodeNumber(block, 100, 8) & 0o7777,
    uid: decodeNumber(block, 108, 8),
    gid: decodeNumber(block, 116, 8),
    sizeBytes: decodeNumber(block, 124, 12),
    mtimeSeconds: decodeNumber(block, 136, 12),
    flag: flag === 0 ? '0' : String.fromCodePoint(flag),
    deviceMajor: hasDevice ? decodeNumber(block, 329, 8) : 0,
    deviceMinor: hasDevice ? decodeNumber(block, 337, 8) : 0,
  };
}

/** The error for an archive that is not one. */
export function malformed(state: string): PierError {
  return new PierError('InvalidArgument', `Cannot read archive: ${state}`, { reason: 'archive.malformed', facts: { state } });
}

function withPrefix(block: Buffer, magic: string, name: ByteString): ByteString {
  if (magic !== 'ustar\0') return name;
  // Schilling's star puts times after a shorter prefix, and signs at the end.
  const prefix = decodeText(block, 345, block.toString('latin1', 508, 512) === 'tar\0' ? 131 : 155);
  return prefix === '' ? name : `${prefix}/${name}`;
}

function checksums(block: Buffer): { unsigned: number; signed: number } {
  // The checksum field itself counts as spaces. Some old programs summed signed characters.
  let unsigned = 8 * 32;
  let negative = 0;
  for (let i = 0; i < BLOCK_BYTES; i++) {
    if (i === 148) i = 156;
    const byte = block[i] ?? 0;
    unsigned += byte;
    if (byte > 127) negative++;
  }
  return { unsigned, signed: unsigned - 256 * negative };
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

function decodeText(block: Buffer, offset: number, length: number): ByteString {
  const end = block.indexOf(0, offset);
  return block.toString('latin1', offset, end < 0 || end > offset + length ? offset + length : end);
}

/** Reads octal text, or GNU's base 256 for what octal cannot hold: a set top bit, then a big-endian two's complement number. */
export function decodeNumber(block: Buffer, offset: number, length: number): number {
  const first = block[offset] ?? 0;
  if ((first & 0x80) !== 0) return decodeBase256(block.subarray(offset, offset + length));
  const text = block.toString('latin1', offset, offset + length).replace(/^[ \0]+/, '');
  const digits = /^[0-7]*/.exec(text)?.[0] ?? '';
  const rest = text.slice(digits.length);
  if (rest !== '' && rest[0] !== ' ' && rest[0] !== '\0') throw malformed(`a header has the number "${rest.replaceAll('\0', '')}"`);
  return digits === '' ? 0 : Number.parseInt(digits, 8);
}

function decodeBase256(field: Buffer): number {
  const first = field[0] ?? 0;
  let value = BigInt(first & 0x40 ? (first & 0x7f) - 0x80 : first & 0x7f);
  for (const byte of field.subarray(1)) value = value * 256n + BigInt(byte);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw malformed(`a header has the number ${value}`);
  return number;
}
