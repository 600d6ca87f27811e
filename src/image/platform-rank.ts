import { HOST_PLATFORM } from '../base/platform.ts';
import type { Platform } from '../base/platform.ts';

/**
 * How well something made for a platform runs on this machine.
 *
 * @returns `undefined` if it does not; otherwise smaller is better.
 */
export function platformRank(platform: Platform, host: Platform = HOST_PLATFORM): number | undefined {
  if (platform.os !== host.os || platform.architecture !== host.architecture) return undefined;
  if (platform.variant === host.variant || platform.variant === '') return 0;
  const wanted = levelOf(platform.variant);
  const own = levelOf(host.variant);
  // An older ARM runs on a newer one. On amd64 a level above the first may need instructions that are not there, so the lowest wins.
  if (host.architecture === 'arm') return wanted <= own ? own - wanted : undefined;
  return wanted;
}

function levelOf(variant: string): number {
  return Number(/^v(\d+)/.exec(variant)?.[1] ?? 0);
}
