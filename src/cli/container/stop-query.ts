import type { StopQuery } from '../../client/index.ts';
import { CommandError } from '../command-error.ts';
import type { FlagValues } from '../flag-values.ts';

/**
 * What `--signal` and `--timeout` (once `--time`) of `stop` and `restart` ask for.
 *
 * @throws {CommandError} If both spellings are given.
 */
export function stopQuery(flags: FlagValues): StopQuery {
  if (flags.has('time')) {
    // On stdout, where Docker's client says it, too.
    process.stdout.write('Flag --time has been deprecated, use --timeout instead\n');
    if (flags.has('timeout')) throw new CommandError('conflicting options: cannot specify both --timeout and --time');
  }
  const name = ['timeout', 'time'].find((flag) => flags.has(flag));
  return { ...(flags.has('signal') && { signal: flags.string('signal') }), ...(name !== undefined && { t: flags.int(name) }) };
}
