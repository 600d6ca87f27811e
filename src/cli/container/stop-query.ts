import type { StopQuery } from '../../client/index.ts';
import type { FlagValues } from '../flag-values.ts';

/** What `--signal` and `--timeout` (once `--time`) of `stop` and `restart` ask for. */
export function stopQuery(flags: FlagValues): StopQuery {
  const name = ['timeout', 'time'].find((flag) => flags.has(flag));
  return { ...(flags.has('signal') && { signal: flags.string('signal') }), ...(name !== undefined && { t: flags.int(name) }) };
}
