import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { it } from 'node:test';
import { EMPTY_SPEC } from '../../container-spec.ts';
import { CREATED_STATE } from '../../container.ts';
import { JournalForward } from './journal-forward.ts';
import type { Container } from '../../container.ts';

// Node opens no datagram sockets of this family.
const RECEIVER =
  'socket(S, AF_UNIX, SOCK_DGRAM, 0); bind(S, sockaddr_un($ARGV[0])) or die; $| = 1; print "ready\\n";' +
  'print unpack("H*", $b), "\\n" while defined recv(S, $b, 262144, 0);';

const ID = 'c'.repeat(64);
const CONTAINER: Container = {
  id: ID,
  name: 'web',
  createdAt: '2026-01-02T03:04:05Z',
  imageId: `sha256:${'1'.repeat(64)}` as Container['imageId'],
  spec: { ...EMPTY_SPEC, image: 'alpine', logConfig: { driver: 'journald', options: { labels: 'a.b', 'env-regex': '^_X' } } },
  argv: ['true'],
  entrypointLength: 0,
  env: ['_X=1\n2', 'Y=3'],
  labels: { 'a.b': 'c' },
  user: '',
  workingDir: '',
  stopSignal: 'SIGTERM',
  runtime: 'crun',
  state: CREATED_STATE,
  endpoints: [],
  hostname: '',
  logPath: '',
  hostnamePath: '',
  hostsPath: '',
  resolvConfPath: '',
  execIds: [],
  healthcheck: undefined,
  shell: [],
};

it("JournalForward sends Docker's fields, with their lengths where they have lines", async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pier-journal-'));
  const path = join(directory, 'socket');
  const receiver = spawn('perl', ['-MSocket', '-e', RECEIVER, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface(receiver.stdout)[Symbol.asyncIterator]();
  try {
    assert.equal((await lines.next()).value, 'ready');
    using forward = new JournalForward(CONTAINER, 'the tag', path);
    await forward.connect();
    const timeNs = 1_767_323_045_000_000_001n;
    await forward.send({ stream: 'stdout', line: Buffer.from('hello'), timeNs, isPartial: false });
    await forward.send({ stream: 'stderr', line: Buffer.from('long'), timeNs, isPartial: true });
    const shared =
      `CONTAINER_ID=${'c'.repeat(12)}\nCONTAINER_ID_FULL=${ID}\nCONTAINER_NAME=web\nCONTAINER_TAG=the tag\nIMAGE_NAME=alpine\n` +
      'SYSLOG_IDENTIFIER=the tag\nA_B=c\nX\n\x03\0\0\0\0\0\0\x001\n2\n';
    const time = 'SYSLOG_TIMESTAMP=2026-01-02T03:04:05.000000001Z\n';
    const received = async (): Promise<string> => Buffer.from(String((await lines.next()).value), 'hex').toString('latin1');
    assert.equal(await received(), `MESSAGE=hello\nPRIORITY=6\n${time}${shared}`);
    assert.equal(await received(), `MESSAGE=long\nPRIORITY=3\n${time}CONTAINER_PARTIAL_MESSAGE=true\n${shared}`);
  } finally {
    receiver.kill();
    await once(receiver, 'close');
    rmSync(directory, { recursive: true });
  }
});

it('JournalForward finds out that there is no journal', async () => {
  using forward = new JournalForward(CONTAINER, '', '/nowhere/socket');
  await assert.rejects(forward.connect(), { reason: 'log.unreachable' });
});
