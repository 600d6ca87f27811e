const SECONDS_PER_MINUTE = 60;
const SECONDS_PER_HOUR = 3600;

/**
 * A duration in the words Docker uses: `Less than a second`, `About a minute`, `5 weeks`.
 *
 * @param durationMs Milliseconds.
 */
export function humanDuration(durationMs: number): string {
  const seconds = Math.trunc(durationMs / 1000);
  if (seconds < 1) return 'Less than a second';
  if (seconds === 1) return '1 second';
  if (seconds < SECONDS_PER_MINUTE) return `${seconds} seconds`;
  const minutes = Math.trunc(seconds / SECONDS_PER_MINUTE);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(durationMs / 1000 / SECONDS_PER_HOUR + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`;
  return `${Math.trunc(durationMs / 1000 / SECONDS_PER_HOUR / 24 / 365)} years`;
}

/**
 * How long ago something was: `2 minutes ago`.
 *
 * @param seconds When, in Unix seconds.
 */
export function ago(seconds: number, nowMs: number = Date.now()): string {
  return `${humanDuration(nowMs - seconds * 1000)} ago`;
}
