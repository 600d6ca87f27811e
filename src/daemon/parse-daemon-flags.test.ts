import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseDaemonFlags } from './parse-daemon-flags.ts';

test('parseDaemonFlags() reads every flag', () => {
  const args =
    '--root /r --state=/s -H unix:///a --host fd:// --config /c -G wheel -l warn --log-format json --default-runtime x --add-runtime x=/bin/x';
  assert.deepEqual(parseDaemonFlags(args.split(' ')), {
    options: {
      root: '/r',
      state: '/s',
      hosts: ['unix:///a', 'fd://'],
      group: 'wheel',
      logLevel: 'warn',
      logFormat: 'json',
      defaultRuntime: 'x',
      runtimes: { x: { path: '/bin/x' } },
    },
    configFile: '/c',
    wantsHelp: false,
  });
});

test('parseDaemonFlags() gives nothing for no flags', () => {
  assert.deepEqual(parseDaemonFlags([]), { options: {}, configFile: undefined, wantsHelp: false });
  assert.equal(parseDaemonFlags(['-D', '-l', 'error']).options.logLevel, 'debug');
});

test('parseDaemonFlags() refuses the unknown, naming it', () => {
  for (const [args, message] of [
    [['--tls'], /--tls/],
    [['extra'], /extra/],
    [['-l', 'loud'], /"loud"/],
    [['--add-runtime', 'x'], /"x"/],
  ] as const) {
    assert.throws(() => parseDaemonFlags(args), { code: 'InvalidArgument', message });
  }
});
