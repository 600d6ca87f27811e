import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { PierError } from '../base/errors.ts';
import { ALL_CAPABILITIES } from '../linux/index.ts';
import { DEFAULT_CAPABILITIES, resolveCapabilities } from './default-capabilities.ts';
import type { CapabilityRequest } from './default-capabilities.ts';

const EVERYTHING: CapabilityRequest = { capAdd: [], capDrop: [], isPrivileged: false, available: new Set(ALL_CAPABILITIES) };
const capabilities = (request: Partial<CapabilityRequest>): string[] =>
  [...resolveCapabilities({ ...EVERYTHING, ...request }).capabilities].toSorted();

test('resolveCapabilities() starts from the default list', () => {
  assert.deepEqual(capabilities({}), DEFAULT_CAPABILITIES.toSorted());
  assert.deepEqual(
    capabilities({ capAdd: ['net_admin'], capDrop: ['CAP_CHOWN', 'Kill'] }),
    [...DEFAULT_CAPABILITIES.filter((name) => name !== 'CAP_CHOWN' && name !== 'CAP_KILL'), 'CAP_NET_ADMIN'].toSorted(),
  );
});

test('resolveCapabilities() starts from everything or nothing with ALL', () => {
  assert.deepEqual(capabilities({ capDrop: ['all'], capAdd: ['NET_ADMIN'] }), ['CAP_NET_ADMIN']);
  assert.deepEqual(
    capabilities({ capAdd: ['ALL'], capDrop: ['SYS_ADMIN'] }),
    ALL_CAPABILITIES.filter((name) => name !== 'CAP_SYS_ADMIN').toSorted(),
  );
  assert.deepEqual(capabilities({ isPrivileged: true, capDrop: ['ALL'] }), ALL_CAPABILITIES.toSorted());
});

test('resolveCapabilities() gives no more than there is and tells what was asked for by name', () => {
  const available = new Set(ALL_CAPABILITIES.filter((name) => name !== 'CAP_SYS_RESOURCE' && name !== 'CAP_CHOWN'));
  const { capabilities: given, missing } = resolveCapabilities({ ...EVERYTHING, available, capAdd: ['SYS_RESOURCE'] });
  assert.deepEqual(missing.toSorted(), ['CAP_CHOWN', 'CAP_SYS_RESOURCE']);
  assert.equal(given.includes('CAP_SYS_RESOURCE'), false);
  assert.deepEqual(resolveCapabilities({ ...EVERYTHING, available, isPrivileged: true }).missing, []);
  assert.deepEqual(resolveCapabilities({ ...EVERYTHING, available, capAdd: ['ALL'] }).missing, []);
});

// crun takes an unknown name without a word, so a misspelt drop would leave the capability in place.
test('resolveCapabilities() refuses unknown names', () => {
  for (const [list, request] of [
    ['add', { capAdd: ['nte_admin'] }],
    ['drop', { capDrop: ['nte_admin'], isPrivileged: true }],
  ] as const) {
    assert.throws(
      () => resolveCapabilities({ ...EVERYTHING, ...request }),
      (error) =>
        error instanceof PierError &&
        error.reason === 'container.bad-capability' &&
        error.facts['capability'] === 'CAP_NTE_ADMIN' &&
        error.facts['list'] === list,
    );
  }
});
