import type { RuntimeRlimit } from '../oci/index.ts';
import type { Ulimit } from './container-spec.ts';

/** Limits of processes as a runtime takes them. */
export function processRlimits(ulimits: readonly Ulimit[]): readonly RuntimeRlimit[] {
  return ulimits.map(({ name, soft, hard }) => ({ type: `RLIMIT_${name.toUpperCase()}`, soft, hard }));
}
