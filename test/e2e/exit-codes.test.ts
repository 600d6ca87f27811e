// docker run: exit codes 125, 126, 127 and the process's own; signals; what is left of a run that failed.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeWithClients } from '../harness/fixture.ts';
import { until } from '../harness/until.ts';

describeWithClients('run', (pier) => {
  it("returns the process's own exit code", async () => {
    assert.equal((await pier.cli('run', '--rm', 'alpine', 'true')).exitCode, 0);
    assert.equal((await pier.cli('run', '--rm', 'alpine', 'sh', '-c', 'exit 42')).exitCode, 42);
    assert.equal((await pier.cli('run', '--rm', 'alpine', 'sh', '-c', 'sh -c "kill -9 \\$\\$"; exit $?')).exitCode, 137);
  });

  it('returns 127 for a command that is missing', async () => {
    const result = await pier.cli('run', '--name', 'nothing', 'alpine', 'no-such-command');
    assert.equal(result.exitCode, 127);
    assert.match(result.stderr, /Error response from daemon: .*"no-such-command": executable file not found in \$PATH/s);
    assert.equal(await pier.ok('ps', '-a', '--format', '{{.Names}} {{.Status}}'), 'nothing Created');
    assert.equal(await pier.ok('inspect', '--format', '{{.State.ExitCode}}', 'nothing'), '127');
  });

  it('returns 126 for a command that cannot be run', async () => {
    const result = await pier.cli('run', '--rm', 'alpine', '/etc/passwd');
    assert.equal(result.exitCode, 126);
    assert.match(result.stderr, /permission denied/);
    assert.equal((await pier.cli('run', '--rm', 'alpine', '/etc')).exitCode, 126);
    await until(async () => (await pier.ok('ps', '-aq')) === '');
  });

  it('returns 125 where the daemon or the client refuses', async () => {
    const missing = await pier.cli('run', '--pull', 'never', 'no-such-image');
    assert.equal(missing.exitCode, 125);
    assert.match(missing.stderr, /No such image: no-such-image:latest/);
    const flag = await pier.cli('run', '--no-such-flag', 'alpine');
    assert.equal(flag.exitCode, 125);
    assert.match(flag.stderr, /unknown flag: --no-such-flag/);
    const name = await pier.cli('run', '--name', '-bad-', 'alpine', 'true');
    assert.equal(name.exitCode, 125);
    assert.match(name.stderr, /Invalid container name \(-bad-\), only \[a-zA-Z0-9\]\[a-zA-Z0-9_\.-\] are allowed/);
    const directory = await pier.cli('run', '-w', 'relative', 'alpine', 'true');
    assert.equal(directory.exitCode, 125);
    assert.match(directory.stderr, /the working directory 'relative' is invalid, it needs to be an absolute path/);
  });

  it('--rm takes the container and its files away', async () => {
    const id = await pier.ok('run', '-d', '--rm', 'alpine', 'sh', '-c', 'sleep 0.3; exit 3');
    assert.equal(await pier.ok('wait', id), '3');
    await until(async () => (await pier.ok('ps', '-aq')) === '');
  });

  it('-d prints the id and returns', async () => {
    const id = await pier.ok('run', '-d', 'alpine', 'sleep', '1000');
    assert.match(id, /^[0-9a-f]{64}$/);
    assert.equal(await pier.ok('ps', '-q', '--no-trunc'), id);
  });

  it('a signal to the client goes to the process', async () => {
    const child = pier.background(
      'run',
      '--name',
      'trapped',
      'alpine',
      'sh',
      '-c',
      'trap "echo got TERM; exit 33" TERM; echo ready; while :; do sleep 0.05; done',
    );
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await until(() => out.includes('ready'));
    child.kill('SIGTERM');
    assert.equal(await ended, 33);
    assert.equal(out, 'ready\ngot TERM\n');
  });

  it('--sig-proxy=false keeps signals from the process', async () => {
    const child = pier.background(
      'run',
      '--name',
      'shielded',
      '--sig-proxy=false',
      'alpine',
      'sh',
      '-c',
      'trap "exit 33" TERM; echo ready; while :; do sleep 0.05; done',
    );
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    await until(() => out.includes('ready'));
    child.kill('SIGTERM');
    await sleep(300);
    assert.equal(await pier.ok('inspect', '--format', '{{.State.Running}}', 'shielded'), 'true');
  });

  it('--entrypoint, --env, --env-file, --workdir, --hostname and --label take effect', async () => {
    assert.equal(await pier.ok('run', '--rm', '--entrypoint', '/bin/echo', 'alpine', 'a', 'b'), 'a b');
    assert.equal(
      await pier.ok('run', '--rm', '-e', 'X=1 2', 'alpine', 'sh', '-c', 'echo "$X"; echo $HOSTNAME | wc -c; echo $PATH'),
      '1 2\n13\n/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    );
    const viaClient = await pier.cliWith(
      { env: { FROM_CLIENT: 'here' } },
      'run',
      '--rm',
      '-e',
      'FROM_CLIENT',
      'alpine',
      'sh',
      '-c',
      'echo $FROM_CLIENT',
    );
    assert.equal(viaClient.stdout, 'here\n');
    assert.equal(await pier.ok('run', '--rm', '-w', '/new/dir', 'alpine', 'pwd'), '/new/dir');
    assert.equal(
      await pier.ok('run', '--rm', '-h', 'myhost', 'alpine', 'sh', '-c', 'hostname; grep -c myhost /etc/hosts; cat /etc/hostname'),
      'myhost\n1\nmyhost',
    );
    await pier.ok('create', '--name', 'labelled', '-l', 'a=1', '--label', 'b', 'alpine', 'true');
    assert.equal(await pier.ok('inspect', '--format', '{{json .Config.Labels}}', 'labelled'), '{"a":"1","b":""}');
    assert.equal(await pier.ok('ps', '-a', '--filter', 'label=a=1', '--format', '{{.Names}}'), 'labelled');
  });

  it('--cidfile writes the id and refuses a file that is there', async () => {
    const { here } = await pier.daemon.bindDirectory();
    const id = await pier.ok('run', '-d', '--cidfile', `${here}/id`, 'alpine', 'true');
    const { readFile } = await import('node:fs/promises');
    assert.equal(await readFile(`${here}/id`, 'utf8'), id);
    assert.equal((await pier.cli('run', '--cidfile', `${here}/id`, 'alpine', 'true')).exitCode, 125);
  });
});
