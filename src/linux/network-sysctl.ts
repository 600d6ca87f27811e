import { readFileSync, writeFileSync } from 'node:fs';
import { isErrno } from '../base/errors.ts';

/**
 * Reads a setting of the calling thread's network namespace.
 *
 * @param name Below `net/`: `ipv4/ip_forward`.
 * @returns `undefined` if the kernel has no such setting.
 */
export function readNetworkSysctl(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/net/${name}`, 'utf8').trim();
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}

/**
 * Changes a setting of the calling thread's network namespace.
 *
 * @param name Below `net/`: `ipv6/conf/eth0/disable_ipv6`.
 * @returns Whether it was changed: not if the kernel has no such setting or `/proc/sys` is read-only.
 */
export function writeNetworkSysctl(name: string, value: string): boolean {
  try {
    writeFileSync(`/proc/sys/net/${name}`, value);
    return true;
  } catch (error) {
    if (isErrno(error, 'ENOENT') || isErrno(error, 'EROFS') || isErrno(error, 'EACCES')) return false;
    throw error;
  }
}
