import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { formatIpv4, formatSubnet, macAddressOf, parseIpv4, parseSubnet } from './ipv4.ts';
import { DEFAULT_SUBNET_POOLS, chooseSubnet } from './subnet-pool.ts';

const choose = (inUse: readonly string[], preferred?: string): string =>
  formatSubnet(chooseSubnet(DEFAULT_SUBNET_POOLS, inUse.map(parseSubnet), preferred === undefined ? undefined : parseSubnet(preferred)));

test('chooseSubnet() takes the first that overlaps nothing', () => {
  assert.equal(choose([]), '172.17.0.0/16');
  assert.equal(choose(['172.17.255.255/32']), '172.18.0.0/16');
  assert.equal(choose(['172.16.0.0/13']), '172.24.0.0/16');
  assert.equal(choose(['172.16.0.0/12']), '192.168.0.0/20');
  assert.equal(choose(['172.16.0.0/12', '192.168.1.0/24']), '192.168.16.0/20');
});

test('chooseSubnet() takes the preferred one while it is free', () => {
  assert.equal(choose([], '172.30.0.0/16'), '172.30.0.0/16');
  assert.equal(choose(['172.30.1.0/24'], '172.30.0.0/16'), '172.17.0.0/16');
});

test('chooseSubnet() takes no notice of default routes, whole or in halves', () => {
  assert.equal(choose(['0.0.0.0/0', '0.0.0.0/1', '128.0.0.0/1']), '172.17.0.0/16');
});

test('chooseSubnet() says when there is none', () => {
  assert.throws(() => choose(['172.16.0.0/12', '192.168.0.0/16']), { code: 'ResourceExhausted', reason: 'network.subnets-exhausted' });
});

test('addresses are read and written, and malformed ones refused', () => {
  assert.equal(formatIpv4(parseIpv4('255.254.0.1')), '255.254.0.1');
  assert.equal(macAddressOf(parseIpv4('172.17.0.2')), '02:42:ac:11:00:02');
  for (const text of ['1.2.3', '1.2.3.256', '1.2.3.04', '1.2.3.x', '']) assert.throws(() => parseIpv4(text), { code: 'InvalidArgument' });
  for (const text of ['1.2.3.4', '1.2.3.4/33', '/8']) assert.throws(() => parseSubnet(text), { code: 'InvalidArgument' });
});
