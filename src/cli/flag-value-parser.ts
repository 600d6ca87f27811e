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
    case 'duration':
      return parseDuration(text);
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
    case 'duration':
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

/** Nanoseconds of each unit that Go's durations know. */
const UNIT_NS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

function parseDuration(text: string): number {
  const digits = text.replace(/^[+-]/, '');
  if (digits === '0') return 0;
  let total = 0;
  let end = 0;
  for (const match of digits.matchAll(/(\d+\.?\d*|\.\d+)([^\d.]*)/g)) {
    const [part, amount, unit = ''] = match;
    if (match.index !== end) break;
    end += part.length;
    if (unit === '') throw new ValueError(`time: missing unit in duration ${JSON.stringify(text)}`);
    const size = UNIT_NS[unit];
    if (size === undefined) throw new ValueError(`time: unknown unit ${JSON.stringify(unit)} in duration ${JSON.stringify(text)}`);
    total += Number(amount) * size;
  }
  if (end === 0 || end !== digits.length) throw new ValueError(`time: invalid duration ${JSON.stringify(text)}`);
  return Math.trunc(text.startsWith('-') ? -total : total);
}

/**
 * Reads `64m` and the like: binary units, in any case, with or without `b` or `ib`. `-1` stands for no limit. A number that is
 * followed by no such unit, and what has no number, are told apart as Docker does.
 */
function parseBytes(text: string): number {
  if (text === '-1') return -1;
  const [, number = '', suffix = ''] = /^(.*[0-9. ])?([^0-9. ]*)$/s.exec(text) ?? [];
  const digits = number.endsWith(' ') ? number.slice(0, -1) : number;
  if (digits === '') throw new ValueError(`invalid size: '${text}'`);
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(digits))
    throw new ValueError(`strconv.ParseFloat: parsing ${JSON.stringify(digits)}: invalid syntax`);
  if (Number(digits) < 0) throw new ValueError(`invalid size: '${text}'`);
  const unit = /^([kmgtp]?)(?:(?<=.)i?b|b)?$/i.exec(suffix);
  if (unit === null) throw new ValueError(`invalid suffix: '${suffix.length > 3 ? suffix : suffix.toLowerCase()}'`);
  return Math.floor(Number(digits) * (UNIT_BYTES[(unit[1] ?? '').toLowerCase()] ?? 1));
}
