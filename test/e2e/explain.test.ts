// `pier explain`: what it tells is compared with what the kernel shows, and it tells of nothing else.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { describe, it } from 'node:test';
import { missingMaterial, useDaemon } from '../harness/fixture.ts';

interface Step {
  readonly kind: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

describe('explain', { skip: missingMaterial() }, () => {
  const pier = useDaemon();

  async function steps(...words: readonly string[]): Promise<readonly Step[]> {
    const lines = (await pier.ok('explain', '--format', 'json', ...words)).split('\n');
    return lines.filter((line) => line.startsWith('{"kind"')).map((line) => JSON.parse(line) as Step);
  }

  it('start tells the mounts, namespaces, limits and processes that the kernel then shows', async () => {
    await pier.ok('create', '--name', 'taught', '--memory', '64m', 'alpine', 'sleep', '1000');
    const found = await steps('start', 'taught');
    const pid = await pier.ok('inspect', '-f', '{{.State.Pid}}', 'taught');
    const kinds = found.map(({ kind }) => kind);
    const order = ['request', 'mount', 'namespace', 'runtime-config', 'spawn', 'release', 'record'].map((kind) => kinds.indexOf(kind));
    assert.ok(
      order.every((index, at) => index > (order[at - 1] ?? -1)),
      kinds.join(' '),
    );
    const mount = found.find(({ kind }) => kind === 'mount');
    const mounts = await readFile('/proc/self/mountinfo', 'utf8');
    assert.ok(mounts.includes(` ${String(mount?.facts['target'])} `));
    const namespace = found.find(({ kind }) => kind === 'namespace')?.facts['path'];
    assert.ok(mounts.includes(` ${String(namespace)} `));
    const spawned = found.find(({ kind }) => kind === 'spawn')?.facts['args'] as readonly string[];
    const monitor = /^PPid:\s*(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
    assert.deepEqual((await readFile(`/proc/${monitor}/cmdline`, 'utf8')).split('\0').slice(1, -1), spawned);
  });

  it('prints it for people, after what the command itself printed, and ends as the command does', async () => {
    const result = await pier.cli('explain', 'run', '--rm', '--memory', '64m', '--cpus', '0.5', 'alpine', 'sh', '-c', 'echo said; exit 7');
    assert.equal(result.exitCode, 7);
    assert.match(result.stdout, /^said\n\nPOST \S+\/containers\/create\n/);
    assert.match(result.stdout, /runtime +clone\(CLONE_NEWPID\)\n +its first process is number 1/);
    assert.match(result.stdout, /(memory\.limit_in_bytes|memory\.max) ← 67108864\n/);
    assert.match(result.stdout, /(cpu\.cfs_quota_us ← 50000|cpu\.max ← 50000 100000)\n/);
    assert.match(result.stdout, /runtime +execve\(sh -c echo said; exit 7\) in \//);
    // The end is noticed by the engine, not asked for by a request.
    assert.match(result.stdout, /SQLite: container \w+ is exited \(.*\n[^]*rmdir\([^]*SQLite: container \w+ is removed\n/);
    assert.doesNotMatch(result.stdout, /[0-9a-f]{64}/);
  });

  it('has the runtime work after it is started, and the command after it is let go', async () => {
    const told = await pier.ok('explain', 'run', '--rm', 'alpine', 'true');
    const at = ['/config.json\n', 'posix_spawn(conmon ', 'clone(CLONE_NEWPID)', 'pivot_root(', 'a byte into ', 'execve(true)'].map((text) =>
      told.indexOf(text),
    );
    assert.ok(
      at.every((index, nth) => index > (at[nth - 1] ?? 0)),
      told,
    );
  });

  it('tells of the end that a stop brings about, and in whose eyes files are copied', async () => {
    await pier.ok('run', '-d', '--name', 'ending', '--init', 'alpine', 'sleep', '1000');
    const pid = await pier.ok('inspect', '-f', '{{.State.Pid}}', 'ending');
    const copied = await pier.ok('explain', 'cp', import.meta.filename, 'ending:/tmp');
    assert.ok(copied.includes(`unpack a tar into /tmp, as process ${pid} sees it\n`), copied);
    const told = await pier.ok('explain', 'stop', 'ending');
    assert.match(told, /pidfd_send_signal\(\d+, 15\)\n[^]*SQLite: container ending is exited \([^]*rmdir\([^]*umount2\(/);
    await pier.ok('rm', 'ending');
  });

  it('tells of nothing that others do meanwhile', async () => {
    const [found] = await Promise.all([
      steps('run', '--rm', '--name', 'mine', 'alpine', 'sleep', '0.3'),
      pier.ok('run', '--rm', '--name', 'other', 'alpine', 'sleep', '0.2'),
    ]);
    const names = new Set(found.filter(({ kind }) => kind === 'record').map(({ facts }) => facts['name']));
    assert.deepEqual([...names], ['mine']);
  });

  it('a question asks nothing of the kernel', async () => {
    assert.match(await pier.ok('explain', 'ps'), /\nThe engine asked nothing of the kernel: it answered from what it knows\.$/);
    assert.match(
      await pier.ok('explain', 'tag', 'alpine', 'taught:again'),
      /\nThe engine asked nothing of the kernel: what changed are its/,
    );
  });

  it('refuses what is no command, and a failing command fails as ever', async () => {
    const none = await pier.cli('explain', 'dance');
    assert.equal(none.exitCode, 125);
    assert.match(none.stderr, /^pier: 'dance' is no command that can be run here\n/);
    const missing = await pier.cli('explain', 'start', 'nobody');
    assert.equal(missing.exitCode, 1);
    assert.match(missing.stderr, /No such container: nobody/);
  });
});
