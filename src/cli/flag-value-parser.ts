import type { FlagKind } from './command.ts';
import type { FlagValue } from './flag-values.ts';

/** Why a value does not suit its flag; the words are those of Go's standard library, which users of Docker know. */
export class ValueError extends Error {}

const UNIT_BYTES: Readonly<Record<string, number>> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30, t: 2 ** 40, p: 2 ** 50 };

/**
 * Reads the text of a flag's value. For a list this is one more item.
 *
 * @throws {ValueError} If the kind does not allow it.
 */
export function parseFlagValue(kind: FlagKind, text: string): FlagValue {
  switch (kind) {
    case 'bool':
      return parseBool(text);
    case 'int':
      return parseInteger(text);
    case 'decimal':
      if (!/^[+-]?(?:\d*\.?\d+|\d+\.)$/.test(text)) throw new ValueError(`failed to parse ${text} as a rational number`);
      return Number(text);
    case 'bytes':
      return parseBytes(text);
    case 'string':
    case 'list':
      return text;
  }
}

/** What a flag is worth when it is not given and its definition names no default. */
export function emptyValue(kind: FlagKind): FlagValue {
  switch (kind) {
    case 'bool':
      return false;
    case 'int':
    case 'decimal':
    case 'bytes':
      return 0;
    case 'string':
      return '';
    case 'list':
      return [];
  }
}

function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw new ValueError(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
}

function parseInteger(text: string): number {
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new ValueError(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`);
}

/** Reads `64m` and the like: binary units, in any case, with or without `b` or `ib`. `-1` stands for no limit. */
function parseBytes(text: string): number {
  if (text === '-1') return -1;
  const match = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text);
  if (match === null) throw new ValueError(`invalid size: '${text}'`);
  return Math.floor(Number(match[1]) * (UNIT_BYTES[(match[2] ?? '').toLowerCase()] ?? 1));
}
