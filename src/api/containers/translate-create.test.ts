import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { HOST_PLATFORM } from '../../base/platform.ts';
import { parse } from 'yaml';
import { CREATE_KINDS, HOST_CONFIG_KINDS } from './create-kinds.ts';
import { NO_LIMITS } from '../backend.ts';
import { translateCreate } from './translate-create.ts';

const CGROUP_FEATURES = {
  memory: true,
  swap: true,
  memoryReservation: true,
  memorySwappiness: true,
  oomKillDisable: true,
  pids: true,
  cpuShares: true,
  cpuQuota: true,
  cpuRealtime: false,
  cpusetCpus: '0-3',
  cpusetMems: '0',
  blkioWeight: false,
  blkioWeightDevice: false,
  blkioThrottle: true,
};
const FACTS = { cgroupVersion: 2, cpuCount: 4, platform: HOST_PLATFORM, cgroupFeatures: CGROUP_FEATURES } as const;

// As Docker's CLI 28.5 sends `docker run --rm alpine true`, all fields spelled out.
const CLI_BODY = {
  Hostname: '',
  Domainname: '',
  User: '',
  AttachStdin: false,
  AttachStdout: true,
  AttachStderr: true,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: null,
  Cmd: ['true'],
  Image: 'alpine',
  Volumes: {},
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
  Labels: {},
  HostConfig: {
    Binds: null,
    ContainerIDFile: '/tmp/cid',
    LogConfig: { Type: '', Config: {} },
    NetworkMode: 'default',
    PortBindings: {},
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    AutoRemove: true,
    VolumeDriver: '',
    VolumesFrom: null,
    ConsoleSize: [0, 0],
    CapAdd: null,
    CapDrop: null,
    CgroupnsMode: '',
    Dns: [],
    DnsOptions: [],
    DnsSearch: [],
    ExtraHosts: null,
    GroupAdd: null,
    IpcMode: '',
    Cgroup: '',
    Links: null,
    OomScoreAdj: 0,
    PidMode: '',
    Privileged: false,
    PublishAllPorts: false,
    ReadonlyRootfs: false,
    SecurityOpt: null,
    UTSMode: '',
    UsernsMode: '',
    ShmSize: 0,
    Isolation: '',
    CpuShares: 0,
    Memory: 0,
    NanoCpus: 0,
    CgroupParent: '',
    BlkioWeight: 0,
    BlkioWeightDevice: [],
    BlkioDeviceReadBps: [],
    BlkioDeviceWriteBps: [],
    BlkioDeviceReadIOps: [],
    BlkioDeviceWriteIOps: [],
    CpuPeriod: 0,
    CpuQuota: 0,
    CpuRealtimePeriod: 0,
    CpuRealtimeRuntime: 0,
    CpusetCpus: '',
    CpusetMems: '',
    Devices: [],
    DeviceCgroupRules: null,
    DeviceRequests: null,
    MemoryReservation: 0,
    MemorySwap: 0,
    MemorySwappiness: -1,
    OomKillDisable: false,
    PidsLimit: 0,
    Ulimits: [],
    CpuCount: 0,
    CpuPercent: 0,
    IOMaximumIOps: 0,
    IOMaximumBandwidth: 0,
    MaskedPaths: null,
    ReadonlyPaths: null,
  },
  NetworkingConfig: { EndpointsConfig: { default: { IPAMConfig: null, Links: null, Aliases: null, MacAddress: '', DriverOpts: null } } },
};

function withHost(fields: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return { Image: 'alpine', HostConfig: fields };
}

test("translateCreate() takes what Docker's CLI sends for nothing special", () => {
  const spec = translateCreate(CLI_BODY, FACTS);
  assert.equal(spec.image, 'alpine');
  assert.deepEqual(spec.command, ['true']);
  assert.equal(spec.entrypoint, undefined);
  assert.equal(spec.networkMode, 'bridge');
  assert.equal(spec.autoRemove, true);
  assert.equal(spec.shmSizeBytes, 64 * 1024 * 1024);
  assert.equal(spec.consoleSize, undefined);
  assert.deepEqual(spec.resources, NO_LIMITS);
});

test('translateCreate() honours what a container can have', () => {
  const spec = translateCreate(
    {
      Image: 'alpine',
      Hostname: 'h',
      User: '1:2',
      Tty: true,
      OpenStdin: true,
      Env: ['A=b', 'C'],
      Cmd: 'ls',
      Entrypoint: [''],
      WorkingDir: '/w/../x/',
      Labels: { a: 'b' },
      StopSignal: 'SIGINT',
      StopTimeout: 3,
      HostConfig: {
        Binds: ['/a/:/b/', '/c:/d:ro,rslave', '/e:/f:z'],
        Tmpfs: { '/t': 'size=1m' },
        NetworkMode: 'none',
        RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 },
        Memory: 64_000_000,
        MemorySwap: -1,
        NanoCpus: 1_500_000_000,
        PidsLimit: 9,
        SecurityOpt: ['no-new-privileges', 'seccomp=unconfined', 'label:disable'],
        CapAdd: ['NET_ADMIN'],
        Init: true,
        ReadonlyRootfs: true,
        Privileged: true,
        Runtime: 'runc',
        ShmSize: 1024,
        ConsoleSize: [24, 80],
        CgroupnsMode: 'private',
      },
    },
    FACTS,
  );
  assert.deepEqual(
    spec.binds.map(({ source, target, isReadOnly, propagation, mode }) => [source, target, isReadOnly, propagation, mode]),
    [
      ['/a', '/b', false, 'rprivate', ''],
      ['/c', '/d', true, 'rslave', 'ro,rslave'],
      ['/e', '/f', false, 'rprivate', 'z'],
    ],
  );
  assert.deepEqual(spec.command, ['ls']);
  assert.deepEqual(spec.entrypoint, []);
  assert.equal(spec.workingDir, '/x');
  assert.deepEqual(spec.env, ['A=b', 'C']);
  assert.deepEqual(spec.restartPolicy, { name: 'on-failure', maximumRetryCount: 2 });
  assert.deepEqual(spec.resources, { ...NO_LIMITS, memoryBytes: 64_000_000, memorySwapBytes: -1, nanoCpus: 1_500_000_000, pidsLimit: 9 });
  assert.equal(spec.noNewPrivileges, true);
  assert.equal(spec.seccomp, 'unconfined');
  assert.deepEqual(spec.consoleSize, { height: 24, width: 80 });
  assert.deepEqual(
    [spec.hostname, spec.user, spec.tty, spec.openStdin, spec.stopSignal, spec.stopTimeoutSec, spec.networkMode, spec.runtime],
    ['h', '1:2', true, true, 'SIGINT', 3, 'none', 'runc'],
  );
  assert.deepEqual([spec.init, spec.isRootfsReadOnly, spec.isPrivileged, spec.shmSizeBytes], [true, true, true, 1024]);
  assert.deepEqual([spec.capAdd, spec.tmpfs, spec.labels], [['NET_ADMIN'], { '/t': 'size=1m' }, { a: 'b' }]);
});

test('translateCreate() refuses every field that it does not honour, by name', () => {
  const host: Readonly<Record<string, unknown>> = {
    CpuCount: 1,
    CpuPercent: 1,
    Dns: ['1.1.1.1'],
    DnsOptions: ['x'],
    DnsSearch: ['x'],
    ExtraHosts: ['a:1.2.3.4'],
    Links: ['a'],
    Mounts: [{ Type: 'bind' }],
    PortBindings: { '80/tcp': [{ HostPort: '80' }] },
    PublishAllPorts: true,
    VolumeDriver: 'x',
    VolumesFrom: ['x'],
  };
  for (const [name, value] of Object.entries(host)) {
    assert.throws(
      () => translateCreate(withHost({ [name]: value }), FACTS),
      (error: Error & { code?: string }) => error.code === 'NotImplemented' && error.message.includes(`HostConfig.${name}`),
      name,
    );
  }
  const config: Readonly<Record<string, unknown>> = {
    ArgsEscaped: true,
    ExposedPorts: { '80/tcp': {} },
    MacAddress: '02:42:ac:11:00:02',
    NetworkDisabled: true,
    OnBuild: ['RUN x'],
    Volumes: { '/x': {} },
  };
  for (const [name, value] of Object.entries(config)) {
    assert.throws(() => translateCreate({ Image: 'alpine', [name]: value }, FACTS), {
      code: 'NotImplemented',
      message: `${name} is not supported by pier yet`,
    });
  }
});

test('translateCreate() refuses volumes, networks and options by their names', () => {
  const cases: readonly (readonly [Readonly<Record<string, unknown>>, RegExp])[] = [
    [{ Binds: ['data:/x'] }, /named volume "data"/],
    [{ Binds: ['/x'] }, /anonymous volume "\/x"/],
    [{ NetworkMode: 'container:web' }, /container:web/],
  ];
  for (const [host, message] of cases) assert.throws(() => translateCreate(withHost(host), FACTS), { code: 'NotImplemented', message });
  const endpoints = { EndpointsConfig: { bridge: { Aliases: ['x'] } } };
  assert.throws(() => translateCreate({ Image: 'alpine', NetworkingConfig: endpoints }, FACTS), {
    code: 'NotImplemented',
    message: /Aliases/,
  });
});

test('translateCreate() takes a volume where something is mounted for what is mounted, as docker-py sends it', () => {
  const HostConfig = { Binds: ['/host:/data:ro'], Tmpfs: { '/t/': '' } };
  const spec = translateCreate({ ...CLI_BODY, Volumes: { '/data/': {}, '/t': {} }, HostConfig }, FACTS);
  assert.deepEqual([spec.binds.map(({ target }) => target), Object.keys(spec.tmpfs)], [['/data'], ['/t/']]);
  assert.throws(() => translateCreate({ ...CLI_BODY, Volumes: { '/data': {}, '/other': {} }, HostConfig }, FACTS), /Volumes/);
});

test("translateCreate() refuses bad values in Docker's words", () => {
  const cases: readonly (readonly [Readonly<Record<string, unknown>>, string])[] = [
    [{ Memory: 1000 }, 'Minimum memory limit allowed is 6MB'],
    [{ PidMode: 'container:' }, 'invalid PID mode: container:'],
    [{ IpcMode: 'x' }, 'invalid IPC mode: x'],
    [{ UTSMode: 'private' }, 'invalid UTS mode: private'],
    [{ CgroupnsMode: 'x' }, 'invalid cgroup namespace mode: x'],
    [{ Isolation: 'hyperv' }, "invalid isolation (hyperv): linux only supports 'default'"],
    [{ MemorySwap: 1000 }, 'You should always set the Memory limit when using Memoryswap limit, see usage'],
    [{ NanoCpus: 5e9 }, 'range of CPUs is from 0.01 to 4.00, as there are only 4 CPUs available'],
    [
      { RestartPolicy: { Name: 'x' } },
      "invalid restart policy: unknown policy 'x'; use one of 'no', 'always', 'on-failure', or 'unless-stopped'",
    ],
    [{ AutoRemove: true, RestartPolicy: { Name: 'always' } }, "can't create 'AutoRemove' container with restart policy"],
    [{ ShmSize: -1 }, 'SHM size can not be less than 0'],
    [{ Binds: ['/a:/b:foo'] }, 'invalid mode: foo'],
    [{ Binds: ['/a:/b:ro,rw'] }, 'invalid mode: ro,rw'],
    [{ Binds: ['/a:/b:ro:x'] }, "invalid volume specification: '/a:/b:ro:x'"],
    [{ Binds: ['/a:/x', '/b:/x/'] }, 'Duplicate mount point: /x'],
    [{ Tmpfs: { x: '' } }, "invalid mount path: 'x' mount path must be absolute"],
    [{ Memory: 1e300 }, 'invalid JSON: json: cannot unmarshal number 1e+300 into Go struct field .HostConfig.Memory of type int64'],
    [
      { RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 'x' } },
      'invalid JSON: json: cannot unmarshal string into Go struct field .HostConfig.RestartPolicy.MaximumRetryCount of type int64',
    ],
    [{ Memory: 'a' }, 'invalid JSON: json: cannot unmarshal string into Go struct field .HostConfig.Memory of type int64'],
  ];
  for (const [host, message] of cases) assert.throws(() => translateCreate(withHost(host), FACTS), { code: 'InvalidArgument', message });
  assert.throws(() => translateCreate({}, FACTS), { message: 'config cannot be empty in order to create a container' });
  assert.throws(() => translateCreate({ Image: 'a', Env: ['=x'] }, FACTS), { message: 'invalid environment variable: =x' });
  const joining =
    (NetworkingConfig: unknown): (() => unknown) =>
    () =>
      translateCreate({ Image: 'a', NetworkingConfig }, FACTS);
  assert.throws(joining({ EndpointsConfig: 1 }), {
    message: /cannot unmarshal number into Go struct field .NetworkingConfig.EndpointsConfig/,
  });
  assert.throws(joining({ EndpointsConfig: { bridge: ['x'] } }), {
    message: /unmarshal array into .* .NetworkingConfig.EndpointsConfig.bridge/,
  });
  assert.throws(() => translateCreate({ Image: 5 }, FACTS), {
    message: 'invalid JSON: json: cannot unmarshal number into Go struct field .Image of type string',
  });
});

test("every field of Docker's description is known", (context) => {
  const path = new URL('../../../../shared/specs/docker-engine-api.yaml', import.meta.url);
  if (!existsSync(path)) {
    assert.notEqual(process.env['CI'], 'true', 'the API description is missing');
    context.skip('no ../shared/specs');
    return;
  }
  const { definitions } = parse(readFileSync(path, 'utf8'));
  const fields = (name: string): string[] => {
    const definition = definitions[name];
    const parts: readonly { readonly $ref?: string; readonly properties?: object }[] = definition.allOf ?? [definition];
    return parts.flatMap((part) =>
      part.$ref === undefined ? Object.keys(part.properties ?? {}) : fields(part.$ref.split('/').at(-1) ?? ''),
    );
  };
  assert.deepEqual(
    fields('HostConfig').filter((name) => !Object.hasOwn(HOST_CONFIG_KINDS, name)),
    [],
  );
  assert.deepEqual(
    fields('ContainerConfig').filter((name) => !Object.hasOwn(CREATE_KINDS, name)),
    [],
  );
});
