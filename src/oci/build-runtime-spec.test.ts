import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { buildRuntimeSpec } from './build-runtime-spec.ts';
import { NO_LIMITS } from './resource-limits.ts';
import type { RuntimeSpecInput } from './build-runtime-spec.ts';
import { DEFAULT_CAPABILITIES } from './default-capabilities.ts';

const PLAIN: RuntimeSpecInput = {
  argv: ['sleep', '100'],
  env: [],
  user: { uid: 0, gid: 0 },
  cwd: '/',
  tty: false,
  consoleSize: undefined,
  hostname: 'web',
  domainname: '',
  rootfsPath: '/bundle/rootfs',
  isRootfsReadOnly: false,
  netnsPath: '/run/netns/web',
  isPrivileged: false,
  capabilities: DEFAULT_CAPABILITIES.toSorted(),
  noNewPrivileges: false,
  seccomp: undefined,
  seccompBpf: undefined,
  cgroupsPath: '/pier/web',
  cgroupVersion: 1,
  resources: NO_LIMITS,
  devices: [],
  deviceRules: [],
  sysctls: {},
  hasSwapAccounting: true,
  binds: [],
  tmpfs: {},
  engineFiles: {
    '/etc/resolv.conf': '/engine/etc/resolv.conf',
    '/etc/hostname': '/engine/etc/hostname',
    '/etc/hosts': '/engine/etc/hosts',
  },
  initPath: undefined,
  hasRecursiveReadOnly: true,
  shm: { sizeBytes: 64 * 1024 * 1024 },
  hasWritableCgroups: false,
  leavesCgroupFolderOpen: false,
  namespaces: { pid: 'own', ipc: 'own', uts: 'own', cgroup: 'host' },
  maskedPaths: undefined,
  readonlyPaths: undefined,
  appArmorProfile: '',
  hostDevices: [],
  extraMaskedPaths: [],
  rlimits: [],
  oomScoreAdj: 0,
  annotations: {},
};

interface Comparable {
  root?: { path?: string };
  ociVersion?: string;
  process: { oomScoreAdj?: number; capabilities?: { bounding?: string[] } };
  linux: { cgroupsPath?: string; devices?: unknown; namespaces: { type: string; path?: string }[]; resources: { devices: unknown[] } };
}

/** A config.json as the golden files have it: without paths of one machine, and in a fixed order where order says nothing. */
function comparable(input: RuntimeSpecInput): Comparable {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a deep copy to take apart
  const spec = JSON.parse(JSON.stringify(buildRuntimeSpec(input))) as Comparable;
  delete spec.ociVersion;
  delete spec.root?.path;
  delete spec.process.oomScoreAdj;
  delete spec.linux.cgroupsPath;
  delete spec.linux.devices;
  spec.linux.namespaces = spec.linux.namespaces.map(({ type }) => ({ type })).toSorted((a, b) => a.type.localeCompare(b.type));
  spec.linux.resources.devices.sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  return spec;
}

/** Recorded from dockerd 28.5 with runc on cgroup version 1: `docker run --network none [--privileged] alpine sleep 100`. */
function golden(name: string): Comparable {
  const text = readFileSync(new URL(`testdata/docker-28.5-${name}.json`, import.meta.url), 'utf8');
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a file of ours
  const spec = JSON.parse(text) as Comparable;
  spec.linux.resources.devices.sort((a, b) => JSON.stringify(a, keys(a)).localeCompare(JSON.stringify(b, keys(b))));
  return spec;
}

function keys(rule: unknown): string[] {
  return ['allow', 'type', 'major', 'minor', 'access'].filter((key) => typeof rule === 'object' && rule !== null && key in rule);
}

test('buildRuntimeSpec() isolates as dockerd does', () => {
  assert.deepEqual(comparable(PLAIN), golden('plain'));
});

test('buildRuntimeSpec() makes a privileged container as dockerd does', () => {
  const expected = golden('privileged');
  const capabilities = expected.process.capabilities?.bounding ?? [];
  assert.deepEqual(comparable({ ...PLAIN, isPrivileged: true, capabilities }), expected);
  const device = { path: '/dev/kvm', type: 'c', major: 10, minor: 232, fileMode: 0o600, uid: 0, gid: 0 } as const;
  assert.deepEqual(buildRuntimeSpec({ ...PLAIN, isPrivileged: true, hostDevices: [device] }).linux.devices, [device]);
});

function hasCgroup(input: RuntimeSpecInput): boolean {
  return buildRuntimeSpec(input).linux.namespaces.some(({ type }) => type === 'cgroup');
}

test('buildRuntimeSpec() gives a cgroup namespace where it is asked for', () => {
  assert.equal(hasCgroup(PLAIN), false);
  assert.equal(hasCgroup({ ...PLAIN, namespaces: { ...PLAIN.namespaces, cgroup: 'own' } }), true);
});

test('buildRuntimeSpec() leaves the network of the host alone', () => {
  const { linux } = buildRuntimeSpec({ ...PLAIN, netnsPath: 'host' });
  assert.equal(
    linux.namespaces.some(({ type }) => type === 'network'),
    false,
  );
  assert.equal(linux.sysctl, undefined);
});

test('buildRuntimeSpec() orders mounts by depth, lets them replace its own and puts its files last', () => {
  const { mounts } = buildRuntimeSpec({
    ...PLAIN,
    initPath: '/usr/bin/tini-static',
    tmpfs: { '/run/': 'size=64m,exec' },
    binds: ['/a/b', '/dev/shm', '/c', '/etc/hosts'].map((target) => ({
      source: '/src',
      target,
      isReadOnly: target === '/c',
      propagation: 'rprivate',
    })),
  });
  assert.deepEqual(
    mounts.map(({ destination }) => destination),
    [
      '/proc',
      '/dev',
      '/dev/pts',
      '/sys',
      '/sys/fs/cgroup',
      '/dev/mqueue',
      '/c',
      '/run',
      '/a/b',
      '/dev/shm',
      '/etc/hosts',
      '/sbin/docker-init',
      '/etc/resolv.conf',
      '/etc/hostname',
    ],
  );
  assert.deepEqual(mounts.find(({ destination }) => destination === '/c')?.options, ['rbind', 'rro', 'rprivate']);
  assert.deepEqual(mounts.find(({ destination }) => destination === '/dev/shm')?.options, ['rbind', 'rprivate']);
});

test('buildRuntimeSpec() mounts nothing of its own below a /dev of the user', () => {
  const { mounts } = buildRuntimeSpec({
    ...PLAIN,
    binds: [{ source: '/dev', target: '/dev', isReadOnly: false, propagation: 'rslave' }],
  });
  assert.deepEqual(
    mounts.map(({ destination }) => destination).filter((path) => path.startsWith('/dev')),
    ['/dev'],
  );
});

// crun opens the target of a recursive read-only bind as a directory and fails on a file.
test('buildRuntimeSpec() makes files read-only without recursion', () => {
  const { root, mounts } = buildRuntimeSpec({
    ...PLAIN,
    isRootfsReadOnly: true,
    binds: [{ source: '/etc/hosts', target: '/h', isReadOnly: true, propagation: 'rprivate', isFile: true }],
  });
  assert.equal(root.readonly, true);
  const files = mounts.filter(({ destination }) => destination === '/h' || destination.startsWith('/etc/'));
  assert.equal(files.length, 4);
  for (const { options } of files) assert.deepEqual(options, ['rbind', 'ro', 'rprivate']);
});

test('buildRuntimeSpec() opens the root to events when a bind wants them', () => {
  const withPropagation = (propagation: 'rshared' | 'rslave'): string | undefined =>
    buildRuntimeSpec({ ...PLAIN, binds: [{ source: '/s', target: '/t', isReadOnly: false, propagation }] }).linux.rootfsPropagation;
  assert.equal(withPropagation('rshared'), 'shared');
  assert.equal(withPropagation('rslave'), 'rslave');
  assert.equal(buildRuntimeSpec(PLAIN).linux.rootfsPropagation, undefined);
});

test('buildRuntimeSpec() turns limits into what the kernel counts', () => {
  const limits = { ...NO_LIMITS, memoryBytes: 64 << 20, memorySwapBytes: 0, nanoCpus: 1.5e9, pidsLimit: 50 };
  const { resources } = buildRuntimeSpec({ ...PLAIN, resources: limits }).linux;
  assert.deepEqual(resources.memory, { limit: 64 << 20, swap: 128 << 20 });
  assert.deepEqual(resources.cpu, { period: 100_000, quota: 150_000 });
  assert.deepEqual(resources.pids, { limit: 50 });
  const memory = (input: Partial<RuntimeSpecInput>): unknown => buildRuntimeSpec({ ...PLAIN, ...input }).linux.resources.memory;
  assert.deepEqual(memory({ resources: limits, hasSwapAccounting: false }), { limit: 64 << 20 });
  assert.deepEqual(memory({ resources: { ...limits, memorySwapBytes: -1 } }), { limit: 64 << 20, swap: -1 });
  assert.deepEqual(memory({ resources: { ...limits, memorySwapBytes: 100 << 20 } }), { limit: 64 << 20, swap: 100 << 20 });
});

test('buildRuntimeSpec() puts init before the command and the terminal into the process', () => {
  const { process, linux, annotations } = buildRuntimeSpec({
    ...PLAIN,
    initPath: '/usr/bin/tini-static',
    tty: true,
    consoleSize: { height: 24, width: 80 },
    domainname: 'example.org',
    noNewPrivileges: true,
    seccompBpf: 'AA==',
  });
  assert.deepEqual(process.args, ['/sbin/docker-init', '--', 'sleep', '100']);
  assert.equal(process.terminal, true);
  assert.deepEqual(process.consoleSize, { height: 24, width: 80 });
  assert.equal(process.noNewPrivileges, true);
  assert.equal(linux.sysctl?.['kernel.domainname'], 'example.org');
  assert.deepEqual(annotations, { 'run.oci.seccomp_bpf_data': 'AA==' });
});
