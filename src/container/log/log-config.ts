import { PierError } from '../../base/errors.ts';
import { checkSyslogOptions } from './forward/syslog-options.ts';
import type { LogConfig } from '../container-spec.ts';
import { BOOLEANS, parseSize } from './option-values.ts';

/** What an engine uses where nobody says otherwise. */
export const DEFAULT_LOG_CONFIG: LogConfig = { driver: 'json-file', options: {} };

const ATTRIBUTE_OPTIONS = ['labels', 'labels-regex', 'env', 'env-regex', 'tag'];
const LIMIT_OPTIONS = ['max-size', 'max-file', 'compress'];
/** Those of the file that a forwarding driver is read back from. */
const CACHE_OPTIONS = ['cache-disabled', 'cache-max-size', 'cache-max-file', 'cache-compress'];
/** Every driver's. A container never waits for its log, so the mode changes nothing. */
const COMMON_OPTIONS = ['mode', 'max-buffer-size', ...CACHE_OPTIONS];

/** The options of each driver; `undefined` is any. */
const DRIVER_OPTIONS: ReadonlyMap<string, readonly string[] | undefined> = new Map([
  ['json-file', [...LIMIT_OPTIONS, ...ATTRIBUTE_OPTIONS]],
  ['local', LIMIT_OPTIONS],
  ['none', undefined],
  ['journald', ATTRIBUTE_OPTIONS],
  [
    'syslog',
    [
      ...ATTRIBUTE_OPTIONS,
      'syslog-address',
      'syslog-facility',
      'syslog-format',
      'syslog-tls-ca-cert',
      'syslog-tls-cert',
      'syslog-tls-key',
      'syslog-tls-skip-verify',
    ],
  ],
]);

/** The names of all log drivers. */
export const LOG_DRIVERS: readonly string[] = [...DRIVER_OPTIONS.keys()];

/** What a container gets: the engine's options count where it uses the engine's driver, or are about the cache. */
export function mergeLogConfig(config: LogConfig, defaults: LogConfig): LogConfig {
  const driver = config.driver === '' ? defaults.driver : config.driver;
  const isSameDriver = driver === defaults.driver;
  const inherited = Object.entries(defaults.options).filter(([name]) => isSameDriver || CACHE_OPTIONS.includes(name));
  return { driver, options: { ...Object.fromEntries(inherited), ...config.options } };
}

/**
 * Checks what Docker checks before there is a container. Values that only the driver reads are looked at when it starts.
 *
 * @throws {PierError} `InvalidArgument`, reasons `log.unknown-driver` (facts `{ driver }`), `log.unknown-option` (facts
 * `{ driver, option }`), `log.bad-mode` (facts `{ mode }`), `log.buffer-without-mode`, `log.bad-option` (facts
 * `{ option, problem, value }`).
 */
export function checkLogConfig({ driver, options }: LogConfig): void {
  if (!DRIVER_OPTIONS.has(driver)) {
    throw new PierError('InvalidArgument', `Cannot use log driver "${driver}": it is unknown`, {
      reason: 'log.unknown-driver',
      facts: { driver },
    });
  }
  checkCommonOptions(options);
  const known = DRIVER_OPTIONS.get(driver);
  const unknown = Object.keys(options).find((name) => known?.includes(name) === false && !COMMON_OPTIONS.includes(name));
  if (unknown !== undefined) {
    throw new PierError('InvalidArgument', `Cannot use log option "${unknown}": the driver "${driver}" has none`, {
      reason: 'log.unknown-option',
      facts: { driver, option: unknown },
    });
  }
  if (driver === 'syslog') checkSyslogOptions(options);
}

function checkCommonOptions(options: Readonly<Record<string, string>>): void {
  const mode = options['mode'] ?? '';
  if (!['', 'blocking', 'non-blocking'].includes(mode)) {
    throw new PierError('InvalidArgument', `Cannot use log mode "${mode}"`, { reason: 'log.bad-mode', facts: { mode } });
  }
  const buffer = options['max-buffer-size'];
  if (buffer !== undefined) {
    if (mode !== 'non-blocking') {
      throw new PierError('InvalidArgument', 'Cannot use log option "max-buffer-size": the mode is not "non-blocking"', {
        reason: 'log.buffer-without-mode',
      });
    }
    parseSize('max-buffer-size', buffer, 1024, 'InvalidArgument');
  }
  const isDisabled = options['cache-disabled'] ?? '';
  if (isDisabled !== '' && !BOOLEANS.has(isDisabled)) {
    throw new PierError('InvalidArgument', `Cannot use log option "cache-disabled": "${isDisabled}" is neither true nor false`, {
      reason: 'log.bad-option',
      facts: { option: 'cache-disabled', problem: 'boolean', value: isDisabled },
    });
  }
}
