import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The project's root directory. */
export const PROJECT_DIR: string = join(import.meta.dirname, '..', '..');

const SHARED_DIR = join(PROJECT_DIR, '..', 'shared');

/** Material beside the project that tests read: real images, API descriptions, scripts that fetch clients and peers. */
export const SHARED: Readonly<Record<'alpineTar' | 'busyboxLayout' | 'specs' | 'clientsScript' | 'peersScript', string>> = {
  alpineTar: join(SHARED_DIR, 'images', 'alpine-minirootfs-3.20.3-x86_64.tar.gz'),
  busyboxLayout: join(SHARED_DIR, 'images', 'busybox-1.37.0-glibc'),
  specs: join(SHARED_DIR, 'specs'),
  clientsScript: join(SHARED_DIR, 'peers', 'clients.sh'),
  peersScript: join(SHARED_DIR, 'peers', 'current.sh'),
};

/** True where a skipped test is a failure. */
export const IS_CI: boolean = process.env['CI'] === 'true';

/**
 * Why a test that needs material beside the project cannot run; `false` when it can.
 * Made for the `skip` option of node:test.
 *
 * @throws {Error} under `CI=true`, where a run that skipped what it was for is not green.
 */
export function missingShared(...paths: string[]): string | false {
  const missing = paths.filter((path) => !existsSync(path));
  if (missing.length === 0) return false;
  const reason = `not found: ${missing.join(', ')}`;
  if (IS_CI) throw new Error(`Cannot run this test under CI=true: ${reason}`);
  return reason;
}
