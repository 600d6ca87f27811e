// none, host and the default bridge, with outgoing traffic by NAT to a network that the test makes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients, missingMaterial, useDaemon } from '../harness/fixture.ts';

const exec = promisify(execFile);

describeWithClients('networks', (pier) => {
  it('none has a loopback and nothing else', async () => {
    assert.equal(
      await pier.ok(
        'run',
        '--rm',
        '--network',
        'none',
        'alpine',
        'sh',
        '-c',
        'ls /sys/class/net; cat /sys/class/net/lo/flags; ip route | wc -l',
      ),
      'lo\n0x9\n0',
    );
  });

  it('bridge has an address, a gateway and names', async () => {
    await pier.ok('run', '-d', '--name', 'b-1', 'alpine', 'sleep', '1000');
    const [address = '', prefix = '', gateway = ''] = (
      await pier.ok(
        'inspect',
        '--format',
        '{{with .NetworkSettings.Networks.bridge}}{{.IPAddress}} {{.IPPrefixLen}} {{.Gateway}}{{end}}',
        'b-1',
      )
    ).split(' ');
    assert.match(address, /^\d+\.\d+\.\d+\.\d+$/);
    const inside = await pier.ok('exec', 'b-1', 'sh', '-c', 'ip -4 -o address show dev eth0; ip route; cat /etc/hosts; ls /sys/class/net');
    assert.ok(inside.includes(`inet ${address}/${prefix}`), inside);
    assert.ok(inside.includes(`default via ${gateway} dev eth0`), inside);
    assert.match(inside, new RegExp(String.raw`^${address.replaceAll('.', String.raw`\.`)}\t[0-9a-f]{12}$`, 'm'));
    assert.match(inside, /\neth0\nlo$/);
    await pier.ok('exec', 'b-1', 'ping', '-c', '1', '-W', '2', gateway);
  });

  it('containers on the bridge reach each other and have different addresses', async () => {
    await pier.ok('run', '-d', '--name', 'one', 'alpine', 'nc', '-l', '-p', '7000', '-e', 'echo', 'hello from one');
    await pier.ok('run', '-d', '--name', 'two', 'alpine', 'sleep', '1000');
    const format = '{{.NetworkSettings.Networks.bridge.IPAddress}}';
    const [one, two] = [await pier.ok('inspect', '--format', format, 'one'), await pier.ok('inspect', '--format', format, 'two')];
    assert.notEqual(one, two);
    assert.equal(await pier.ok('exec', 'two', 'nc', '-w', '2', one, '7000'), 'hello from one');
  });

  it('addresses are given back', async () => {
    const format = '{{.NetworkSettings.Networks.bridge.IPAddress}}';
    for (let i = 0; i < 3; i++) {
      await pier.ok('run', '-d', '--name', 'short', 'alpine', 'sleep', '1000');
      assert.notEqual(await pier.ok('inspect', '--format', format, 'short'), '');
      await pier.ok('rm', '-f', 'short');
    }
    await pier.ok('create', '--name', 'idle', 'alpine', 'true');
    assert.equal(await pier.ok('inspect', '--format', format, 'idle'), '');
  });

  it('network ls and inspect know the three defaults', async () => {
    const list = await pier.daemon.json<{ Name: string; Driver: string }[]>('GET', '/networks');
    assert.deepEqual(list.map(({ Name, Driver }) => `${Name} ${Driver}`).toSorted(), ['bridge bridge', 'host host', 'none null']);
    await pier.ok('run', '-d', '--name', 'member', 'alpine', 'sleep', '1000');
    const bridge = await pier.daemon.json<{ Containers: Record<string, { Name: string }> }>('GET', '/networks/bridge');
    assert.deepEqual(
      Object.values(bridge.Containers).map(({ Name }) => Name),
      ['member'],
    );
  });
});

describe('outgoing traffic', { skip: missingMaterial() || (IS_PEER && 'a peer has a network of its own') }, () => {
  const pier = useDaemon();
  // A neighbour of this machine: a namespace with one address, which has no route back to the containers' addresses.
  const namespace = `pt${process.pid}`;
  const inside = ['netns', 'exec', namespace];
  const subnet = `198.18.${process.pid % 250}`;

  before(async () => {
    await exec('ip', ['netns', 'add', namespace]);
    await exec('ip', ['link', 'add', `${namespace}h`, 'type', 'veth', 'peer', 'name', 'far', 'netns', namespace]);
    await exec('ip', ['address', 'add', `${subnet}.1/30`, 'dev', `${namespace}h`]);
    await exec('ip', ['link', 'set', `${namespace}h`, 'up']);
    await exec('ip', [...inside, 'ip', 'address', 'add', `${subnet}.2/30`, 'dev', 'far']);
    await exec('ip', [...inside, 'ip', 'link', 'set', 'far', 'up']);
  });
  after(async () => {
    await exec('ip', ['netns', 'delete', namespace]);
  });

  it('reaches a neighbour under the machine’s own address', async () => {
    await pier.ok('run', '--rm', 'alpine', 'ping', '-c', '1', '-W', '3', `${subnet}.2`);
    // The neighbour answers with whom it sees.
    const server = execFile(
      'ip',
      [...inside, 'node', '-e', `require('net').createServer((s) => s.end(s.remoteAddress)).listen(7001, '0.0.0.0')`].with(
        3,
        process.execPath,
      ),
    );
    try {
      const seen = await pier.ok(
        'run',
        '--rm',
        'alpine',
        'sh',
        '-c',
        `for i in 1 2 3 4 5 6 7 8 9; do nc -w 2 ${subnet}.2 7001 && break; sleep 0.3; done`,
      );
      assert.equal(seen, `${subnet}.1`);
    } finally {
      server.kill('SIGKILL');
    }
  });

  it('goes on after the daemon was killed', async () => {
    await pier.ok('run', '-d', '--name', 'c-1', 'alpine', 'sleep', '1000');
    await pier.daemon.kill();
    await pier.daemon.start();
    await pier.ok('exec', 'c-1', 'ping', '-c', '1', '-W', '3', `${subnet}.2`);
    await pier.ok('run', '--rm', 'alpine', 'ping', '-c', '1', '-W', '3', `${subnet}.2`);
  });
});
