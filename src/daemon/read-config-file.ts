import { readFileSync } from 'node:fs';
import { PierError, isErrno } from '../base/errors.ts';
import type { DaemonOptions } from './daemon-options.ts';
import { parseLogFormat, parseLogLevel } from './parse-daemon-flags.ts';

/** Read if no other file is named. */
export const DEFAULT_CONFIG_FILE = '/etc/pier/daemon.json';

type Json = Readonly<Record<string, unknown>>;
type Reader = (value: unknown, fail: (expected: string) => never) => DaemonOptions;

// Docker's names. What is not here is refused: a setting that does nothing is worse than none.
const READERS: Readonly<Record<string, Reader>> = {
  'data-root': (value, fail) => ({ root: text(value, fail) }),
  'exec-root': (value, fail) => ({ state: text(value, fail) }),
  hosts: (value, fail) => ({ hosts: texts(value, fail) }),
  group: (value, fail) => ({ group: text(value, fail) }),
  debug: (value, fail) => (typeof value === 'boolean' ? (value ? { logLevel: 'debug' } : {}) : fail('true or false')),
  'log-level': (value, fail) => ({ logLevel: parseLogLevel(text(value, fail)) }),
  'log-format': (value, fail) => ({ logFormat: parseLogFormat(text(value, fail)) }),
  'log-driver': (value, fail) => ({ logDriver: text(value, fail) }),
  'log-opts': (value, fail) => ({ logOptions: logOptions(value, fail) }),
  'default-runtime': (value, fail) => ({ defaultRuntime: text(value, fail) }),
  'cdi-spec-dirs': (value, fail) => ({ cdiSpecDirs: texts(value, fail) }),
  runtimes: (value, fail) => ({ runtimes: runtimes(value, fail) }),
};

/**
 * Reads a daemon's configuration file.
 *
 * @param path A file that must exist; `undefined` for the default one, which need not.
 * @throws {PierError} `NotFound` if it is missing; `InvalidArgument` for bad JSON, an unknown key or a bad value, naming it.
 */
export function readConfigFile(path: string | undefined): DaemonOptions {
  const file = path ?? DEFAULT_CONFIG_FILE;
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    if (!isErrno(error, 'ENOENT')) throw error;
    if (path === undefined) return {};
    throw new PierError('NotFound', `Cannot read configuration file "${file}": it does not exist`, { cause: error });
  }
  return parseConfig(file, content);
}

/** Reads a configuration. @throws {PierError} `InvalidArgument`. */
export function parseConfig(file: string, content: string): DaemonOptions {
  let options: DaemonOptions = {};
  for (const [key, value] of Object.entries(parseObject(file, content))) {
    const reader = READERS[key];
    if (reader === undefined) {
      throw new PierError('InvalidArgument', `Cannot use configuration file "${file}": the key "${key}" is not supported`);
    }
    const fail = (expected: string): never => {
      throw new PierError('InvalidArgument', `Cannot use configuration file "${file}": "${key}" must be ${expected}`);
    };
    // `debug` outranks `log-level`, wherever it stands.
    const read = reader(value, fail);
    options = { ...options, ...read, ...(options.logLevel === 'debug' ? { logLevel: 'debug' } : {}) };
  }
  return options;
}

function parseObject(file: string, content: string): Json {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new PierError('InvalidArgument', `Cannot use configuration file "${file}": ${detail}`, { cause: error });
  }
  if (!isObject(value)) throw new PierError('InvalidArgument', `Cannot use configuration file "${file}": it is not a JSON object`);
  return value;
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function text(value: unknown, fail: (expected: string) => never): string {
  return typeof value === 'string' && value !== '' ? value : fail('a text');
}

function texts(value: unknown, fail: (expected: string) => never): readonly string[] {
  if (!Array.isArray(value)) return fail('a list of texts');
  return value.map((item: unknown) => text(item, fail));
}

function logOptions(value: unknown, fail: (expected: string) => never): Readonly<Record<string, string>> {
  const expected = 'an object of texts';
  if (!isObject(value)) return fail(expected);
  return Object.fromEntries(Object.entries(value).map(([name, option]) => [name, typeof option === 'string' ? option : fail(expected)]));
}

function runtimes(value: unknown, fail: (expected: string) => never): NonNullable<DaemonOptions['runtimes']> {
  const expected = 'an object of runtimes, each with "path" and perhaps "runtimeArgs"';
  if (!isObject(value)) return fail(expected);
  return Object.fromEntries(
    Object.entries(value).map(([name, entry]) => {
      if (!isObject(entry)) return fail(expected);
      const { path, runtimeArgs, ...more } = entry;
      const [unknown] = Object.keys(more);
      if (unknown !== undefined) return fail(`${expected}; "${unknown}" is not supported`);
      return [name, { path: text(path, fail), ...(runtimeArgs === undefined ? {} : { args: texts(runtimeArgs, fail) }) }];
    }),
  );
}
