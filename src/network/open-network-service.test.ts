/**
 * Everything happens inside a network namespace of this test's own: its main thread moves there before anything is opened.
 */
import { strict as assert } from 'node:assert';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SILENT } from '../base/logger.ts';
import { RouteSocket, createNetworkNamespace, dropNetworkNamespace, runNftables } from '../linux/index.ts';
import { libcFunction } from '../linux/libc.ts';
import { openDatabase } from '../store/index.ts';
import { NETWORK_SCHEMA, openNetworkService } from './index.ts';
import type { NetworkService, NetworkServiceOptions } from './index.ts';

const CLONE_NEWNET = 0x40000000;
/** How long the kernel may take to collect dropped namespaces. */
const COLLECTION_MS = 5000;

/** What {@linkcode Engine.killInside} runs. */
const ONE_CYCLE = `
  const { openDatabase } = await import('${import.meta.resolve('../store/index.ts')}');
  const { NETWORK_SCHEMA, openNetworkService } = await import('${import.meta.resolve('./index.ts')}');
  const { STATE: stateDir, DATABASE, ENGINE: engineId } = process.env;
  const logger = { debug() {}, info() {}, warn: console.error, error: console.error };
  const database = openDatabase(DATABASE, [NETWORK_SCHEMA]);
  const networks = await openNetworkService({ stateDir, database, engineId, isDefaultRoot: false, logger });
  await networks.createSandbox('a', 'bridge');
  await networks.releaseSandbox('a');
  await networks.removeIdleInfrastructure();
`;

interface Engine extends AsyncDisposable {
  readonly networks: NetworkService;
  readonly stateDir: string;
  /** Opens the same root again, without an orderly end. */
  reopen(): Promise<NetworkService>;
  /** Lets another process make and release a sandbox `a` in the same root, and die at a failpoint. */
  killInside(failpoint: string): void;
}

describe('network service', { skip: process.getuid?.() !== 0 && 'needs root' }, () => {
  let dir = '';
  let engineCount = 0;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'pier-network-'));
    const unshare = libcFunction<(flags: number) => number>('int unshare(int flags)');
    assert.equal(unshare(CLONE_NEWNET), 0);
    using routes = new RouteSocket();
    routes.setLoopbackUp();
  });
  after(() => {
    // A test that failed halfway has not got to it.
    for (const name of ['linger', 'outside', 'outside2']) dropNetworkNamespace(join(dir, name));
    rmSync(dir, { recursive: true });
  });

  async function openEngine(overrides: Partial<NetworkServiceOptions> = {}): Promise<Engine> {
    const number = ++engineCount;
    const stateDir = join(dir, `state${number}`);
    mkdirSync(stateDir);
    const databasePath = join(dir, `pier${number}.db`);
    const database = openDatabase(databasePath, [NETWORK_SCHEMA]);
    const engineId = `${String(number).padStart(2, '0')}abcdef`;
    const open = (): Promise<NetworkService> =>
      openNetworkService({ stateDir, database, engineId, isDefaultRoot: false, logger: SILENT, ...overrides });
    let networks = await open();
    return {
      networks,
      stateDir,
      reopen: async () => {
        await networks[Symbol.asyncDispose]();
        return (networks = await open());
      },
      killInside: (failpoint) => {
        const env = { ...process.env, PIER_FAILPOINTS: `${failpoint}=kill`, STATE: stateDir, DATABASE: databasePath, ENGINE: engineId };
        const { signal, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', ONE_CYCLE], { env, encoding: 'utf8' });
        assert.equal(signal, 'SIGKILL', stderr);
      },
      async [Symbol.asyncDispose]() {
        await networks.recover(new Set());
        await networks.removeIdleInfrastructure();
        await networks[Symbol.asyncDispose]();
        database[Symbol.dispose]();
      },
    };
  }

  test('list() has the predefined networks, with ids that stay', async () => {
    await using engine = await openEngine();
    const networks = engine.networks.list();
    assert.deepEqual(
      networks.map(({ name, driver }) => [name, driver]),
      [
        ['bridge', 'bridge'],
        ['host', 'host'],
        ['none', 'null'],
      ],
    );
    const bridge = engine.networks.get('bridge');
    assert.equal(engine.networks.get(bridge.id.slice(0, 12)), bridge);
    assert.equal(bridge.ipv4Subnet, undefined);
    assert.throws(() => engine.networks.get('absent'), { code: 'NotFound', reason: 'network.not-found', facts: { reference: 'absent' } });
    assert.throws(() => engine.networks.get(''), { code: 'NotFound' });
    assert.deepEqual((await engine.reopen()).list(), networks);
  });

  test('createSandbox() of none has loopback and nothing else', async () => {
    await using engine = await openEngine();
    const sandbox = await engine.networks.createSandbox('lonely', 'none');
    assert.deepEqual(sandbox.endpoints, []);
    assert.equal(run(sandbox.netnsPath, 'ping', '-c1', '-W1', '127.0.0.1'), 0);
    assert.deepEqual(interfacesIn(sandbox.netnsPath), ['lo']);
    assert.deepEqual(engine.networks.sandbox('lonely'), sandbox);
    await assert.rejects(engine.networks.createSandbox('lonely', 'none'), { code: 'AlreadyExists' });
    await assert.rejects(engine.networks.createSandbox('../up', 'none'), { code: 'InvalidArgument' });
    await engine.networks.releaseSandbox('lonely');
    await engine.networks.releaseSandbox('lonely');
    assert.equal(engine.networks.sandbox('lonely'), undefined);
    assert.equal(existsSync(sandbox.netnsPath), false);
  });

  test('sandboxes on the bridge reach each other, the host and the world behind it, which cannot reach them', async () => {
    await using engine = await openEngine();
    const [a, b] = [await engine.networks.createSandbox('a', 'bridge'), await engine.networks.createSandbox('b', 'bridge')];
    const [first, second] = [a.endpoints[0], b.endpoints[0]];
    assert.equal(first?.ipv4Address, '172.17.0.2');
    assert.equal(first?.macAddress, '02:42:ac:11:00:02');
    assert.equal(second?.ipv4Address, '172.17.0.3');
    assert.deepEqual(interfacesIn(a.netnsPath), ['eth0', 'lo']);
    assert.equal(run(a.netnsPath, 'ping', '-c1', '-W1', '172.17.0.3'), 0);
    assert.equal(run(a.netnsPath, 'ping', '-c1', '-W1', '172.17.0.1'), 0);
    const outside = join(dir, 'outside');
    makeOutside(outside);
    // It knows no way back to 172.17: an answer comes only if the source was the host's own address.
    assert.equal(run(a.netnsPath, 'ping', '-c1', '-W1', '198.51.100.2'), 0);
    execFileSync('nsenter', [`--net=${outside}`, 'ip', 'route', 'add', '172.17.0.0/16', 'via', '198.51.100.1']);
    assert.notEqual(run(outside, 'ping', '-c1', '-W1', '172.17.0.2'), 0);
    dropNetworkNamespace(outside);
    const network = engine.networks.get('bridge');
    assert.equal(network.ipv4Subnet, '172.17.0.0/16');
    assert.equal(network.ipv4Gateway, '172.17.0.1');
  });

  test('removeIdleInfrastructure() leaves a bridge in use, and takes rules and bridge away afterwards', async () => {
    await using engine = await openEngine();
    await engine.networks.createSandbox('user', 'bridge');
    const name = engine.networks.get('bridge').bridgeName ?? '';
    const table = `pier-${String(engineCount).padStart(2, '0')}abcdef`;
    await engine.networks.removeIdleInfrastructure();
    assert.ok(hostInterfaces().includes(name));
    assert.match(runNftables('list ruleset'), new RegExp(table));
    await engine.networks.releaseSandbox('user');
    await engine.networks.removeIdleInfrastructure();
    assert.ok(!hostInterfaces().includes(name));
    assert.doesNotMatch(runNftables('list ruleset'), new RegExp(table));
    const again = await engine.networks.createSandbox('user', 'bridge');
    assert.equal(run(again.netnsPath, 'ping', '-c1', '-W1', '172.17.0.1'), 0);
  });

  test('200 cycles of create and release leave nothing behind', async () => {
    await using engine = await openEngine();
    await engine.networks.createSandbox('stays', 'bridge');
    const initial = hostInterfaces();
    for (let cycle = 0; cycle < 200; cycle++) {
      const key = `cycle${cycle % 3}`;
      const sandbox = await engine.networks.createSandbox(key, cycle % 2 === 0 ? 'bridge' : 'none');
      if (cycle % 2 === 0) assert.equal(sandbox.endpoints[0]?.ipv4Address, '172.17.0.3');
      await engine.networks.releaseSandbox(key);
    }
    assert.deepEqual(readdirSync(join(engine.stateDir, 'netns')), ['stays']);
    assert.equal(readFileSync('/proc/self/mountinfo', 'utf8').split(`${engine.stateDir}/netns/`).length, 2);
    await eventually(() => assert.deepEqual(hostInterfaces(), initial));
    const reopened = await engine.reopen();
    assert.equal((await reopened.createSandbox('next', 'bridge')).endpoints[0]?.ipv4Address, '172.17.0.3');
  });

  test('an address that is given out again at once answers from its new place', async () => {
    await using engine = await openEngine();
    const other = await engine.networks.createSandbox('other', 'bridge');
    const old = await engine.networks.createSandbox('old', 'bridge');
    // Something that lingers in the namespace keeps its interface alive: the new owner of the address must win all the same.
    const linger = join(dir, 'linger');
    writeFileSync(linger, '');
    execFileSync('mount', ['--bind', old.netnsPath, linger]);
    assert.equal(ping(old.netnsPath, '172.17.0.2'), 0);
    await engine.networks.releaseSandbox('old');
    const fresh = await engine.networks.createSandbox('new', 'bridge');
    assert.equal(fresh.endpoints[0]?.ipv4Address, old.endpoints[0]?.ipv4Address);
    assert.notEqual(ping(linger, '172.17.0.1'), 0);
    assert.equal(ping(other.netnsPath, '172.17.0.3'), 0);
    assert.equal(ping(fresh.netnsPath, '172.17.0.2'), 0);
    dropNetworkNamespace(linger);
  });

  test('engines side by side have bridges, subnets and sandboxes of their own', async () => {
    await using one = await openEngine();
    await using two = await openEngine();
    const [a, b] = await Promise.all([one.networks.createSandbox('same', 'bridge'), two.networks.createSandbox('same', 'bridge')]);
    assert.notEqual(a.endpoints[0]?.ipv4Gateway, b.endpoints[0]?.ipv4Gateway);
    assert.equal(ping(a.netnsPath, a.endpoints[0]?.ipv4Gateway), 0);
    assert.equal(ping(b.netnsPath, b.endpoints[0]?.ipv4Gateway), 0);
    assert.notEqual(ping(a.netnsPath, b.endpoints[0]?.ipv4Address), 0);
    await one.networks.releaseSandbox('same');
    await one.networks.removeIdleInfrastructure();
    assert.equal(ping(b.netnsPath, b.endpoints[0]?.ipv4Gateway), 0);
  });

  test('opening again keeps sandboxes and their addresses', async () => {
    await using engine = await openEngine();
    const kept = await engine.networks.createSandbox('kept', 'bridge');
    const reopened = await engine.reopen();
    assert.deepEqual(reopened.sandbox('kept'), kept);
    await reopened.recover(new Set(['kept']));
    assert.equal(ping(kept.netnsPath, '172.17.0.1'), 0);
    assert.equal((await reopened.createSandbox('next', 'bridge')).endpoints[0]?.ipv4Address, '172.17.0.3');
  });

  test('recover() drops what nobody owns and mends what somebody does', async () => {
    await using engine = await openEngine();
    const [kept, cut] = [await engine.networks.createSandbox('kept', 'bridge'), await engine.networks.createSandbox('cut', 'bridge')];
    const orphan = await engine.networks.createSandbox('orphan', 'bridge');
    const stray = join(engine.stateDir, 'netns', 'stray');
    createNetworkNamespace(stray);
    writeFileSync(join(engine.stateDir, 'netns', 'file'), '');
    const name = engine.networks.get('bridge').bridgeName ?? '';
    execFileSync('nsenter', [`--net=${cut.netnsPath}`, 'ip', 'link', 'delete', 'eth0']);
    execFileSync('ip', ['link', 'delete', name]);
    runNftables('flush ruleset');
    const reopened = await engine.reopen();
    await reopened.recover(new Set(['kept', 'cut']));
    assert.deepEqual(readdirSync(join(engine.stateDir, 'netns')).toSorted(), ['cut', 'kept']);
    assert.equal(existsSync(orphan.netnsPath), false);
    assert.equal(ping(kept.netnsPath, '172.17.0.1'), 0);
    assert.equal(ping(cut.netnsPath, kept.endpoints[0]?.ipv4Address), 0);
    assert.match(runNftables('list ruleset'), /masquerade/);
  });

  for (const point of ['bridge.made', 'sandbox.made', 'sandbox.recorded', 'sandbox.forgotten', 'sandbox.dropped', 'bridge.unruled']) {
    test(`recover() after a kill at network.${point} leaves nothing`, async () => {
      await using engine = await openEngine();
      engine.killInside(`network.${point}`);
      const reopened = await engine.reopen();
      await reopened.recover(new Set());
      assert.deepEqual(readdirSync(join(engine.stateDir, 'netns')), []);
      const sandbox = await reopened.createSandbox('a', 'bridge');
      assert.equal(ping(sandbox.netnsPath, sandbox.endpoints[0]?.ipv4Gateway), 0);
      assert.equal(sandbox.endpoints[0]?.ipv4Address, '172.17.0.2');
    });
  }

  // The engine died between bridge and address. Another engine then took the subnet, so the bridge got the address of the next
  // one, was not known for ours by its MAC address any more, and stayed for ever.
  test('a half-made bridge goes away at the end, even if its subnet is taken meanwhile', async () => {
    const engine = await openEngine();
    engine.killInside('network.bridge.made');
    execFileSync('ip', ['address', 'add', '172.17.5.1/24', 'dev', 'lo']);
    const reopened = await engine.reopen();
    const sandbox = await reopened.createSandbox('a', 'bridge');
    assert.equal(sandbox.endpoints[0]?.ipv4Address, '172.18.0.2');
    const name = reopened.get('bridge').bridgeName ?? '';
    await engine[Symbol.asyncDispose]();
    assert.equal(existsSync(`/sys/class/net/${name}`), false);
    execFileSync('ip', ['address', 'delete', '172.17.5.1/24', 'dev', 'lo']);
  });

  test('createSandbox() makes a bridge again that somebody deleted', async () => {
    await using engine = await openEngine();
    const old = await engine.networks.createSandbox('old', 'bridge');
    execFileSync('ip', ['link', 'delete', engine.networks.get('bridge').bridgeName ?? '']);
    const fresh = await engine.networks.createSandbox('new', 'bridge');
    assert.equal(ping(fresh.netnsPath, old.endpoints[0]?.ipv4Address), 0);
  });

  test('the subnet keeps clear of the addresses and routes of the host, and stays the same', async () => {
    execFileSync('ip', ['address', 'add', '172.17.5.1/24', 'dev', 'lo']);
    execFileSync('ip', ['route', 'add', '172.18.9.0/24', 'dev', 'lo']);
    await using engine = await openEngine();
    assert.equal((await engine.networks.createSandbox('a', 'bridge')).endpoints[0]?.ipv4Address, '172.19.0.2');
    execFileSync('ip', ['address', 'delete', '172.17.5.1/24', 'dev', 'lo']);
    execFileSync('ip', ['route', 'delete', '172.18.9.0/24', 'dev', 'lo']);
    await engine.networks.releaseSandbox('a');
    await engine.networks.removeIdleInfrastructure();
    assert.equal((await engine.networks.createSandbox('b', 'bridge')).endpoints[0]?.ipv4Address, '172.19.0.2');
  });

  test('createSandbox() fails cleanly when no address is free', async () => {
    await using engine = await openEngine({ config: { subnetPools: [{ range: '10.9.0.0/24', prefixLength: 30 }] } });
    await engine.networks.createSandbox('only', 'bridge');
    await assert.rejects(engine.networks.createSandbox('more', 'bridge'), {
      code: 'ResourceExhausted',
      reason: 'network.addresses-exhausted',
      facts: { subnet: '10.9.0.0/30' },
    });
    assert.deepEqual(readdirSync(join(engine.stateDir, 'netns')), ['only']);
    await engine.networks.releaseSandbox('only');
    await engine.networks.createSandbox('more', 'bridge');
  });

  test('a bridge name that belongs to something else is refused', async () => {
    execFileSync('ip', ['link', 'add', 'notours', 'type', 'veth', 'peer', 'name', 'notours2']);
    await using engine = await openEngine({ config: { bridgeName: 'notours' } });
    await assert.rejects(engine.networks.createSandbox('a', 'bridge'), { code: 'Conflict' });
    assert.ok(hostInterfaces().includes('notours'));
    execFileSync('ip', ['link', 'delete', 'notours']);
    await assert.rejects(openEngine({ config: { bridgeName: 'much-too-long-for-linux' } }), { code: 'InvalidArgument' });
  });

  test('where Docker drops what it does not know, DOCKER-USER has an exception for as long as there is a bridge', async () => {
    runNftables(
      'table ip filter { chain DOCKER-USER { }; chain FORWARD { type filter hook forward priority 0; policy drop; jump DOCKER-USER; }; }',
    );
    await using engine = await openEngine();
    const sandbox = await engine.networks.createSandbox('a', 'bridge');
    await (await engine.reopen()).recover(new Set(['a']));
    const name = engine.networks.get('bridge').bridgeName ?? '';
    assert.equal(runNftables('list chain ip filter DOCKER-USER').split(`"${name}" counter`).length, 3);
    const outside = join(dir, 'outside2');
    makeOutside(outside);
    assert.equal(ping(sandbox.netnsPath, '198.51.100.2'), 0);
    dropNetworkNamespace(outside);
    const reopened = await engine.reopen();
    await reopened.releaseSandbox('a');
    await reopened.removeIdleInfrastructure();
    assert.doesNotMatch(runNftables('list chain ip filter DOCKER-USER'), /accept/);
    runNftables('delete table ip filter');
  });
});

/** A namespace that stands for a host on a network that this one is connected to. */
function makeOutside(path: string): void {
  createNetworkNamespace(path);
  const commands = [
    ['ip', 'link', 'add', 'uplink', 'type', 'veth', 'peer', 'name', 'eth9'],
    ['ip', 'address', 'add', '198.51.100.1/24', 'dev', 'uplink'],
    ['ip', 'link', 'set', 'uplink', 'up'],
  ];
  for (const [command = '', ...args] of commands) execFileSync(command, args);
  execFileSync('ip', ['link', 'set', 'eth9', 'netns', path]);
  execFileSync('nsenter', [`--net=${path}`, 'sh', '-c', 'ip address add 198.51.100.2/24 dev eth9; ip link set eth9 up']);
  using routes = new RouteSocket();
  routes.settleCarriers(['uplink']);
}

function ping(netnsPath: string, address: string | undefined): number | null {
  return run(netnsPath, 'ping', '-c1', '-W1', address ?? '');
}

function run(netnsPath: string, ...busyboxArgs: readonly string[]): number | null {
  return spawnSync('nsenter', [`--net=${netnsPath}`, 'busybox', ...busyboxArgs]).status;
}

function interfacesIn(netnsPath: string): readonly string[] {
  const output = execFileSync('nsenter', [`--net=${netnsPath}`, 'ip', '-br', 'link'], { encoding: 'utf8' });
  return namesIn(output);
}

function hostInterfaces(): readonly string[] {
  return namesIn(execFileSync('ip', ['-br', 'link'], { encoding: 'utf8' }));
}

function namesIn(output: string): readonly string[] {
  return [...output.matchAll(/^[^\s@]+/gm)].map(([name]) => name).toSorted();
}

async function eventually(check: () => void): Promise<void> {
  for (const deadlineMs = performance.now() + COLLECTION_MS; ; await new Promise((resolve) => setTimeout(resolve, 50))) {
    try {
      check();
      return;
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
    }
  }
}
