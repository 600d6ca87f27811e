import { arch } from 'node:process';
import type { Platform } from './image.ts';

/** Node's names of processors that Go calls otherwise. */
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', mipsel: 'mipsle', ppc64: 'ppc64le' };

/** What this machine runs. */
export const HOST_PLATFORM: Platform = {
  os: 'linux',
  architecture: GO_ARCHITECTURES[arch] ?? arch,
  variant: arch === 'arm64' ? 'v8' : arch === 'arm' ? 'v7' : '',
};

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
