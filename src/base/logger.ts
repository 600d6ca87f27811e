/** Values that go into a log line beside its message. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where a part of pier says what it does. Implementations must not throw. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** Severity, least first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

/** One of {@linkcode LOG_LEVELS}. */
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What {@linkcode createLogger} writes and where. */
export interface LoggerConfig {
  /** The least severity that is written. */
  readonly level: LogLevel;
  readonly format: 'text' | 'json';
  /** Receives whole lines, line feed included. */
  readonly write: (line: string) => void;
}

/** A logger that writes one line an event, as logfmt-like text or JSON. */
export function createLogger(config: LoggerConfig): Logger {
  const threshold = LOG_LEVELS.indexOf(config.level);
  const log = (level: LogLevel, message: string, fields?: LogFields): void => {
    if (LOG_LEVELS.indexOf(level) < threshold) return;
    const event = { time: new Date().toISOString(), level, msg: message, ...normalise(fields) };
    config.write(config.format === 'json' ? `${JSON.stringify(event)}\n` : `${logfmt(event)}\n`);
  };
  return {
    debug: (message, fields) => log('debug', message, fields),
    info: (message, fields) => log('info', message, fields),
    warn: (message, fields) => log('warn', message, fields),
    error: (message, fields) => log('error', message, fields),
  };
}

/** Drops everything; the default of the library. */
export const SILENT: Logger = { debug() {}, info() {}, warn() {}, error() {} };

function normalise(fields: LogFields = {}): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value instanceof Error ? errorText(value) : value]));
}

function errorText(error: Error): string {
  const cause = error.cause instanceof Error ? `: ${errorText(error.cause)}` : '';
  return `${error.message}${cause}`;
}

function logfmt(event: Record<string, unknown>): string {
  return Object.entries(event)
    .map(([key, value]) => {
      const text = typeof value === 'string' ? value : JSON.stringify(value);
      return `${key}=${/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text)}`;
    })
    .join(' ');
}
