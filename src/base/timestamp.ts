/** Nanoseconds since the Unix epoch. */
export type Nanoseconds = bigint;

/** The zero time as Go prints it; Docker's API uses it for "never". */
export const ZERO_TIME = '0001-01-01T00:00:00Z';

/** The wall clock in nanoseconds; its resolution is about a microsecond. */
export function nowNs(): Nanoseconds {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n;
}

/** The wall clock as RFC 3339 text with nanoseconds, in UTC, trailing zeros dropped as Go's RFC3339Nano does. */
export function timestamp(): string {
  return formatNs(nowNs());
}

/** Formats nanoseconds since the epoch as Go's RFC3339Nano does, in UTC: `2026-01-02T03:04:05.06Z`. */
export function formatNs(ns: Nanoseconds): string {
  // The fraction counts upwards before the epoch, too.
  const rest = ((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = (ns - rest) / 1_000_000_000n;
  const fraction = rest.toString().padStart(9, '0').replace(/0+$/, '');
  const base = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return fraction === '' ? `${base}Z` : `${base}.${fraction}Z`;
}

/**
 * Reads RFC 3339 text to the nanosecond.
 *
 * @param text With any number of fractional digits (nine count) and any zone offset.
 * @returns `undefined` if it is not a time.
 */
export function parseNs(text: string): Nanoseconds | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return undefined;
  const ms = Date.parse(`${match[1]}${match[3]}`);
  if (Number.isNaN(ms)) return undefined;
  return BigInt(ms) * 1_000_000n + BigInt((match[2] ?? '').slice(0, 9).padEnd(9, '0'));
}
