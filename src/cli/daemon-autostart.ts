import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { createConnection } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PierError } from '../base/errors.ts';

const START_TIMEOUT_MS = 10_000;
/** How long after our daemon ended another one, started at the same moment, may still take to answer. */
const RIVAL_TIMEOUT_MS = 2_000;
const POLL_MS = 20;
const LOG_LINES_SHOWN = 10;

/**
 * Starts `pier daemon` in a session of its own and waits until it answers.
 *
 * Several command lines may do this at once: the engine's lock lets one daemon live, and all of them find its socket.
 *
 * @param host The default address, `unix:///…`; the log is written beside the socket.
 * @returns `false` where there is no program to start.
 * @throws {PierError} `PermissionDenied` without root; `Unavailable`, with the end of the daemon's log, if it does not answer.
 */
export async function startDaemon(host: string): Promise<boolean> {
  const script = process.argv[1];
  if (script === undefined) return false;
  if (process.getuid?.() !== 0) {
    throw new PierError(
      'PermissionDenied',
      `Cannot reach the pier daemon at ${host}, and starting it needs root for now: run pier as root, or with sudo`,
    );
  }
  const socketPath = host.slice('unix://'.length);
  const logPath = `${dirname(socketPath)}/daemon.log`;
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o711 });
  const log = openSync(logPath, 'a', 0o600);
  const logStart = statSync(logPath).size;
  const child = spawn(process.execPath, [...process.execArgv, script, 'daemon'], { detached: true, stdio: ['ignore', log, log], cwd: '/' });
  closeSync(log);
  let failure: string | undefined;
  child.once('error', (error) => (failure = error.message));
  child.once('exit', (code, signal) => (failure = signal === null ? `it exited with code ${code}` : `it was killed by ${signal}`));
  child.unref();
  if (await waitForSocket(socketPath, () => failure !== undefined)) return true;
  const shown = readFileSync(logPath).subarray(logStart).toString().trimEnd().split('\n').slice(-LOG_LINES_SHOWN);
  const reason = failure ?? `no answer within ${START_TIMEOUT_MS / 1000} s`;
  throw new PierError(
    'Unavailable',
    `Cannot start the pier daemon: ${reason}. The end of ${logPath}:\n${shown.map((line) => `  ${line}`).join('\n')}`,
  );
}

async function waitForSocket(socketPath: string, hasEnded: () => boolean): Promise<boolean> {
  const startedAt = performance.now();
  let deadline = startedAt + START_TIMEOUT_MS;
  let wasEnded = false;
  while (performance.now() < deadline) {
    if (await answers(socketPath)) return true;
    if (hasEnded() && !wasEnded) {
      wasEnded = true;
      deadline = Math.min(deadline, performance.now() + RIVAL_TIMEOUT_MS);
    }
    await sleep(POLL_MS);
  }
  return false;
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(socketPath);
    const settle = (value: boolean): void => {
      socket.destroy();
      resolve(value);
    };
    socket.once('connect', () => settle(true));
    socket.once('error', () => settle(false));
  });
}
