import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SILENT } from '../../../base/logger.ts';
import { ContainerLog } from '../container-log.ts';
import { LogForwarder } from './log-forwarder.ts';
import { SyslogForward } from './syslog-forward.ts';
import type { AddressInfo, Socket } from 'node:net';
import type { Forward } from './forward.ts';

const SILENT_RECEIVER = 'socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, sockaddr_un($ARGV[0])) or die; $| = 1; print "ready\\n"; sleep 600;';
/** More than any socket's buffers hold. */
const MUCH = 16 * 1024 * 1024;
const STILL_TURNS = 100;

function writeMuch(path: string): void {
  const line = `2026-01-02T03:04:05.000000000+00:00 stdout F ${'x'.repeat(8000)}\n`;
  appendFileSync(path, line.repeat(MUCH / line.length));
}

/** Forwards a log that is longer than what buffers hold, and waits until nothing of it moves any more. */
async function stuckForwarder(address: string, directory: string): Promise<LogForwarder> {
  const log = new ContainerLog(join(directory, 'ctr.log'));
  writeMuch(log.path);
  const inner = new SyslogForward({ 'syslog-address': address }, 'tag');
  let begun = 0;
  const forward: Forward = {
    connect: () => inner.connect(),
    send: (message) => {
      begun += 1;
      return inner.send(message);
    },
    [Symbol.dispose]: () => inner[Symbol.dispose](),
  };
  const forwarder = new LogForwarder({
    containerId: 'c',
    log,
    forward,
    ended: new AbortController().signal,
    after: Promise.resolve(),
    logger: SILENT,
  });
  // Should it only be slow, the test asks for less than it could: it does not fail.
  for (let [seen, turns] = [0, 0]; seen === 0 || turns < STILL_TURNS; turns++) {
    await delay(1);
    if (seen !== begun) turns = 0;
    seen = begun;
  }
  return forwarder;
}

it('LogForwarder can be closed while a datagram socket takes nothing', { timeout: 30_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pier-forward-'));
  const path = join(directory, 'socket');
  const receiver = spawn('perl', ['-MSocket', '-e', SILENT_RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    await once(receiver.stdout, 'data');
    const forwarder = await stuckForwarder(`unixgram://${path}`, directory);
    forwarder.close();
    await forwarder.finished;
  } finally {
    receiver.kill();
    await once(receiver, 'close');
    rmSync(directory, { recursive: true });
  }
});

it('LogForwarder can be closed while a server reads nothing, and leaves no connection', { timeout: 30_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pier-forward-'));
  const server = createServer({ pauseOnConnect: true });
  const connected = once(server, 'connection');
  await once(server.listen(0, '127.0.0.1'), 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const forwarder = await stuckForwarder(`tcp://127.0.0.1:${port}`, directory);
    const [socket] = (await connected) as [Socket];
    forwarder.close();
    await forwarder.finished;
    // It never reads, and still sees the end of the connection.
    socket.on('error', () => {});
    await once(socket.resume(), 'close');
  } finally {
    server.close();
    rmSync(directory, { recursive: true });
  }
});
