import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { PROJECT_DIR } from '../harness/images.ts';
import { until } from '../harness/until.ts';

// Only where it may be done to the machine itself: `npm run test:guest`.
assert.equal(process.env['PIER_TEST_GUEST'], '1', 'this changes the systemd of the machine: run it by npm run test:guest');

function run(program: string, ...args: readonly string[]): string {
  return execFileSync(program, args, { encoding: 'utf8' }).trim();
}

function pier(...args: readonly string[]): string {
  return run('pier', '-H', 'unix:///run/pier/pier.sock', ...args);
}

/** The cgroup that a process is in, on the unified hierarchy. */
function cgroupOf(pid: string): string {
  return readFileSync(`/proc/${pid}/cgroup`, 'utf8').trim().replace(/^0::/, '');
}

async function answers(): Promise<void> {
  await until(() => {
    try {
      return pier('version', '--format', '{{.Server.Version}}') !== '';
    } catch {
      return false;
    }
  });
}

describe('the units of contrib/systemd', () => {
  before(async () => {
    symlinkSync(process.execPath, '/usr/local/bin/node');
    symlinkSync(join(PROJECT_DIR, 'bin', 'pier.js'), '/usr/local/bin/pier');
    for (const unit of ['pier.service', 'pier.socket']) {
      copyFileSync(join(PROJECT_DIR, 'contrib', 'systemd', unit), `/etc/systemd/system/${unit}`);
    }
    run('systemctl', 'daemon-reload');
    run('systemctl', 'enable', '--now', 'pier.socket', 'pier');
    await answers();
    pier('run', '-d', '--name', 'kept', '-m', '64m', 'pier/starter', 'sleep', 'infinity');
  });

  test('socket and service are up, and the socket is root’s', () => {
    assert.equal(run('systemctl', 'is-active', 'pier.socket', 'pier'), 'active\nactive');
    assert.equal(run('stat', '-c', '%a %U:%G', '/run/pier/pier.sock'), '660 root:root');
  });

  test('a container and its monitor are outside the service’s cgroup', () => {
    const pid = pier('inspect', '-f', '{{.State.Pid}}', 'kept');
    const monitor = /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';
    const service = run('systemctl', 'show', '-P', 'ControlGroup', 'pier');
    assert.match(cgroupOf(run('systemctl', 'show', '-P', 'MainPID', 'pier')), new RegExp(`^${service}(/|$)`));
    for (const process of [pid, monitor]) {
      assert.ok(!cgroupOf(process).startsWith(service), `${process} is in ${cgroupOf(process)}`);
    }
    assert.equal(readFileSync(`/sys/fs/cgroup${cgroupOf(pid)}/memory.max`, 'utf8').trim(), String(64 * 1024 * 1024));
  });

  for (const [what, commands] of [
    ['a restart of the service', [['restart', 'pier']]],
    [
      'a service that was stopped and started',
      [
        ['stop', 'pier'],
        ['start', 'pier'],
      ],
    ],
    ['a service that was killed', [['kill', '-s', 'KILL', 'pier']]],
    ['a daemon-reload', [['daemon-reload']]],
  ] as const) {
    test(`containers run on through ${what}`, async () => {
      const pid = pier('inspect', '-f', '{{.State.Pid}}', 'kept');
      for (const command of commands) run('systemctl', ...command);
      await answers();
      assert.equal(pier('inspect', '-f', '{{.State.Status}} {{.State.Pid}}', 'kept'), `running ${pid}`);
      assert.equal(pier('exec', 'kept', 'cat', '/sys/fs/cgroup/memory.max'), String(64 * 1024 * 1024));
    });
  }

  test('a container stops and goes as ever', () => {
    pier('rm', '-f', 'kept');
    assert.equal(pier('ps', '-aq'), '');
  });
});
