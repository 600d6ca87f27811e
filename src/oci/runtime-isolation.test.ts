import { strict as assert } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  Cgroups,
  SeccompCompiler,
  createNetworkNamespace,
  dropNetworkNamespace,
  freeUnifiedControllers,
  ownCapabilities,
} from '../linux/index.ts';
import { buildRuntimeSpec } from './build-runtime-spec.ts';
import { NO_LIMITS } from './resource-limits.ts';
import type { RuntimeSpecInput } from './build-runtime-spec.ts';
import { resolveCapabilities } from './default-capabilities.ts';
import { readHostDevices, readHostFacts } from './host-facts.ts';
import { SeccompFilters } from './seccomp-filters.ts';

const BUSYBOX = '/bin/busybox';
const APPLETS = ['sh', 'grep', 'cat', 'mount', 'unshare', 'touch', 'id', 'ls', 'sed', 'hostname', 'tail'];
const isRoot = process.getuid?.() === 0;

for (const runtime of ['/usr/bin/crun', '/usr/bin/runc'].filter((path) => existsSync(path))) {
  describe(
    `${basename(runtime)} with the built config.json`,
    { skip: (!isRoot && 'needs root') || (!existsSync(BUSYBOX) && 'needs a static busybox') },
    () => {
      const cgroups = new Cgroups();
      const cgroupParent = `/pier-test-${process.pid}-${basename(runtime)}`;
      let dir = '';
      let filters: SeccompFilters;
      let count = 0;
      before(() => {
        dir = mkdtempSync(join(tmpdir(), 'pier-isolation-'));
        const rootfs = join(dir, 'rootfs');
        for (const name of ['bin', 'proc', 'dev', 'sys', 'etc']) mkdirSync(join(rootfs, name), { recursive: true });
        copyFileSync(BUSYBOX, join(rootfs, 'bin/busybox'));
        for (const name of APPLETS) symlinkSync('busybox', join(rootfs, 'bin', name));
        writeFileSync(join(dir, 'hosts'), '127.0.0.1 localhost\n');
        createNetworkNamespace(join(dir, 'netns'), () => undefined);
        freeUnifiedControllers();
        filters = new SeccompFilters(new SeccompCompiler({ cacheDir: join(dir, 'cache') }));
      });
      after(async () => {
        dropNetworkNamespace(join(dir, 'netns'));
        await cgroups.remove(cgroupParent);
        rmSync(dir, { recursive: true });
      });

      /** Runs a shell script in a container; its output, errors included. */
      const run = (script: string, change: Partial<RuntimeSpecInput> = {}): string => {
        const isPrivileged = change.isPrivileged ?? false;
        const { capabilities } = resolveCapabilities({ capAdd: [], capDrop: [], isPrivileged, available: ownCapabilities() });
        const bpf = runtime.endsWith('crun') ? filters.program(filters.filter(capabilities)) : undefined;
        const id = `pier-test-${process.pid}-${++count}`;
        const spec = buildRuntimeSpec({
          argv: ['/bin/sh', '-c', `exec 2>&1; ${script}`],
          env: ['PATH=/bin'],
          user: { uid: 0, gid: 0, additionalGids: [0, 5] },
          cwd: '/',
          tty: false,
          consoleSize: undefined,
          hostname: 'web',
          domainname: 'example.org',
          rootfsPath: join(dir, 'rootfs'),
          isRootfsReadOnly: true,
          netnsPath: join(dir, 'netns'),
          isPrivileged: false,
          capabilities,
          noNewPrivileges: false,
          seccomp: bpf === undefined ? filters.filter(capabilities) : undefined,
          seccompBpf: bpf,
          cgroupsPath: join(cgroupParent, id),
          cgroupVersion: cgroups.version,
          resources: NO_LIMITS,
          devices: [],
          deviceRules: [],
          sysctls: {},
          hasSwapAccounting: cgroups.hasSwapAccounting,
          binds: [],
          tmpfs: {},
          engineFiles: { '/etc/hosts': join(dir, 'hosts') },
          initPath: undefined,
          shm: { sizeBytes: 1 << 20 },
          hasWritableCgroups: false,
          leavesCgroupFolderOpen: false,
          namespaces: { pid: 'own', ipc: 'own', uts: 'own', cgroup: 'host' },
          maskedPaths: undefined,
          readonlyPaths: undefined,
          appArmorProfile: '',
          hostDevices: isPrivileged ? readHostDevices() : [],
          rlimits: [],
          oomScoreAdj: 0,
          annotations: {},
          ...readHostFacts(),
          ...change,
        });
        const bundle = join(dir, id);
        mkdirSync(bundle);
        writeFileSync(join(bundle, 'config.json'), JSON.stringify(spec));
        const result = spawnSync(runtime, ['--root', join(dir, 'state'), 'run', '--bundle', bundle, id], { encoding: 'utf8' });
        assert.equal(result.stderr.replaceAll(/^.*(deprecated|warning).*$/gim, '').trim(), '');
        return result.stdout;
      };

      test('filters system calls', () => {
        assert.match(run('grep Seccomp: /proc/self/status'), /Seccomp:\t2/);
        // Without the filter root may do this wherever the machine allows user namespaces.
        assert.match(run('unshare -U true'), /unshare.*Operation not permitted/);
        assert.doesNotMatch(run('unshare -U true', { seccomp: undefined, seccompBpf: undefined }), /not permitted/);
      });

      test('gives the default capabilities and the user', () => {
        const status = run('grep -E "^Cap(Eff|Bnd|Inh|Amb)|^Groups|^NoNew" /proc/self/status', { noNewPrivileges: true });
        assert.match(status, /CapEff:\t00000000a80425fb\n/);
        assert.match(status, /CapBnd:\t00000000a80425fb\n/);
        assert.match(status, /CapInh:\t0000000000000000\n/);
        assert.match(status, /NoNewPrivs:\t1/);
        assert.match(status, /Groups:\t0 5 /);
      });

      test('shows a read-only root, its own files and what it was given', () => {
        const binds = [{ source: dir, target: '/given/deep', isReadOnly: true, propagation: 'rprivate' as const }];
        const output = run('touch /x; touch /given/deep/x; touch /etc/hosts; touch /t/x && ls /t; cat /etc/hosts', {
          binds,
          tmpfs: { '/t': 'size=64k' },
        });
        assert.match(
          output,
          /\/x: Read-only file system\n.*\/given\/deep\/x: Read-only file system\n.*\/etc\/hosts: Read-only file system\nx\n127\.0\.0\.1 localhost\n/,
        );
      });

      test('hides and guards the kernel’s interfaces', () => {
        const output = run(
          'cat /proc/timer_list | grep -c .; ls /proc/acpi /sys/firmware | grep -vc :; touch /proc/sys/kernel/x; touch /sys/x',
        );
        assert.match(output, /^0\n/);
        assert.match(output, /\/proc\/sys\/kernel\/x: (Read-only file system|No such file or directory|Permission denied)/);
        assert.match(output, /\/sys\/x: (Read-only file system|Permission denied)/);
      });

      test('sets names and network defaults', () => {
        const files = '/proc/sys/kernel/domainname /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/net/ipv4/ping_group_range';
        assert.equal(run(`hostname; cat ${files}`), 'web\nexample.org\n0\n0\t2147483647\n');
      });

      test('limits memory, processors and processes', { skip: cgroups.version === 2 && 'reads the files of version 1' }, () => {
        const resources = { ...NO_LIMITS, memoryBytes: 64 << 20, memorySwapBytes: 0, nanoCpus: 1.5e9, pidsLimit: 50 };
        const files = 'memory/memory.limit_in_bytes cpu/cpu.cfs_quota_us pids/pids.max';
        assert.equal(run(`cd /sys/fs/cgroup; cat ${files}`, { resources }), '67108864\n150000\n50\n');
      });

      test('lets devices be used as Docker does', { skip: cgroups.version === 2 && 'reads the files of version 1' }, () => {
        const list = run('cat /sys/fs/cgroup/devices/devices.list').trim().split('\n');
        const expected = [
          'b *:* m',
          'c *:* m',
          'c 136:* rwm',
          'c 1:3 rwm',
          'c 1:5 rwm',
          'c 1:7 rwm',
          'c 1:8 rwm',
          'c 1:9 rwm',
          'c 5:0 rwm',
          'c 5:1 rwm',
          'c 5:2 rwm',
        ];
        // runc before 1.2 opens /dev/net/tun on its own.
        assert.deepEqual(list.filter((rule) => rule !== 'c 10:200 rwm').toSorted(), expected);
      });

      test('takes the fences away from a privileged container', () => {
        const output = run('grep -E "Seccomp:|CapEff" /proc/self/status; grep -E " (/sys|/proc/sys) " /proc/mounts; ls -l /dev/kmsg', {
          isPrivileged: true,
          seccomp: undefined,
          seccompBpf: undefined,
          isRootfsReadOnly: false,
        });
        assert.match(output, /Seccomp:\t0/);
        assert.match(output, / \/sys sysfs rw,/);
        assert.doesNotMatch(output, / \/proc\/sys /);
        assert.match(output, /^c.*1, +11 .*\/dev\/kmsg$/m);
        assert.match(output, new RegExp(`CapEff:\t${ownMask()}`));
      });
    },
  );
}

function ownMask(): string {
  return /CapBnd:\s*([0-9a-f]+)/.exec(spawnSync('cat', ['/proc/self/status'], { encoding: 'utf8' }).stdout)?.[1] ?? '';
}
