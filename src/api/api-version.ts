import { PierError } from '../base/errors.ts';
import { TOO_OLD, dockerError } from './errors.ts';

/** The newest API version that is spoken: 1.51. Versions are held as their minor number; the major one is always 1. */
export const NEWEST_VERSION = 51;

/** The oldest API version that is spoken: 1.24. */
export const OLDEST_VERSION = 24;

/** `51` → `1.51`. */
export function formatVersion(minor: number): string {
  return `1.${minor}`;
}

/**
 * Reads the version in a path's first segment.
 *
 * @param text Without the `v`; `undefined` for a path without version, which means the newest.
 * @returns The minor number.
 * @throws {PierError} `InvalidArgument` in Docker's words if it is not spoken.
 */
export function negotiateVersion(text: string | undefined): number {
  if (text === undefined) return NEWEST_VERSION;
  const [major = 0, minor = 0] = text.split('.').map(Number);
  if (major < 1 || (major === 1 && minor < OLDEST_VERSION)) {
    const minimum = formatVersion(OLDEST_VERSION);
    throw new PierError(
      'InvalidArgument',
      `client version ${text} is too old. Minimum supported API version is ${minimum}, please upgrade your client to a newer version`,
      { reason: TOO_OLD },
    );
  }
  if (major > 1 || minor > NEWEST_VERSION) {
    throw dockerError(
      'InvalidArgument',
      `client version ${text} is too new. Maximum supported API version is ${formatVersion(NEWEST_VERSION)}`,
    );
  }
  return minor;
}
