// Namespaces that a container shares with the machine or with another container, seen from inside and in inspect.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import { it } from 'node:test';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients } from '../harness/fixture.ts';
import { until } from '../harness/until.ts';

const ONLY_OWN = { skip: IS_PEER && 'a peer has a host of its own' };

describeWithClients('namespaces', (pier) => {
  const namespaceOf = async (kind: string, ...flags: string[]): Promise<string> =>
    await pier.ok('run', '--rm', ...flags, 'alpine', 'readlink', `/proc/self/ns/${kind}`);
  const inspected = async (name: string, template: string): Promise<string> => await pier.ok('inspect', '--format', template, name);
  const refused = async (text: RegExp, ...args: string[]): Promise<void> => {
    const result = await pier.cli(...args);
    assert.notEqual(result.exitCode, 0);
    assert.match(result.stderr, text);
  };

  it('host shares the machine’s processes, memory, name and cgroups', ONLY_OWN, async () => {
    const flags = ['--pid', 'host', '--ipc', 'host', '--uts', 'host', '--cgroupns', 'host', '--userns', 'host'];
    const kinds = ['pid', 'ipc', 'uts', 'cgroup', 'user'];
    const script = `for n in ${kinds.join(' ')}; do readlink /proc/self/ns/$n; done; hostname; test -e /proc/${process.pid} && echo seen; grep -c " /dev/shm tmpfs" /proc/mounts`;
    const output = await pier.ok('run', '--name', 'wide', ...flags, 'alpine', 'sh', '-c', script);
    const own = await Promise.all(kinds.map((kind) => readlink(`/proc/self/ns/${kind}`)));
    assert.deepEqual(output.split('\n'), [...own, hostname(), 'seen', '1']);
    const modes =
      '{{.HostConfig.PidMode}} {{.HostConfig.IpcMode}} {{.HostConfig.UTSMode}} {{.HostConfig.CgroupnsMode}} {{.HostConfig.UsernsMode}}';
    assert.equal(await inspected('wide', modes), 'host host host host host');
    assert.equal(await inspected('wide', '{{.HostConfig.SecurityOpt}}'), '[label=disable]');
  });

  it('what a container of the host’s processes leaves running ends with it', ONLY_OWN, async () => {
    await pier.ok('run', '--name', 'left', '--pid', 'host', '--init', 'alpine', 'sh', '-c', 'sleep 98765 & echo $! > /pid; echo started');
    await pier.ok('cp', 'left:/pid', `${pier.daemon.directory}/left-pid`);
    const pid = (await readFile(`${pier.daemon.directory}/left-pid`, 'utf8')).trim();
    await until(() => !existsSync(`/proc/${pid}`));
  });

  it('--cgroupns private shows its own cgroup as the root of all', async () => {
    const lines = (await pier.ok('run', '--rm', '--cgroupns', 'private', 'alpine', 'cat', '/proc/self/cgroup')).split('\n');
    assert.ok(
      lines.every((line) => line.endsWith(':/')),
      lines.join('\n'),
    );
  });

  it('--pid container: sees the other’s processes, and ends with it', async () => {
    const donor = await pier.ok('run', '-d', '--name', 'donor', 'alpine', 'sleep', '1234');
    assert.match(await pier.ok('run', '--rm', '--pid', 'container:donor', 'alpine', 'ps'), /1 root +\S+ sleep 1234\n/);
    await pier.ok('run', '-d', '--name', 'guest', '--pid', `container:${donor.slice(0, 12)}`, 'alpine', 'sleep', '1000');
    assert.equal(await inspected('guest', '{{.HostConfig.PidMode}}'), `container:${donor}`);
    // By id: a new name changes nothing.
    await pier.ok('rename', 'donor', 'giver');
    await pier.ok('restart', '-t', '0', 'guest');
    assert.match(await pier.ok('exec', 'guest', 'ps'), /1 root +\S+ sleep 1234\n/);
    await pier.ok('kill', 'giver');
    assert.equal(await pier.ok('wait', 'guest'), '137');
    await refused(new RegExp(`failed to join PID namespace: container ${donor} is not running`), 'start', 'guest');
    await pier.ok('start', 'giver');
    await pier.ok('start', 'guest');
    await pier.ok('rm', '-f', 'giver');
    await until(async () => (await inspected('guest', '{{.State.Status}}')) === 'exited');
    await refused(new RegExp(`failed to join PID namespace: No such container: ${donor}`), 'start', 'guest');
    assert.equal(await inspected('guest', '{{.State.Error}}'), `failed to join PID namespace: No such container: ${donor}`);
  });

  it('--ipc shareable lends memory to --ipc container:, private does not', async () => {
    const lender = await pier.ok('run', '-d', '--name', 'lender', '--ipc', 'shareable', '--shm-size', '1m', 'alpine', 'sleep', '1000');
    await pier.ok('exec', 'lender', 'sh', '-c', 'echo lent > /dev/shm/note');
    const script = 'cat /dev/shm/note; grep " /dev/shm " /proc/mounts; readlink /proc/self/ns/ipc';
    const output = await pier.ok('run', '--rm', '--ipc', 'container:lender', 'alpine', 'sh', '-c', script);
    const namespace = await pier.ok('exec', 'lender', 'readlink', '/proc/self/ns/ipc');
    assert.match(output, /^lent\nshm \/dev\/shm tmpfs rw,nosuid,nodev,noexec,.*size=1024k/);
    assert.ok(output.endsWith(namespace));
    await pier.ok('run', '-d', '--name', 'private', 'alpine', 'sleep', '1000');
    const unlent = /container [0-9a-f]{64}: non-shareable IPC \(hint: use IpcMode:shareable for the donor container\)/;
    await refused(unlent, 'run', '--rm', '--ipc', 'container:private', 'alpine', 'true');
    await pier.ok('create', '--name', 'borrower', '--ipc', 'container:lender', 'alpine', 'true');
    assert.equal(await inspected('borrower', '{{.HostConfig.IpcMode}}'), `container:${lender}`);
    await pier.ok('stop', '-t', '0', 'lender');
    await refused(new RegExp(`failed to join IPC namespace: container ${lender} is not running`), 'start', 'borrower');
    // Another life of it is another memory.
    await pier.ok('start', 'lender');
    assert.equal(await pier.ok('exec', 'lender', 'ls', '/dev/shm'), '');
  });

  it('--ipc none has no shared memory of files', async () => {
    assert.equal(await pier.ok('run', '--rm', '--ipc', 'none', 'alpine', 'sh', '-c', 'test -e /dev/shm || echo none'), 'none');
    assert.notEqual(await namespaceOf('ipc', '--ipc', 'none'), await readlink('/proc/self/ns/ipc'));
  });

  it('what cannot be is refused in Docker’s words', async () => {
    await refused(/--pid: invalid PID mode/, 'create', '--pid', 'other', 'alpine');
    await refused(/--uts: invalid UTS mode/, 'create', '--uts', 'private', 'alpine');
    await refused(/--userns: invalid USER mode/, 'create', '--userns', 'other', 'alpine');
    await refused(/--cgroupns: invalid CGROUP mode/, 'create', '--cgroupns', 'other', 'alpine');
    await refused(/invalid IPC mode: other/, 'create', '--ipc', 'other', 'alpine');
    await refused(/No such container: nobody/, 'create', '--pid', 'container:nobody', 'alpine');
    await refused(/conflicting options: hostname and the UTS mode/, 'create', '--uts', 'host', '--hostname', 'x', 'alpine');
    await refused(/invalid isolation \(hyperv\): linux only supports 'default'/, 'create', '--isolation', 'hyperv', 'alpine');
    const own = ['--uts', 'host', '--domainname', 'x'];
    await refused(/sysctl "kernel\.domainname" is not in a separate kernel namespace/, 'run', '--rm', ...own, 'alpine', 'true');
    await refused(
      /not allowed in the hosts ipc namespace/,
      'run',
      '--rm',
      '--ipc',
      'host',
      '--sysctl',
      'kernel.msgmax=9',
      'alpine',
      'true',
    );
    await refused(/--storage-opt is supported only for overlay over xfs/, 'create', '--storage-opt', 'size=1G', 'alpine');
  });

  it('what is joined is joined again when the engine comes back', { skip: IS_PEER && 'a peer is not killed' }, async () => {
    await pier.ok('run', '-d', '--name', 'first', '--restart', 'always', '--ipc', 'shareable', 'alpine', 'sleep', '1234');
    const flags = ['--restart', 'always', '--pid', 'container:first', '--ipc', 'container:first'];
    await pier.ok('run', '-d', '--name', 'second', ...flags, 'alpine', 'sleep', '1000');
    const sees = async (): Promise<boolean> => /sleep 1234/.test((await pier.cli('exec', 'second', 'ps')).stdout);
    const pid = Number(await inspected('first', '{{.State.Pid}}'));
    // Both die while no engine looks: the next one starts them, in the order that they need.
    await pier.daemon.kill();
    process.kill(pid, 'SIGKILL');
    await pier.daemon.start();
    await until(sees);
    await pier.ok('exec', 'first', 'touch', '/dev/shm/here');
    assert.equal(await pier.ok('exec', 'second', 'ls', '/dev/shm'), 'here');
  });
});
