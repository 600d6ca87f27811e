import { formatNs, nowNs } from '../base/timestamp.ts';
import { dockerError } from './errors.ts';

/** What Go's durations hold: 292 years. */
const LONGEST_DURATION_NS = 2n ** 63n - 1n;
const LONGEST_SECONDS = String(LONGEST_DURATION_NS);
/** The last second of year 9999: RFC 3339 ends there. */
const END_OF_TIME_NS = 253_402_300_799n * 1_000_000_000n;
const UNIT_NS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9, m: 60e9, h: 3600e9 };

/**
 * Reads `seconds[.nanoseconds]` since the epoch, as clients send `since` and `until`.
 *
 * @returns `undefined` for empty text and 0, which mean "not given".
 * @throws {PierError} `Internal` in Docker's words.
 */
export function parseUnixNs(text: string): bigint | undefined {
  if (text === '') return undefined;
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(text);
  if (match === null) {
    const part = /^-?\d+\.(.*)$/.exec(text)?.[1] ?? /^[^.]*/.exec(text)?.[0] ?? text;
    // An error of the server's to Docker.
    throw dockerError('Internal', `strconv.ParseInt: parsing ${JSON.stringify(part)}: invalid syntax`);
  }
  return BigInt(match[1] ?? 0) * 1_000_000_000n + BigInt((match[2] ?? '').slice(0, 9).padEnd(9, '0'));
}

/**
 * Reads the `until` of a prune: a Go duration before now (`24h`, `1h30m`), Unix seconds, or a date.
 *
 * @returns RFC 3339.
 * @throws {PierError} `InvalidArgument` if it is none of them.
 */
export function parseUntil(text: string): string {
  const duration = parseDurationNs(text);
  if (duration !== undefined && duration <= LONGEST_DURATION_NS) return formatNs(nowNs() - duration);
  const seconds = /^(\d+)(\.\d+)?$/.exec(text)?.[1];
  if (seconds !== undefined && seconds.length <= LONGEST_SECONDS.length) {
    const ns = parseUnixNs(text) ?? 0n;
    return formatNs(ns < END_OF_TIME_NS ? ns : END_OF_TIME_NS);
  }
  // Without a zone Docker takes the daemon's own, as Date does for all but bare dates.
  const ms = duration !== undefined ? Number.NaN : Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00` : text);
  if (Number.isNaN(ms)) throw dockerError('InvalidArgument', `failed to parse value as time or duration: ${JSON.stringify(text)}`);
  return formatNs(BigInt(ms) * 1_000_000n);
}

function parseDurationNs(text: string): bigint | undefined {
  if (!/^([0-9]+(\.[0-9]*)?(ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/([0-9]+(?:\.[0-9]*)?)(ns|us|µs|ms|s|m|h)/g))
    total += Number(amount) * (UNIT_NS[unit ?? ''] ?? 0);
  return BigInt(Math.round(total));
}
