import { PierError } from '../../base/errors.ts';
import type { ErrorCode } from '../../base/errors.ts';

/** The spellings of truth that Go reads. */
export const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False'].map((text) => [text, false] as const),
]);

const UNITS = 'kmgtp';

/**
 * An option of a log driver that it cannot work with.
 *
 * @param problem What is wrong, for a front's own words.
 */
export function badOption(option: string, problem: string, value: string, code: ErrorCode = 'Internal'): PierError {
  return new PierError(code, `Cannot use log option "${option}": ${JSON.stringify(value)} (${problem})`, {
    reason: 'log.bad-option',
    facts: { option, problem, value },
  });
}

/**
 * Reads a size such as `10m`.
 *
 * @param base 1000 or 1024: what a `k` is.
 * @returns Bytes.
 * @throws {PierError} Reason `log.bad-option`, problem `size`.
 */
export function parseSize(option: string, text: string, base: 1000 | 1024, code: ErrorCode = 'Internal'): number {
  const match = /^(\d+(?:\.\d+)?) ?(?:([kmgtp])(?:i?b)?|b)?$/i.exec(text);
  if (match === null) throw badOption(option, 'size', text, code);
  const [, number = '', unit = ''] = match;
  return Math.trunc(Number(number) * base ** (unit === '' ? 0 : UNITS.indexOf(unit.toLowerCase()) + 1));
}

/** Reads a whole number. @throws {PierError} Reason `log.bad-option`, problem `integer`. */
export function parseInteger(option: string, text: string): number {
  if (!/^[+-]?\d{1,15}$/.test(text)) throw badOption(option, 'integer', text);
  return Number(text);
}

/** Reads `true` or `false`. @throws {PierError} Reason `log.bad-option`, problem `boolean`. */
export function parseBoolean(option: string, text: string): boolean {
  const value = BOOLEANS.get(text);
  if (value === undefined) throw badOption(option, 'boolean', text);
  return value;
}
