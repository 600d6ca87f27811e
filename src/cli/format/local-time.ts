import { formatNs, parseNs } from '../../base/timestamp.ts';

/**
 * A time as Go's `Time.String()` prints it, in the local zone: `2026-11-27 09:26:30 +0000 UTC`.
 *
 * @param seconds Unix seconds.
 */
export function goTimeString(seconds: number): string {
  const { date, time, zone } = localParts(seconds);
  return `${date} ${time} ${zone} ${zoneName(new Date(seconds * 1000))}`;
}

/** The same for a time in RFC 3339, to the nanosecond and in UTC, which is how the API gives times; other text is left as it is. */
export function goTimeStringOf(text: string): string {
  const ns = parseNs(text);
  return ns === undefined ? text : `${formatNs(ns).slice(0, -1).replace('T', ' ')} +0000 UTC`;
}

/**
 * A time in RFC 3339, in the local zone: `2026-11-27T09:26:30Z`.
 *
 * @param seconds Unix seconds.
 */
export function rfc3339(seconds: number): string {
  const { date, time, zone } = localParts(seconds);
  return `${date}T${time}${colonZone(zone)}`;
}

/**
 * A time in RFC 3339 with all nine digits, in the local zone: `2026-11-27T09:26:30.000000001Z`.
 *
 * @param nanoseconds Since the Unix epoch.
 */
export function rfc3339Nano(nanoseconds: bigint): string {
  const { date, time, zone } = localParts(Number(nanoseconds / 1_000_000_000n));
  return `${date}T${time}.${String(nanoseconds % 1_000_000_000n).padStart(9, '0')}${colonZone(zone)}`;
}

interface LocalParts {
  readonly date: string;
  readonly time: string;
  /** `+0130` */
  readonly zone: string;
}

function localParts(seconds: number): LocalParts {
  const instant = new Date(seconds * 1000);
  const offsetMinutes = -instant.getTimezoneOffset();
  const text = new Date(seconds * 1000 + offsetMinutes * 60_000).toISOString();
  const magnitude = Math.abs(offsetMinutes);
  const zone = `${offsetMinutes < 0 ? '-' : '+'}${twoDigits(Math.trunc(magnitude / 60))}${twoDigits(magnitude % 60)}`;
  return { date: text.slice(0, 10), time: text.slice(11, 19), zone };
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function colonZone(zone: string): string {
  return zone === '+0000' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3)}`;
}

function zoneName(instant: Date): string {
  // Only the full format of Date has the zone's name without loading ICU's tables; "Coordinated Universal Time" is UTC's.
  if (instant.getTimezoneOffset() === 0 && (process.env['TZ'] ?? 'UTC').includes('UTC')) return 'UTC';
  const name = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
    .formatToParts(instant)
    .find((part) => part.type === 'timeZoneName')?.value;
  return name ?? 'UTC';
}
