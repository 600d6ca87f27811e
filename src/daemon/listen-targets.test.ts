import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenTargets } from './listen-targets.ts';

test('listenTargets() takes unix sockets and a group', () => {
  assert.deepEqual(listenTargets(['unix:///a/b.sock', '/c'], '7'), [
    { socketPath: '/a/b.sock', gid: 7 },
    { socketPath: '/c', gid: 7 },
  ]);
  assert.deepEqual(listenTargets(['unix:///a'], 'root'), [{ socketPath: '/a', gid: 0 }]);
});

test('listenTargets() takes sockets that systemd hands to this process only', () => {
  assert.throws(() => listenTargets(['fd://'], undefined), { code: 'InvalidArgument', message: /no sockets were handed over/ });
  process.env['LISTEN_FDS'] = '2';
  process.env['LISTEN_PID'] = String(process.pid);
  try {
    assert.deepEqual(listenTargets(['fd://'], undefined), [{ fd: 3 }, { fd: 4 }]);
    process.env['LISTEN_PID'] = '1';
    assert.throws(() => listenTargets(['fd://'], undefined), { code: 'InvalidArgument' });
  } finally {
    delete process.env['LISTEN_FDS'];
    delete process.env['LISTEN_PID'];
  }
});

test('listenTargets() refuses what it cannot do, naming it', () => {
  assert.throws(() => listenTargets(['tcp://0.0.0.0:2375'], undefined), {
    code: 'NotImplemented',
    message: /tcp:\/\/0\.0\.0\.0:2375.*TLS/,
  });
  assert.throws(() => listenTargets(['unix://relative'], undefined), { code: 'InvalidArgument', message: /relative/ });
  assert.throws(() => listenTargets(['unix:///a'], 'no-such-group-here'), { code: 'InvalidArgument', message: /no-such-group-here/ });
});
