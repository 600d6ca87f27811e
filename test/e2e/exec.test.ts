// docker exec: beside the container's own process, in its namespaces and limits.
import assert from 'node:assert/strict';
import { beforeEach, it } from 'node:test';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients } from '../harness/fixture.ts';
import { until } from '../harness/until.ts';

describeWithClients('exec', (pier) => {
  beforeEach(async () => {
    await pier.ok('run', '-d', '--name', 'c-1', '-e', 'FROM_RUN=yes', '-w', '/tmp', 'alpine', 'sleep', '1000');
  });

  it('runs beside the process, in its namespaces', async () => {
    const { stdout } = await pier.cli(
      'exec',
      'c-1',
      'sh',
      '-c',
      'cat /proc/1/cmdline | tr "\\0" " "; for n in pid net mnt uts ipc; do [ "$(readlink /proc/1/ns/$n)" = "$(readlink /proc/self/ns/$n)" ] || echo differs $n; done',
    );
    assert.equal(stdout, 'sleep 1000 ');
  });

  it('keeps stdout and stderr apart and returns the exit code', async () => {
    const result = await pier.cli('exec', 'c-1', 'sh', '-c', 'echo out; echo err >&2; exit 42');
    assert.deepEqual(result, { exitCode: 42, stdout: 'out\n', stderr: 'err\n' });
  });

  it('-i carries input and ends with it', async () => {
    const result = await pier.cliWith({ input: 'abc' }, 'exec', '-i', 'c-1', 'sh', '-c', 'wc -c');
    assert.deepEqual(result, { exitCode: 0, stdout: '3\n', stderr: '' });
  });

  it('-e, -w and -u set environment, directory and user', async () => {
    assert.equal(await pier.ok('exec', '-e', 'A=1', '-e', 'B=two words', 'c-1', 'sh', '-c', 'echo $A $B $FROM_RUN'), '1 two words yes');
    assert.equal(await pier.ok('exec', 'c-1', 'pwd'), '/tmp');
    assert.equal(await pier.ok('exec', '-w', '/etc', 'c-1', 'pwd'), '/etc');
    assert.equal(await pier.ok('exec', '-u', 'nobody', 'c-1', 'id', '-un'), 'nobody');
    assert.equal(await pier.ok('exec', '-u', '12:34', 'c-1', 'sh', '-c', 'id -u; id -g'), '12\n34');
  });

  // Docker's own command line, waiting for a stream, said no more than "unable to upgrade to tcp, received 500".
  it('names a user that is not there, and a directory that is not there', async () => {
    const user = await pier.cli('exec', '-u', 'no-such-user', 'c-1', 'id');
    const text = 'Error response from daemon: unable to find user no-such-user: no matching entries in passwd file\n';
    assert.deepEqual(user, { exitCode: 1, stdout: '', stderr: text });
    const dir = await pier.cli('exec', '-w', '/no/such', 'c-1', 'id');
    assert.equal(dir.exitCode, 127);
    assert.match(dir.stdout + dir.stderr, /chdir.*\/no\/such/);
  });

  it('-d returns at once and the process runs on', async () => {
    assert.equal(await pier.ok('exec', '-d', 'c-1', 'sh', '-c', 'sleep 0.3; echo done > /tmp/mark'), '');
    await until(async () => (await pier.cli('exec', 'c-1', 'cat', '/tmp/mark')).stdout === 'done\n');
  });

  it('-t without -i gives a terminal', async () => {
    await using session = pier.tty('exec', '-t', 'c-1', 'tty');
    await session.until(/\/dev\/pts\/\d/);
    assert.equal(await session.exited(), 0);
  });

  it('a command that is missing exits with 127, one that cannot be run with 126', async () => {
    const missing = await pier.cli('exec', 'c-1', 'no-such-command');
    assert.equal(missing.exitCode, 127);
    assert.match(missing.stdout + missing.stderr, /no-such-command.*(not found|no such file)/is);
    const directory = await pier.cli('exec', 'c-1', '/etc');
    assert.equal(directory.exitCode, 126);
    const notExecutable = await pier.cli('exec', 'c-1', '/etc/passwd');
    assert.equal(notExecutable.exitCode, 126);
    assert.match(notExecutable.stdout + notExecutable.stderr, /permission denied/i);
  });

  it('is refused in a container that does not run', async () => {
    await pier.ok('stop', '-t', '0', 'c-1');
    const result = await pier.cli('exec', 'c-1', 'true');
    assert.equal(result.exitCode, 1);
    assert.match(result.stderr, /^Error response from daemon: container [0-9a-f]{64} is not running\n$/);
  });

  it('is refused in a paused container', async () => {
    await pier.ok('pause', 'c-1');
    const result = await pier.cli('exec', 'c-1', 'true');
    assert.equal(result.exitCode, 1);
    assert.match(result.stderr, /Container c-1 is paused, unpause the container before exec/);
    await pier.ok('unpause', 'c-1');
  });

  it('a killed exec reports its signal', async () => {
    assert.equal((await pier.cli('exec', 'c-1', 'sh', '-c', 'kill -9 $$')).exitCode, 137);
  });

  it('ends with its container', async () => {
    const child = pier.background('exec', 'c-1', 'sleep', '1000');
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await until(async () => (await pier.ok('top', 'c-1')).split('\n').length === 3);
    await pier.ok('kill', 'c-1');
    assert.equal(await ended, 137);
  });

  it('is inspected over the API', async () => {
    const { Id } = await pier.daemon.json<{ Id: string }>('POST', '/containers/c-1/exec', {
      status: 201,
      json: { Cmd: ['sh', '-c', 'exit 3'], AttachStdout: true },
    });
    const created = await pier.daemon.json<{ Running: boolean; ExitCode: number | null; Pid: number }>('GET', `/exec/${Id}/json`);
    assert.deepEqual([created.Running, created.ExitCode, created.Pid], [false, null, 0]);
    const started = await pier.daemon.api('POST', `/exec/${Id}/start`, { json: { Detach: false, Tty: false } });
    assert.equal(started.status, 200);
    const ended = await pier.daemon.json<{ Running: boolean; ExitCode: number }>('GET', `/exec/${Id}/json`);
    assert.deepEqual([ended.Running, ended.ExitCode], [false, 3]);
    const again = await pier.daemon.api('POST', `/exec/${Id}/start`, { json: {} });
    // dockerd has begun the stream by then, and says it there.
    assert.equal(again.status, IS_PEER ? 200 : 409);
    assert.equal((await pier.daemon.api('GET', '/exec/0123456789ab/json')).status, 404);
  });

  it('carries 20 MB out without loss', async () => {
    const { stdout } = await pier.cli('exec', 'c-1', 'sh', '-c', 'head -c 20000000 /dev/zero | tr "\\0" y');
    assert.equal(stdout.length, 20_000_000);
  });
});
