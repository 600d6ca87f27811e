import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { ALL_CAPABILITIES, capabilitiesOfMask, ownCapabilities } from './capabilities.ts';

test('ALL_CAPABILITIES counts as the kernel does', () => {
  for (const [name, number] of Object.entries({
    CAP_KILL: 5,
    CAP_NET_ADMIN: 12,
    CAP_SYS_ADMIN: 21,
    CAP_MKNOD: 27,
    CAP_CHECKPOINT_RESTORE: 40,
  })) {
    assert.equal(ALL_CAPABILITIES[number], name);
  }
});

test('capabilitiesOfMask() reads what /proc prints', () => {
  assert.deepEqual([...capabilitiesOfMask('0000000000201001')], ['CAP_CHOWN', 'CAP_NET_ADMIN', 'CAP_SYS_ADMIN']);
  // The kernel may know more than this table.
  assert.equal(capabilitiesOfMask('ffffffffffffffff').size, ALL_CAPABILITIES.length);
});

test('ownCapabilities() finds those of this process', { skip: process.getuid?.() !== 0 && 'needs root' }, () => {
  assert.equal(ownCapabilities().has('CAP_CHOWN'), true);
});
