// From create to rm: every verb, in every state that it may meet.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients } from '../harness/fixture.ts';
import { until } from '../harness/until.ts';

const TRAP = 'trap "echo term; exit 5" TERM; trap "echo usr1" USR1; echo ready; while :; do sleep 0.05; done';

describeWithClients('life cycle', (pier) => {
  const status = async (name: string): Promise<string> =>
    await pier.ok('inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', name);
  const ready = async (name: string): Promise<void> => await until(async () => (await pier.ok('logs', name)).includes('ready'));

  it('stop sends SIGTERM, then SIGKILL after the time given', async () => {
    await pier.ok('run', '-d', '--name', 'polite', 'alpine', 'sh', '-c', TRAP);
    await ready('polite');
    assert.equal(await pier.ok('stop', 'polite'), 'polite');
    assert.equal(await status('polite'), 'exited 5');
    await pier.ok('run', '-d', '--name', 'deaf', 'alpine', 'sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.05; done');
    await ready('deaf');
    const before = Date.now();
    await pier.ok('stop', '-t', '1', 'deaf');
    assert.ok(Date.now() - before >= 950, 'waited for the second');
    assert.equal(await status('deaf'), 'exited 137');
    // Stopping what does not run is no error.
    assert.equal(await pier.ok('stop', 'deaf'), 'deaf');
  });

  it('--stop-signal and --stop-timeout are kept', async () => {
    await pier.ok(
      'run',
      '-d',
      '--name',
      'own',
      '--stop-signal',
      'USR1',
      '--stop-timeout',
      '1',
      'alpine',
      'sh',
      '-c',
      'trap "exit 9" USR1; trap "" TERM; echo ready; while :; do sleep 0.05; done',
    );
    await ready('own');
    await pier.ok('stop', 'own');
    assert.equal(await status('own'), 'exited 9');
  });

  it('kill sends the signal that is asked for', async () => {
    await pier.ok('run', '-d', '--name', 'k-1', 'alpine', 'sh', '-c', TRAP);
    await ready('k-1');
    await pier.ok('kill', '-s', 'USR1', 'k-1');
    await until(async () => (await pier.ok('logs', 'k-1')).includes('usr1'));
    assert.match(await status('k-1'), /^running/);
    assert.equal(await pier.ok('kill', 'k-1'), 'k-1');
    await until(async () => (await status('k-1')) === 'exited 137');
    const again = await pier.cli('kill', 'k-1');
    assert.equal(again.exitCode, 1);
    assert.match(again.stderr, /^Error response from daemon: cannot kill container: k-1: container [0-9a-f]{64} is not running\n$/);
    const bad = await pier.cli('kill', '-s', 'NOSUCH', 'k-1');
    assert.match(bad.stderr, /invalid signal: NOSUCH/i);
  });

  it('restart gives a new process and keeps the files', async () => {
    await pier.ok('run', '-d', '--name', 'r-1', 'alpine', 'sh', '-c', 'echo run >> /runs; sleep 1000');
    const pid = await pier.ok('inspect', '--format', '{{.State.Pid}}', 'r-1');
    assert.equal(await pier.ok('restart', '-t', '0', 'r-1'), 'r-1');
    assert.notEqual(await pier.ok('inspect', '--format', '{{.State.Pid}}', 'r-1'), pid);
    await until(async () => (await pier.ok('exec', 'r-1', 'cat', '/runs')) === 'run\nrun');
    assert.equal(await pier.ok('inspect', '--format', '{{.RestartCount}}', 'r-1'), '0');
  });

  it('pause stops the clock of the processes, unpause lets them go on', async () => {
    await pier.ok('run', '-d', '--name', 'p-1', 'alpine', 'sh', '-c', 'while :; do echo x; sleep 0.05; done');
    await until(async () => (await pier.ok('logs', 'p-1')) !== '');
    assert.equal(await pier.ok('pause', 'p-1'), 'p-1');
    assert.match(await status('p-1'), /^paused/);
    assert.match(await pier.ok('ps', '--format', '{{.Status}}'), /^Up .* \(Paused\)$/);
    const length = (await pier.ok('logs', 'p-1')).length;
    await sleep(300);
    assert.equal((await pier.ok('logs', 'p-1')).length, length);
    const twice = await pier.cli('pause', 'p-1');
    assert.match(twice.stderr, /Container [0-9a-f]{64} is already paused/i);
    assert.equal(await pier.ok('unpause', 'p-1'), 'p-1');
    await until(async () => (await pier.ok('logs', 'p-1')).length > length);
    assert.match((await pier.cli('unpause', 'p-1')).stderr, /Container [0-9a-f]{64} is not paused/i);
  });

  it('a paused container can be removed by force', async () => {
    await pier.ok('run', '-d', '--name', 'frozen', 'alpine', 'sleep', '1000');
    await pier.ok('pause', 'frozen');
    await pier.ok('rm', '-f', 'frozen');
    assert.equal(await pier.ok('ps', '-aq'), '');
  });

  it('wait gives the exit codes', async () => {
    await pier.ok('run', '-d', '--name', 'w1', 'alpine', 'sh', '-c', 'sleep 0.4; exit 3');
    await pier.ok('run', '-d', '--name', 'w2', 'alpine', 'sh', '-c', 'exit 4');
    assert.equal(await pier.ok('wait', 'w1', 'w2'), '3\n4');
    assert.match((await pier.cli('wait', 'nobody')).stderr, /No such container: nobody/);
  });

  it('rename takes effect everywhere, and a taken name is refused', async () => {
    await pier.ok('create', '--name', 'old', 'alpine', 'true');
    await pier.ok('create', '--name', 'other', 'alpine', 'true');
    await pier.ok('rename', 'old', 'new');
    assert.equal(await pier.ok('inspect', '--format', '{{.Name}}', 'new'), '/new');
    assert.match((await pier.cli('inspect', 'old')).stderr, /No such object: old/i);
    const taken = await pier.cli('rename', 'new', 'other');
    assert.equal(taken.exitCode, 1);
    assert.match(taken.stderr, /Conflict\. The container name "\/other" is already in use by container "?[0-9a-f]{64}"?/);
    const same = await pier.cli('create', '--name', 'new', 'alpine', 'true');
    assert.equal(same.exitCode, 1);
    assert.match(
      same.stderr,
      /Error response from daemon: Conflict\. The container name "\/new" is already in use by container "[0-9a-f]{64}"\. You have to remove \(or rename\) that container to be able to reuse that name\./,
    );
  });

  it('start of a running container does nothing, start -a gives its output', async () => {
    await pier.ok('run', '-d', '--name', 's-1', 'alpine', 'sleep', '1000');
    assert.equal(await pier.ok('start', 's-1'), 's-1');
    await pier.ok('create', '--name', 'a-1', 'alpine', 'sh', '-c', 'echo said; exit 6');
    assert.deepEqual(await pier.cli('start', '-a', 'a-1'), { exitCode: 6, stdout: 'said\n', stderr: '' });
  });

  it('a container is found by name, id and the beginning of its id', async () => {
    const id = await pier.ok('create', '--name', 'findme', 'alpine', 'true');
    for (const ref of ['findme', id, id.slice(0, 12), id.slice(0, 6)])
      assert.equal(await pier.ok('inspect', '--format', '{{.Id}}', ref), id);
  });

  it('ps filters and formats', async () => {
    await pier.ok('create', '--name', 'first', '--label', 'tier=front', 'alpine', 'true');
    await pier.cli('run', '--name', 'second', 'alpine', 'sh', '-c', 'exit 3');
    await pier.ok('run', '-d', '--name', 'third', 'alpine', 'sleep', '1000');
    const names = async (...args: string[]): Promise<string> =>
      (await pier.ok('ps', '-a', '--format', '{{.Names}}', ...args)).replaceAll('\n', ' ');
    assert.equal(await names(), 'third second first');
    assert.equal(await names('--filter', 'status=created'), 'first');
    assert.equal(await names('--filter', 'exited=3'), 'second');
    assert.equal(await names('--filter', 'name=^th'), 'third');
    assert.equal(await names('--filter', 'label=tier'), 'first');
    assert.equal(await names('--filter', 'ancestor=alpine'), 'third second first');
    assert.equal(await names('--filter', 'before=third'), 'second first');
    assert.equal(await names('--filter', 'since=first'), 'third second');
    assert.equal(await names('-n', '2'), 'third second');
    assert.equal(await names('-l'), 'third');
    const sized = await pier.ok('ps', '-as', '--format', '{{.Names}} {{.Size}}');
    assert.match(sized, /^third \d.*B \(virtual 7\.8\d?MB\)/m);
    const bad = await pier.cli('ps', '--filter', 'nonsense=1');
    assert.equal(bad.exitCode, 1);
    assert.match(bad.stderr, /invalid filter 'nonsense'/);
  });

  it('top shows the processes', async () => {
    await pier.ok('run', '-d', '--name', 't-1', 'alpine', 'sh', '-c', 'sleep 1000 & sleep 2000; true');
    await until(async () => (await pier.ok('top', 't-1')).split('\n').length === 4);
    const [header = '', ...rows] = (await pier.ok('top', 't-1')).split('\n');
    assert.match(header, /^UID +PID +PPID +C +STIME +TTY +TIME +CMD$/);
    assert.match(rows.join('\n'), /sleep 1000/);
    assert.match(await pier.ok('top', 't-1', '-o', 'pid,args'), /^PID +COMMAND\n/);
  });

  it('inspect has what clients read', async () => {
    await pier.ok(
      'run',
      '-d',
      '--name',
      'i-1',
      '-e',
      'A=b',
      '-w',
      '/tmp',
      '--label',
      'x=y',
      '--restart',
      'on-failure:3',
      'alpine',
      'sleep',
      '1000',
    );
    const [c] = JSON.parse(await pier.ok('inspect', 'i-1')) as [Record<string, never>];
    const { State, Config, HostConfig } = c as unknown as {
      State: Record<string, unknown>;
      Config: Record<string, unknown>;
      HostConfig: Record<string, unknown>;
    };
    assert.deepEqual(
      [State['Status'], State['Running'], State['Paused'], State['Dead'], State['OOMKilled'], State['Error']],
      ['running', true, false, false, false, ''],
    );
    assert.equal(State['FinishedAt'], '0001-01-01T00:00:00Z');
    assert.deepEqual(Config['Env'], ['A=b']);
    assert.deepEqual(
      [Config['Image'], Config['WorkingDir'], Config['Cmd'], Config['Labels']],
      ['alpine', '/tmp', ['sleep', '1000'], { x: 'y' }],
    );
    assert.deepEqual(HostConfig['RestartPolicy'], { Name: 'on-failure', MaximumRetryCount: 3 });
    assert.equal(HostConfig['NetworkMode'], 'bridge');
  });

  it('container prune takes what is stopped', async () => {
    await pier.ok('run', '--name', 'ended', 'alpine', 'sh', '-c', 'head -c 100000 /dev/zero > /file');
    await pier.ok('create', '--name', 'kept', '--label', 'keep', 'alpine', 'true');
    await pier.ok('run', '-d', '--name', 'running', 'alpine', 'sleep', '1000');
    const output = await pier.ok('container', 'prune', '-f', '--filter', 'label!=keep');
    assert.match(output, /^Deleted Containers:\n[0-9a-f]{64}\n\nTotal reclaimed space: 1\d\d(\.\d+)?kB$/);
    assert.equal(await pier.ok('ps', '-a', '--format', '{{.Names}}'), 'running\nkept');
  });

  it('20 at once start, answer and go', async () => {
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        pier.cli('run', '--rm', '--network', i % 2 === 0 ? 'none' : 'bridge', 'alpine', 'echo', String(i)),
      ),
    );
    assert.deepEqual(
      results.map(({ stdout }) => stdout),
      Array.from({ length: 20 }, (_, i) => `${i}\n`),
    );
    await until(async () => (await pier.ok('ps', '-aq')) === '');
  });

  it('conmon killed: the state says so, and stop still works', { skip: IS_PEER && 'a peer has no conmon' }, async () => {
    await pier.ok('run', '-d', '--name', 'orphan', 'alpine', 'sleep', '1000');
    const pid = await pier.ok('inspect', '--format', '{{.State.Pid}}', 'orphan');
    const { readFile } = await import('node:fs/promises');
    const monitor = /^PPid:\s+(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
    process.kill(Number(monitor), 'SIGKILL');
    await until(async () => (await pier.ok('inspect', '--format', '{{.State.Error}}', 'orphan')) !== '');
    assert.match(await status('orphan'), /^running/);
    await pier.ok('stop', '-t', '1', 'orphan');
    assert.match(await status('orphan'), /^exited/);
    await pier.ok('rm', 'orphan');
  });

  it('prune takes what its filters leave, and nothing that runs', async () => {
    await pier.ok('create', '--name', 'x-1', '--label', 'a=1', 'alpine', 'true');
    await pier.ok('create', '--name', 'x-2', '--label', 'a=1', '--label', 'b', 'alpine', 'true');
    await pier.ok('create', '--name', 'x-3', 'alpine', 'true');
    await pier.ok('run', '-d', '--name', 'x-4', '--label', 'a=1', 'alpine', 'sleep', '1000');
    const left = async (...filters: readonly string[]): Promise<string> => {
      await pier.ok('container', 'prune', '-f', ...filters.flatMap((filter) => ['--filter', filter]));
      return (await pier.ok('ps', '-a', '--format', '{{.Names}}')).split('\n').toSorted().join(' ');
    };
    assert.equal(await left('until=1h'), 'x-1 x-2 x-3 x-4');
    assert.equal(await left('label=a=2'), 'x-1 x-2 x-3 x-4');
    assert.equal(await left('label=a=1', 'label!=b'), 'x-2 x-3 x-4');
    // Both must be there for one to stay.
    assert.equal(await left('label!=b', 'label!=a'), 'x-2 x-4');
    assert.equal(await left('until=1ms', 'label=b'), 'x-4');
    const twice = await pier.cli('container', 'prune', '-f', '--filter', 'until=1h', '--filter', 'until=2h');
    assert.deepEqual([twice.exitCode, twice.stderr.includes('more than one until filter specified')], [1, true]);
  });

  it('kill waits for the end, signals are known by name and number, and links are not there to be removed', async () => {
    await pier.ok('run', '-d', '--name', 'g-1', 'alpine', 'sleep', '1000');
    const refused = async (...args: readonly string[]): Promise<string> => (await pier.cli(...args)).stderr;
    assert.match(await refused('kill', '-s', '99', 'g-1'), /cannot kill container: g-1: the linux daemon does not support signal 99/);
    assert.match(await refused('kill', '-s', 'FOO', 'g-1'), /cannot kill container: g-1: invalid signal: FOO/);
    assert.match(await refused('stop', '-s', 'FOO', 'g-1'), /cannot stop container: g-1: invalid signal: FOO/);
    assert.match(await refused('restart', '-s', 'FOO', 'g-1'), /Cannot restart container g-1: invalid signal: FOO/);
    assert.match(await refused('rm', '-l', 'g-1'), /Conflict, cannot remove the default link name of the container/);
    assert.match(await refused('rename', 'g-1', 'a/b'), /Error when allocating new name: Invalid container name \(\/a\/b\), only/);
    await pier.ok('kill', 'g-1');
    assert.equal(await pier.ok('inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'g-1'), 'exited 137');
    assert.match(await refused('unpause', 'g-1'), /is not paused/);
    await pier.ok('start', 'g-1');
    const old = await pier.cli('stop', '--time', '0', 'g-1');
    assert.deepEqual([old.exitCode, old.stdout], [0, 'Flag --time has been deprecated, use --timeout instead\ng-1\n']);
    const both = await pier.cli('stop', '--time', '0', '-t', '0', 'g-1');
    assert.deepEqual([both.exitCode, both.stderr], [1, 'conflicting options: cannot specify both --timeout and --time\n']);
    await pier.ok('start', 'g-1');
    // The kernel has no such signal: SIGKILL follows at once.
    await pier.ok('stop', '-s', '99', 'g-1');
    assert.equal(await pier.ok('inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'g-1'), 'exited 137');
  });
});
