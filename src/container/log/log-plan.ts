/**
 * What a log driver's options come to for one container. They are read when it starts, as Docker does: a bad value
 * keeps it from starting, not from being.
 *
 * @module
 */
import { DEFAULT_LOG_CONFIG } from './log-config.ts';
import { extraAttributes } from './log-attributes.ts';
import { logTag } from './log-tag.ts';
import { BOOLEANS, badOption, parseBoolean, parseInteger, parseSize } from './option-values.ts';
import type { Container } from '../container.ts';

/** How much of a log is kept. */
export interface LogLimits {
  /** Size at which a segment is full; `undefined`: never. */
  readonly maxBytes: number | undefined;
  /** Segments kept, the one that is written to included. */
  readonly maxFiles: number;
  /** Whether older segments are compressed. */
  readonly compress: boolean;
}

const UNLIMITED: LogLimits = { maxBytes: undefined, maxFiles: 1, compress: false };
/** `local`, and what a forwarding driver's log is read back from. */
const LOCAL: LogLimits = { maxBytes: 20 * 1024 * 1024, maxFiles: 5, compress: true };
/** Nobody can read it back; who is attached reads from it. */
const UNREAD: LogLimits = { maxBytes: 1024 * 1024, maxFiles: 1, compress: false };

/** The log driver of a container; also of one made before there was a choice. */
export function logDriverOf({ spec }: Container): string {
  return spec.logConfig.driver === '' ? DEFAULT_LOG_CONFIG.driver : spec.logConfig.driver;
}

/** Whether a container's output can be read back. */
export function isLogReadable(container: Container): boolean {
  const driver = logDriverOf(container);
  if (driver === 'none') return false;
  const isCache = driver === 'journald' || driver === 'syslog';
  return !isCache || BOOLEANS.get(container.spec.logConfig.options['cache-disabled'] ?? '') !== true;
}

/**
 * How much of a container's log is kept.
 *
 * @throws {PierError} `Internal`, reason `log.bad-option` (facts `{ option, problem, value }`), problems `size`,
 * `size-not-positive`, `integer`, `too-few-files`, `boolean`, `compress-without-files`, `compress-one-file`.
 */
export function logLimits(container: Container): LogLimits {
  const { options } = container.spec.logConfig;
  switch (logDriverOf(container)) {
    case 'json-file':
      return jsonFileLimits(options);
    case 'local':
      return localLimits(options, '');
    case 'none':
      return UNREAD;
    default:
      return cacheLimits(options);
  }
}

/** What goes with each line of a log that is asked for in detail. @throws {PierError} As {@linkcode extraAttributes} and {@linkcode logTag}. */
export function logAttributes(container: Container): Readonly<Record<string, string>> {
  if (logDriverOf(container) !== 'json-file') return {};
  const tag = container.spec.logConfig.options['tag'] ?? '';
  return { ...extraAttributes(container), ...(tag === '' ? {} : { tag: logTag(tag, container) }) };
}

function jsonFileLimits(options: Readonly<Record<string, string>>): LogLimits {
  const size = options['max-size'];
  const maxBytes = size === undefined ? undefined : parseSize('max-size', size, 1000);
  if (maxBytes === 0) throw badOption('max-size', 'size-not-positive', size ?? '');
  const files = options['max-file'];
  const maxFiles = files === undefined ? 1 : parseInteger('max-file', files);
  if (maxFiles < 1) throw badOption('max-file', 'too-few-files', files ?? '');
  const compress = options['compress'];
  if (compress === undefined) return { ...UNLIMITED, maxBytes, maxFiles };
  const isCompressed = parseBoolean('compress', compress);
  if (isCompressed && (maxFiles < 2 || maxBytes === undefined)) throw badOption('compress', 'compress-without-files', compress);
  return { maxBytes, maxFiles, compress: isCompressed };
}

function localLimits(options: Readonly<Record<string, string>>, prefix: string): LogLimits {
  const [size, files, compress] = ['max-size', 'max-file', 'compress'].map((name) => options[`${prefix}${name}`]);
  const maxBytes = size === undefined ? LOCAL.maxBytes : parseSize('local max-size', size, 1024);
  const wanted = files === undefined ? LOCAL.maxFiles : parseInteger('local max-file', files);
  const isCompressed = compress === undefined ? LOCAL.compress : parseBoolean('local compress', compress);
  const maxFiles = Math.max(1, wanted);
  if (isCompressed && maxFiles < 2) throw badOption('compress', 'compress-one-file', compress ?? '');
  // Nothing is ever full of 0 bytes.
  return { maxBytes: maxBytes === 0 ? undefined : maxBytes, maxFiles, compress: isCompressed };
}

/** Docker goes on without the cache when it cannot be had so: here it is had with the defaults. */
function cacheLimits(options: Readonly<Record<string, string>>): LogLimits {
  try {
    return localLimits(options, 'cache-');
  } catch {
    return LOCAL;
  }
}
