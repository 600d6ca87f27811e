import type { Container } from '../backend.ts';

const HOUR = 3600;

/**
 * A container's state in words, as `docker ps` shows it: `Up 3 seconds`, `Exited (0) 2 minutes ago`.
 *
 * @param nowMs The time to count from, milliseconds since the epoch.
 */
export function statusText(state: Container['state'], nowMs: number): string {
  switch (state.status) {
    case 'running':
      return `Up ${since(state.startedAt, nowMs)}${healthText(state.health)}`;
    case 'paused':
      return `Up ${since(state.startedAt, nowMs)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.exitCode}) ${since(state.finishedAt, nowMs)} ago`;
    case 'removing':
      return 'Removal In Progress';
    case 'dead':
      return 'Dead';
    case 'created':
      return 'Created';
    case 'exited':
    default:
      return state.finishedAt === undefined ? '' : `Exited (${state.exitCode}) ${since(state.finishedAt, nowMs)} ago`;
  }
}

function healthText(health: Container['state']['health']): string {
  if (health === undefined) return '';
  return health.status === 'starting' ? ' (health: starting)' : ` (${health.status})`;
}

/** A length of time in Docker's rough words. */
export function humanDuration(seconds: number): string {
  const whole = Math.trunc(seconds);
  if (whole < 1) return 'Less than a second';
  if (whole === 1) return '1 second';
  if (whole < 60) return `${whole} seconds`;
  const minutes = Math.trunc(seconds / 60);
  if (minutes === 1) return 'About a minute';
  if (minutes < 60) return `${minutes} minutes`;
  const hours = Math.trunc(seconds / HOUR + 0.5);
  if (hours === 1) return 'About an hour';
  if (hours < 48) return `${hours} hours`;
  if (hours < 24 * 7 * 2) return `${Math.trunc(hours / 24)} days`;
  if (hours < 24 * 30 * 2) return `${Math.trunc(hours / 24 / 7)} weeks`;
  if (hours < 24 * 365 * 2) return `${Math.trunc(hours / 24 / 30)} months`;
  return `${Math.trunc(Math.trunc(seconds / HOUR) / 24 / 365)} years`;
}

function since(time: string | undefined, nowMs: number): string {
  const ms = Date.parse(time ?? '');
  return humanDuration(Number.isNaN(ms) ? 0 : (nowMs - ms) / 1000);
}
