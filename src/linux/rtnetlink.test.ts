import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createNetworkNamespace, dropNetworkNamespace, withNetworkNamespace } from './network-namespace.ts';
import { runNftables } from './nftables.ts';
import { RouteSocket } from './rtnetlink.ts';

describe('rtnetlink', { skip: process.getuid?.() !== 0 && 'needs root' }, () => {
  let dir = '';
  let host = '';
  let routes: RouteSocket;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'pier-route-'));
    host = join(dir, 'host');
    createNetworkNamespace(host, () => {
      routes = new RouteSocket();
      routes.setLoopbackUp();
    });
  });
  after(() => {
    routes[Symbol.dispose]();
    dropNetworkNamespace(host);
    rmSync(dir, { recursive: true });
  });

  test('a bridge, a pair across namespaces, addresses and routes are what iproute2 sees', () => {
    const inner = join(dir, 'inner');
    const bridge = routes.addBridge('br-a', '02:42:0a:01:00:01');
    routes.addAddress({ linkIndex: bridge, address: '10.1.0.1', prefixLength: 16 });
    createNetworkNamespace(inner, () => {
      const fd = openSync(inner, 'r');
      routes.addVethPair({ name: 've-a', masterIndex: bridge, peerName: 'eth0', peerMacAddress: '02:42:0a:01:00:02', peerNamespaceFd: fd });
      closeSync(fd);
      using inside = new RouteSocket();
      const { index: linkIndex } = inside.requireLink('eth0');
      inside.configureInterface({ linkIndex, address: '10.1.0.2', prefixLength: 16, gateway: '10.1.0.1' });
    });
    assert.partialDeepStrictEqual(ip(inner, 'address', 'show', 'eth0'), [
      {
        ifname: 'eth0',
        operstate: 'UP',
        address: '02:42:0a:01:00:02',
        addr_info: [{ local: '10.1.0.2', prefixlen: 16, broadcast: '10.1.255.255' }],
      },
    ]);
    assert.partialDeepStrictEqual(ip(inner, 'route', 'show', 'default'), [{ dst: 'default', gateway: '10.1.0.1', dev: 'eth0' }]);
    assert.partialDeepStrictEqual(ip(host, 'link', 'show', 've-a'), [{ ifname: 've-a', master: 'br-a', operstate: 'UP' }]);
    const found = routes.requireLink('br-a');
    assert.deepEqual(found, {
      index: bridge,
      name: 'br-a',
      isUp: true,
      masterIndex: undefined,
      kind: 'bridge',
      macAddress: '02:42:0a:01:00:01',
    });
    assert.deepEqual(
      routes.listLinks().map(({ name }) => name),
      ['lo', 'br-a', 've-a'],
    );
    assert.ok(routes.listAddresses().some(({ linkIndex, address }) => linkIndex === bridge && address === '10.1.0.1'));
    assert.ok(routes.listRouteDestinations().some(({ address, prefixLength }) => address === '10.1.0.0' && prefixLength === 16));
    dropNetworkNamespace(inner);
    routes.deleteLink('br-a');
    routes.deleteLink('br-a');
    assert.equal(routes.findLink('br-a'), undefined);
  });

  test('errors carry what was attempted and the errno', () => {
    assert.throws(() => routes.requireLink('absent'), {
      name: 'SyscallError',
      errno: 'ENODEV',
      message: 'Cannot find link "absent": ENODEV',
    });
    routes.addBridge('br-b', '02:42:0a:02:00:01');
    assert.throws(() => routes.addBridge('br-b', '02:42:0a:02:00:01'), {
      code: 'AlreadyExists',
      message: 'Cannot add bridge "br-b": EEXIST',
    });
    // One that fails in the middle does not stop the others, and is the one that is reported.
    const { index: linkIndex } = routes.requireLink('br-b');
    const wrongGateway = { linkIndex, address: '10.2.0.2', prefixLength: 16, gateway: '203.0.113.1' };
    assert.throws(() => routes.configureInterface(wrongGateway), { message: 'Cannot add default route "203.0.113.1": ENETUNREACH' });
    assert.ok(routes.listAddresses().some(({ address }) => address === '10.2.0.2'));
    routes.deleteLink('br-b');
  });

  test('a table larger than one datagram is read whole', () => {
    const bridge = routes.addBridge('br-c', '02:42:0a:03:00:01');
    for (let i = 1; i <= 1000; i++) routes.addAddress({ linkIndex: bridge, address: `10.3.${i >> 8}.${i & 255}`, prefixLength: 32 });
    assert.equal(routes.listAddresses().filter(({ linkIndex }) => linkIndex === bridge).length, 1000);
    routes.deleteLink('br-c');
  });

  test('runNftables() is a transaction: all of it or nothing', () => {
    withNetworkNamespace(host, () => {
      runNftables('table ip kept { chain c { type filter hook forward priority 0; }; }');
      assert.throws(() => runNftables('delete table ip kept\nadd rule ip absent c accept'), {
        code: 'Internal',
        message: /No such file or directory/,
      });
      assert.match(runNftables('list table ip kept'), /chain c \{ # handle 1/);
      runNftables('delete table ip kept');
      assert.equal(runNftables('list ruleset'), '');
    });
  });
});

/** iproute2's view, as the second opinion. */
function ip(path: string, ...args: readonly string[]): unknown {
  return JSON.parse(execFileSync('nsenter', [`--net=${path}`, 'ip', '-json', ...args], { encoding: 'utf8' }));
}
