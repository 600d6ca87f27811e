import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { mergeEnv, processEnv } from './process-env.ts';

const PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

test('processEnv() gives what dockerd gives, in its order', () => {
  const plain = { hostname: 'web', tty: false, env: [], home: '/root' };
  assert.deepEqual(processEnv(plain), [PATH, 'HOSTNAME=web', 'HOME=/root']);
  assert.deepEqual(processEnv({ ...plain, tty: true, env: ['A=b'] }), [PATH, 'HOSTNAME=web', 'TERM=xterm', 'A=b', 'HOME=/root']);
});

test('processEnv() lets the container replace and remove what it is given', () => {
  const env = ['PATH=/bin', 'HOSTNAME', 'A=1', 'A=2', 'HOME=/data', 'GONE'];
  assert.deepEqual(processEnv({ hostname: 'web', tty: false, env, home: '/root' }), ['PATH=/bin', 'A=2', 'HOME=/data']);
});

test("processEnv() puts an exec's own over the container's", () => {
  const env = processEnv({ hostname: 'web', tty: true, env: ['A=1', 'B=2'], execEnv: ['A=3', 'C=4', 'TERM=vt100'], home: '/' });
  assert.deepEqual(env, [PATH, 'HOSTNAME=web', 'TERM=vt100', 'A=3', 'B=2', 'C=4', 'HOME=/']);
});

test("mergeEnv() completes the spec by the image's", () => {
  assert.deepEqual(mergeEnv(['PATH=/x', 'A=image', 'B=image'], ['A=spec', 'B']), ['A=spec', 'B', 'PATH=/x']);
  assert.deepEqual(mergeEnv(['A=1'], []), ['A=1']);
});
