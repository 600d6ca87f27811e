import type { HealthConfig } from '../../wire/index.ts';
import { CommandError } from '../command-error.ts';
import type { FlagValues } from '../flag-values.ts';

const NUMBERS = ['health-interval', 'health-timeout', 'health-retries', 'health-start-period', 'health-start-interval'] as const;

/**
 * Reads the `--health-*` flags and `--no-healthcheck`.
 *
 * @returns `undefined` if there are none.
 * @throws {CommandError} With exit code 125, if they contradict each other or are negative.
 */
export function healthConfig(flags: FlagValues): HealthConfig | undefined {
  const command = flags.string('health-cmd');
  const hasSettings = command !== '' || NUMBERS.some((name) => flags.int(name) !== 0);
  if (flags.bool('no-healthcheck')) {
    if (hasSettings) throw new CommandError('--no-healthcheck conflicts with --health-* options', 125, { hint: true });
    return { Test: ['NONE'] };
  }
  if (!hasSettings) return undefined;
  for (const name of NUMBERS) {
    if (flags.int(name) < 0) throw new CommandError(`--${name} cannot be negative`, 125, { hint: true });
  }
  return {
    ...(command !== '' && { Test: ['CMD-SHELL', command] }),
    Interval: flags.int('health-interval'),
    Timeout: flags.int('health-timeout'),
    StartPeriod: flags.int('health-start-period'),
    StartInterval: flags.int('health-start-interval'),
    Retries: flags.int('health-retries'),
  };
}
