/**
 * The daemon: an engine and its fronts on sockets, in one process.
 *
 * @module
 */
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { serveApi } from './api/index.ts';
import { PierError } from './base/errors.ts';
import { createLogger } from './base/logger.ts';
import type { Logger } from './base/logger.ts';
import { PIER_VERSION } from './base/version.ts';
import type { DaemonOptions } from './daemon/daemon-options.ts';
import { listenTargets } from './daemon/listen-targets.ts';
import { DAEMON_HELP, parseDaemonFlags } from './daemon/parse-daemon-flags.ts';
import { readConfigFile } from './daemon/read-config-file.ts';
import { DEFAULT_STATE, Engine } from './engine.ts';

export type { DaemonOptions } from './daemon/daemon-options.ts';

/**
 * Runs `pier daemon`.
 *
 * @param args The flags after `daemon`.
 * @returns The exit code, after an orderly end.
 */
export async function main(args: readonly string[]): Promise<number> {
  try {
    const { options, configFile, wantsHelp } = parseDaemonFlags(args);
    if (wantsHelp) {
      process.stdout.write(DAEMON_HELP);
      return 0;
    }
    if (process.geteuid?.() !== 0) throw new PierError('PermissionDenied', 'needs root for now: run it as root, or with sudo');
    // Flags outrank the file.
    await runDaemon({ ...readConfigFile(configFile), ...options });
    return 0;
  } catch (error) {
    process.stderr.write(`pier daemon: ${error instanceof Error ? describe(error) : String(error)}\n`);
    return 1;
  }
}

/**
 * Opens an engine and serves it until SIGTERM or SIGINT; a second signal ends the process at once. Containers run on.
 *
 * @throws {PierError} Whatever keeps the engine from opening or a socket from being listened on.
 */
export async function runDaemon(options: DaemonOptions): Promise<void> {
  const logger = createLogger({
    level: options.logLevel ?? 'info',
    format: options.logFormat ?? 'text',
    write: (line) => void process.stderr.write(line),
  });
  // Before anything is made, so that a bad address leaves nothing behind.
  const targets = listenTargets(options.hosts ?? [`unix://${options.state ?? DEFAULT_STATE}/pier.sock`], options.group);
  const ending = endSignal(logger);
  await using held = new AsyncDisposableStack();
  const { logDriver: driver = 'json-file', logOptions = {} } = options;
  const engine = held.use(await Engine.open({ ...options, logConfig: { driver, options: logOptions }, logger }));
  for (const target of targets) {
    if ('socketPath' in target) mkdirSync(dirname(target.socketPath), { recursive: true, mode: 0o711 });
    held.use(await serveApi(engine, { listen: target, logger }));
    logger.info(`API listen on ${'socketPath' in target ? target.socketPath : `fd ${target.fd}`}`);
  }
  logger.info('Daemon has completed initialization', { version: PIER_VERSION, pid: process.pid });
  const signal = await ending;
  logger.info('Daemon is shutting down, containers run on', { signal });
}

/** Resolves with the first signal that asks for an end. */
function endSignal(logger: Logger): Promise<NodeJS.Signals> {
  // A terminal that goes away takes no daemon with it.
  process.on('SIGHUP', () => logger.info('SIGHUP is ignored: the configuration is read at the start only'));
  return new Promise((resolve) => {
    let isEnding = false;
    const end = (signal: NodeJS.Signals): void => {
      if (isEnding) process.exit(1);
      isEnding = true;
      resolve(signal);
    };
    process.on('SIGTERM', end);
    process.on('SIGINT', end);
  });
}

function describe(error: Error): string {
  return error.cause instanceof Error && !error.message.includes(error.cause.message)
    ? `${error.message}: ${describe(error.cause)}`
    : error.message;
}
