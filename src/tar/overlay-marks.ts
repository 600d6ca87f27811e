import { getXattr, setXattr } from '../linux/index.ts';
import type { BigIntStats, Stats } from 'node:fs';

/** Marks a directory that hides what lower layers have under its name. Documentation/filesystems/overlayfs.rst. */
const OPAQUE_XATTR = 'trusted.overlay.opaque';

/** Attributes by which overlayfs steers itself. An archive may neither bring nor take them. */
export function isOverlayXattr(name: string): boolean {
  return name.startsWith('trusted.overlay.') || name.startsWith('user.overlay.');
}

/** Makes a directory of an upper layer opaque. @throws {SyscallError} */
export function setOpaque(path: string | Buffer): void {
  setXattr(path, OPAQUE_XATTR, Buffer.from('y'));
}

/** Tells whether a directory of a layer is opaque. */
export function isOpaque(path: string | Buffer): boolean {
  return getXattr(path, OPAQUE_XATTR)?.toString() === 'y';
}

/** Tells whether an entry of a layer hides the one below it: overlayfs writes a character device 0:0. */
export function isWhiteout(stats: Stats | BigIntStats): boolean {
  return stats.isCharacterDevice() && Number(stats.rdev) === 0;
}
