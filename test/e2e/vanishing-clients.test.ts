// Clients that go away in the middle, without a word: the engine keeps nothing of them, and the container hears nothing of it.
import assert from 'node:assert/strict';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { connect } from 'node:net';
import { once } from 'node:events';
import { describe, it } from 'node:test';
import { IS_PEER } from '../harness/daemon.ts';
import { missingMaterial, useDaemon } from '../harness/fixture.ts';
import { until } from '../harness/until.ts';

const CLIENTS = 50;

/** Open descriptors of a process and files it watches, without the connections of clients that are still there. */
async function heldBy(pid: number): Promise<{ descriptors: number; watches: number }> {
  const fds = await readdir(`/proc/${pid}/fd`);
  const targets = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
  const infos = await Promise.all(fds.map((fd) => readFile(`/proc/${pid}/fdinfo/${fd}`, 'utf8').catch(() => '')));
  return {
    descriptors: targets.filter((target) => target !== '').length,
    watches: infos
      .join('')
      .split('\n')
      .filter((line) => line.startsWith('inotify')).length,
  };
}

describe('clients that vanish', { skip: missingMaterial() || (IS_PEER && 'looks into the process of pier') }, () => {
  const pier = useDaemon();

  for (const [name, request] of [
    ['logs -f', 'GET /containers/talker/logs?stdout=1&follow=1 HTTP/1.1\r\nHost: x\r\n\r\n'],
    [
      'attach',
      'POST /containers/talker/attach?stdin=1&stdout=1&stream=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n',
    ],
  ] as const) {
    it(`${CLIENTS} in the middle of ${name} leave nothing behind`, async () => {
      // The busy one fills every client's buffers; the log is rotated under their hands.
      const options = ['--log-opt', 'max-size=1m', '--log-opt', 'max-file=2'];
      const script = 'while :; do seq 2000; sleep 0.05; done';
      await pier.ok('run', '-d', '-i', '--name', 'talker', ...options, 'alpine', 'sh', '-c', script);
      const pid = pier.daemon.pid;
      const before = await heldBy(pid);
      const sockets = Array.from({ length: CLIENTS }, () => connect(pier.daemon.directSocket));
      await Promise.all(
        sockets.map(async (socket) => {
          socket.on('error', () => {});
          socket.write(request);
          await once(socket, 'data');
          // It does not read any more, so the engine waits for it.
          socket.pause();
        }),
      );
      const during = await heldBy(pid);
      assert.ok(during.descriptors >= before.descriptors + CLIENTS, JSON.stringify({ before, during }));
      for (const socket of sockets) socket.destroy();
      let after = during;
      await until(
        async () => {
          after = await heldBy(pid);
          // One for a rotation that is going on.
          return after.descriptors <= before.descriptors + 1 && after.watches <= before.watches + 1;
        },
        () => JSON.stringify({ before, during, after }),
      );
      assert.equal(await pier.ok('inspect', '-f', '{{.State.Status}}', 'talker'), 'running');
    });
  }
});
