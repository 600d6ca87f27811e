import { parseArgs } from 'node:util';
import { LOG_LEVELS } from '../base/logger.ts';
import type { LogLevel } from '../base/logger.ts';
import { PierError } from '../base/errors.ts';
import type { DaemonOptions } from './daemon-options.ts';

/** What `pier daemon --help` prints. */
export const DAEMON_HELP = `
Usage:  pier daemon [OPTIONS]

Run an engine and serve the Docker Engine API

Options:
      --add-runtime name=path    Register an OCI runtime (may be repeated)
      --cdi-spec-dir dir         Folder of CDI files (may be repeated; default /etc/cdi and /var/run/cdi)
      --config file              Configuration file (default /etc/pier/daemon.json, if there is one)
  -D, --debug                    Log at level debug
      --default-runtime name     Runtime for containers that ask for none (default crun, else runc)
  -G, --group name               Group that owns the sockets (default docker, if there is one, else root)
  -H, --host address             Where to listen: unix:///path or fd:// (may be repeated; default unix://STATE/pier.sock)
      --log-driver name          Log driver of containers that name none (default json-file)
      --log-format text|json     How log lines look (default text)
  -l, --log-level level          debug, info, warn or error (default info)
      --log-opt name=value       Option of that driver (may be repeated)
      --root dir                 Images, containers, metadata (default /var/lib/pier)
      --state dir                Sockets, mounts, bundles (default /run/pier)

The configuration file has Docker's keys: data-root, exec-root, hosts, group, debug, log-level, log-format,
log-driver, log-opts, default-runtime, runtimes, cdi-spec-dirs.
`;

/** A command line, read. */
export interface ParsedDaemonFlags {
  readonly options: DaemonOptions;
  /** The configuration file, if one was named. */
  readonly configFile: string | undefined;
  readonly wantsHelp: boolean;
}

/**
 * Reads the flags of `pier daemon`.
 *
 * @throws {PierError} `InvalidArgument` for an unknown flag, an argument, or a bad value, naming it.
 */
export function parseDaemonFlags(args: readonly string[]): ParsedDaemonFlags {
  const { values } = parse(args);
  const root = values.root ?? values['data-root'];
  const state = values.state ?? values['exec-root'];
  const logLevel = values.debug === true ? 'debug' : values['log-level'];
  const logFormat = values['log-format'];
  const options: DaemonOptions = {
    ...(root === undefined ? {} : { root }),
    ...(state === undefined ? {} : { state }),
    ...(values.host === undefined ? {} : { hosts: values.host }),
    ...(values.group === undefined ? {} : { group: values.group }),
    ...(logLevel === undefined ? {} : { logLevel: parseLogLevel(logLevel) }),
    ...(logFormat === undefined ? {} : { logFormat: parseLogFormat(logFormat) }),
    ...(values['log-driver'] === undefined ? {} : { logDriver: values['log-driver'] }),
    ...(values['log-opt'] === undefined ? {} : { logOptions: Object.fromEntries(values['log-opt'].map(parseLogOption)) }),
    ...(values['cdi-spec-dir'] === undefined ? {} : { cdiSpecDirs: values['cdi-spec-dir'] }),
    ...(values['default-runtime'] === undefined ? {} : { defaultRuntime: values['default-runtime'] }),
    ...(values['add-runtime'] === undefined ? {} : { runtimes: Object.fromEntries(values['add-runtime'].map(parseRuntime)) }),
  };
  return { options, configFile: values.config ?? values['config-file'], wantsHelp: values.help === true };
}

/** Checks a log level. @throws {PierError} `InvalidArgument`. */
export function parseLogLevel(text: string): LogLevel {
  const level = LOG_LEVELS.find((known) => known === text);
  if (level === undefined)
    throw new PierError('InvalidArgument', `Cannot use log level "${text}": expected one of ${LOG_LEVELS.join(', ')}`);
  return level;
}

/** Checks a log format. @throws {PierError} `InvalidArgument`. */
export function parseLogFormat(text: string): 'text' | 'json' {
  if (text !== 'text' && text !== 'json') throw new PierError('InvalidArgument', `Cannot use log format "${text}": expected text or json`);
  return text;
}

function parse(args: readonly string[]): ReturnType<typeof parseStrictly> {
  try {
    return parseStrictly(args);
  } catch (error) {
    throw new PierError('InvalidArgument', error instanceof Error ? error.message : String(error), { cause: error });
  }
}

// The inferred type carries each flag's own value type.
// oxlint-disable-next-line typescript/explicit-module-boundary-types -- not exported
function parseStrictly(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    strict: true,
    allowPositionals: false,
    options: {
      'add-runtime': { type: 'string', multiple: true },
      'cdi-spec-dir': { type: 'string', multiple: true },
      config: { type: 'string' },
      'config-file': { type: 'string' },
      'data-root': { type: 'string' },
      debug: { type: 'boolean', short: 'D' },
      'default-runtime': { type: 'string' },
      'exec-root': { type: 'string' },
      group: { type: 'string', short: 'G' },
      help: { type: 'boolean', short: 'h' },
      host: { type: 'string', short: 'H', multiple: true },
      'log-driver': { type: 'string' },
      'log-format': { type: 'string' },
      'log-level': { type: 'string', short: 'l' },
      'log-opt': { type: 'string', multiple: true },
      root: { type: 'string' },
      state: { type: 'string' },
    },
  });
}

function parseLogOption(text: string): [string, string] {
  const split = text.indexOf('=');
  if (split < 1) throw new PierError('InvalidArgument', `Cannot use log option "${text}": expected name=value`);
  return [text.slice(0, split), text.slice(split + 1)];
}

function parseRuntime(text: string): [string, { readonly path: string }] {
  const [name = '', ...rest] = text.split('=');
  const path = rest.join('=');
  if (name === '' || path === '') throw new PierError('InvalidArgument', `Cannot add runtime "${text}": expected name=path`);
  return [name, { path }];
}
