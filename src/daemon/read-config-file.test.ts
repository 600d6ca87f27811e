import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig, readConfigFile } from './read-config-file.ts';

test("parseConfig() takes Docker's keys", () => {
  const text = JSON.stringify({
    'data-root': '/r',
    'exec-root': '/s',
    hosts: ['unix:///a', 'fd://'],
    group: 'docker',
    'log-level': 'warn',
    'log-format': 'json',
    'default-runtime': 'kata',
    runtimes: { kata: { path: '/usr/bin/kata', runtimeArgs: ['--x'] }, other: { path: 'other' } },
  });
  assert.deepEqual(parseConfig('f', text), {
    root: '/r',
    state: '/s',
    hosts: ['unix:///a', 'fd://'],
    group: 'docker',
    logLevel: 'warn',
    logFormat: 'json',
    defaultRuntime: 'kata',
    runtimes: { kata: { path: '/usr/bin/kata', args: ['--x'] }, other: { path: 'other' } },
  });
});

test('parseConfig() lets debug outrank the log level, in either order', () => {
  assert.equal(parseConfig('f', '{"debug":true,"log-level":"error"}').logLevel, 'debug');
  assert.equal(parseConfig('f', '{"log-level":"error","debug":true}').logLevel, 'debug');
  assert.equal(parseConfig('f', '{"log-level":"error","debug":false}').logLevel, 'error');
});

test('parseConfig() refuses unknown keys and bad values by name', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ['{"live-restore":true}', /"f": the key "live-restore" is not supported$/],
    ['{"hosts":"unix:///a"}', /"hosts" must be a list of texts$/],
    ['{"log-level":"loud"}', /log level "loud"/],
    ['{"runtimes":{"x":{"path":"y","options":{}}}}', /"options" is not supported$/],
    ['{"runtimes":{"x":{}}}', /"runtimes" must be a text$/],
    ['[]', /not a JSON object$/],
    ['{"a"', /Cannot use configuration file "f": /],
  ];
  for (const [text, message] of cases) assert.throws(() => parseConfig('f', text), { code: 'InvalidArgument', message }, text);
});

test('readConfigFile() needs a named file to exist', () => {
  assert.throws(() => readConfigFile('/nonexistent/daemon.json'), { code: 'NotFound' });
});

test('parseConfig() reads the log driver and its options', () => {
  const content = '{"log-driver": "local", "log-opts": {"max-size": "1m"}}';
  assert.deepEqual(parseConfig('f', content), { logDriver: 'local', logOptions: { 'max-size': '1m' } });
  assert.throws(() => parseConfig('f', '{"log-opts": {"max-size": 1}}'), { message: /"log-opts" must be an object of texts/ });
});
