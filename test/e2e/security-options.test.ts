// What `--security-opt` changes of a container's bounds, looked at from inside.
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { it } from 'node:test';
import { describeWithClients } from '../harness/fixture.ts';

/** EACCES, to be told from what the usual filter gives. */
const EACCES = 13;

describeWithClients('security options', (pier) => {
  const run = async (...args: string[]): Promise<string> => await pier.ok('run', '--rm', ...args);
  const profile = async (content: unknown): Promise<string> => {
    const path = join(pier.daemon.directory, 'profile.json');
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return `seccomp=${path}`;
  };

  it('a profile of one’s own is the filter, with errno, arguments and conditions', async () => {
    const option = await profile({
      defaultAction: 'SCMP_ACT_ALLOW',
      archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] }],
      syscalls: [
        { names: ['mkdir', 'mkdirat', 'no_such_call'], action: 'SCMP_ACT_ERRNO', errnoRet: EACCES },
        // SIGUSR1 alone.
        { name: 'kill', action: 'SCMP_ACT_ERRNO', args: [{ index: 1, value: 10, op: 'SCMP_CMP_EQ' }] },
        { names: ['symlink', 'symlinkat'], action: 'SCMP_ACT_ERRNO', includes: { caps: ['CAP_SYS_ADMIN'] } },
        { names: ['chmod', 'fchmodat'], action: 'SCMP_ACT_ERRNO', excludes: { minKernel: '3.0' } },
        { names: ['rmdir', 'unlinkat'], action: 'SCMP_ACT_ERRNO', includes: { arches: ['s390x'] } },
      ],
    });
    const script =
      'mkdir /a; mkdir -p /tmp; kill -USR1 1; kill -URG 1 && echo urged; ln -s x /link && echo linked; chmod 1 /etc/passwd && echo changed; unshare -U true && echo unshared';
    const result = await pier.cli('run', '--rm', '--security-opt', option, 'alpine', 'sh', '-c', script);
    assert.equal(result.stdout, 'urged\nlinked\nchanged\nunshared\n');
    assert.match(result.stderr, /mkdir: can't create directory '\/a': Permission denied/);
    assert.match(result.stderr, /kill: can't kill pid 1: Operation not permitted|sh: can't kill pid 1: Operation not permitted/);
    const rights = ['--cap-add', 'SYS_ADMIN', '--security-opt', option];
    const wide = await pier.cli('run', '--rm', ...rights, 'alpine', 'ln', '-s', 'x', '/link');
    assert.match(wide.stderr, /Operation not permitted/);
    const exec = await pier.ok('run', '-d', '--privileged', '--security-opt', option, 'alpine', 'sleep', '1000');
    const inside = await pier.cli('exec', exec, 'mkdir', '/b');
    assert.match(inside.stderr, /Permission denied/);
  });

  it('a profile that forbids all but a few calls answers new ones as unknown', async () => {
    const status = await run('--security-opt', await profile({}), 'alpine', 'grep', 'Seccomp:', '/proc/self/status');
    assert.equal(status, 'Seccomp:\t0');
    const option = await profile({ defaultAction: 'SCMP_ACT_KILL_PROCESS', syscalls: [{ names: ['read'], action: 'SCMP_ACT_ALLOW' }] });
    const result = await pier.cli('run', '--rm', '--security-opt', option, 'alpine', 'true');
    assert.notEqual(result.exitCode, 0);
  });

  it('a bad profile is refused in Docker’s words', async () => {
    const cases: readonly (readonly [unknown, RegExp])[] = [
      [{ defaultAction: 1 }, /Decoding seccomp profile failed: json: cannot unmarshal number into Go struct field Seccomp\.defaultAction/],
      [{ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: [1] }] }, /number into Seccomp\.syscalls\.0\.names\.0 of type string/],
      [
        { defaultAction: 'SCMP_ACT_FOO' },
        /OCI runtime create failed: runc create failed: string SCMP_ACT_FOO is not a valid action for seccomp/,
      ],
      [{ defaultAction: 'SCMP_ACT_ALLOW', architectures: ['x'] }, /string x is not a valid arch for seccomp/],
      [
        { defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ name: 'a', names: ['b'] }] },
        /both 'name' and 'names' are specified in the seccomp profile, use either 'name' or 'names'/,
      ],
      [{ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ includes: { minKernel: '4' } }] }, /invalid kernel version: "4", expected/],
    ];
    for (const [content, text] of cases) {
      const result = await pier.cli('run', '--rm', '--security-opt', await profile(content), 'alpine', 'true');
      assert.equal(result.exitCode, 125);
      assert.match(result.stderr, text);
    }
    const missing = await pier.cli('run', '--rm', '--security-opt', 'seccomp=/no/such', 'alpine', 'true');
    assert.match(missing.stderr, /opening seccomp profile \(\/no\/such\) failed/);
    const broken = await pier.cli('run', '--rm', '--security-opt', await profile('{'), 'alpine', 'true');
    assert.match(broken.stderr, /compacting json for seccomp profile \(.*\) failed/);
  });

  it('systempaths=unconfined opens what is masked and read-only; the API takes other lists', async () => {
    const script =
      'grep -c " /proc/\\(sys\\|keys\\) " /proc/mounts; echo 5 > /proc/sys/net/core/somaxconn && cat /proc/sys/net/core/somaxconn';
    assert.equal(await run('--security-opt', 'systempaths=unconfined', 'alpine', 'sh', '-c', script), '0\n5');
    const lists = { MaskedPaths: ['/etc/passwd', '/home', '/no/such'], ReadonlyPaths: ['/opt'] };
    const body = {
      Image: 'alpine',
      Cmd: ['sh', '-c', 'cat /etc/passwd; ls -A /home; touch /opt/x; echo $?; head -c 1 /proc/keys | wc -c'],
      HostConfig: lists,
    };
    const { Id } = await pier.daemon.json<{ Id: string }>('POST', '/containers/create', { json: body, status: 201 });
    const result = await pier.cli('start', '-a', Id);
    assert.equal(result.stdout, '1\n1\n');
    assert.match(result.stderr, /touch: \/opt\/x: Read-only file system/);
    assert.equal(await pier.ok('inspect', '--format', '{{json .HostConfig.MaskedPaths}}', Id), JSON.stringify(lists.MaskedPaths));
  });

  it('nobody can write to the cgroups, unless writable-cgroups says so', async () => {
    const script = 'touch /sys/fs/cgroup/x; for d in /sys/fs/cgroup /sys/fs/cgroup/memory; do mkdir $d/sub && echo made; done; true';
    const closed = await pier.cli('run', '--rm', '--user', '1000', 'alpine', 'sh', '-c', script);
    assert.equal(closed.stdout, '');
    const open = await run('--security-opt', 'writable-cgroups=true', 'alpine', 'sh', '-c', `(${script}) 2> /dev/null`);
    assert.match(open, /^made/);
  });

  it('options are shown as they were written, and unknown ones refused', async () => {
    const options = ['no-new-privileges:true', 'seccomp=builtin', 'label:disable', 'apparmor=unconfined'];
    await pier.ok('create', '--name', 'shown', ...options.flatMap((option) => ['--security-opt', option]), '--privileged', 'alpine');
    const shown = await pier.ok('inspect', '--format', '{{json .HostConfig.SecurityOpt}} {{.AppArmorProfile}}', 'shown');
    assert.equal(shown, `${JSON.stringify([...options, 'label=disable'])} unconfined`);
    const unknown = await pier.cli('create', '--security-opt', 'other=1', 'alpine');
    assert.match(unknown.stderr, /invalid --security-opt 2: "other=1"/);
    const bare = await pier.cli('create', '--security-opt', 'other', 'alpine');
    assert.match(bare.stderr, /Invalid --security-opt: "other"/);
    const bool = await pier.cli('create', '--security-opt', 'no-new-privileges=yes', 'alpine');
    assert.match(bool.stderr, /invalid --security-opt 2: "no-new-privileges=yes"/);
  });
});
