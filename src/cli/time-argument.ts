import { CommandError } from './command-error.ts';

const UNIT_MS: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1, us: 1e-3, µs: 1e-3, ns: 1e-6 };

/**
 * Reads a time as `--since` and `--until` take it: `10m` (before now), Unix seconds, or a date with or without a time of day
 * and a zone; without a zone it is local time.
 *
 * @param flag For the message.
 * @returns Unix seconds, with a fraction where there is one, as the API wants them.
 * @throws {CommandError} If it is none of these.
 */
export function parseTimeArgument(flag: string, text: string): string {
  if (/^-?\d+(\.\d+)?$/.test(text)) return text;
  const agoMs = parseDuration(text);
  if (agoMs !== undefined) return seconds(Date.now() - agoMs);
  const match = /^(\d{4}-\d\d-\d\d)(?:T(\d\d(?::\d\d(?::\d\d)?)?)(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/.exec(text);
  if (match !== null) {
    const [, date, time = '00', fraction = '', zone] = match;
    const clock = time.padEnd(8, ':00');
    // A date alone would be read as UTC, so a time of day is always given.
    const ms = Date.parse(`${date}T${clock}${zone ?? ''}`);
    if (!Number.isNaN(ms)) return `${ms / 1000}${fraction}`;
  }
  throw new CommandError(`invalid value for "${flag}": failed to parse value as time or duration: ${JSON.stringify(text)}`);
}

/** Reads Go's `1h30m`. @returns Milliseconds, or `undefined` if it is not a duration. */
function parseDuration(text: string): number | undefined {
  if (!/^[+-]?(\d+(\.\d*)?(h|ms|us|µs|ns|m|s))+$/.test(text)) return undefined;
  let total = 0;
  for (const [, amount, unit] of text.matchAll(/(\d+(?:\.\d*)?)(h|ms|us|µs|ns|m|s)/g)) total += Number(amount) * (UNIT_MS[unit ?? ''] ?? 0);
  return text.startsWith('-') ? -total : total;
}

function seconds(ms: number): string {
  return `${Math.floor(ms / 1000)}.${String(Math.floor(ms) % 1000).padStart(3, '0')}000000`;
}
