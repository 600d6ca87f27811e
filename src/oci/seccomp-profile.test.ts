import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { resolveSeccompProfile } from './seccomp-profile.ts';
import type { SeccompProfile, SeccompTarget } from './seccomp-profile.ts';

const PROFILE: SeccompProfile = {
  defaultAction: 'SCMP_ACT_ERRNO',
  archMap: [{ architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] }],
  syscalls: [
    { names: ['always'], action: 'SCMP_ACT_ALLOW' },
    { names: ['both'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_A', 'CAP_B'] } },
    { names: ['without'], action: 'SCMP_ACT_ALLOW', excludes: { caps: ['CAP_A', 'CAP_C'] } },
    { names: ['arm'], action: 'SCMP_ACT_ALLOW', comment: 'not for the runtime', includes: { arches: ['arm64'] } },
    { names: ['new'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '5.10' } },
  ],
};

function names(target: Partial<SeccompTarget>): string[] {
  const filter = resolveSeccompProfile(PROFILE, { arch: 'x64', kernelVersion: '4.19.0-5-amd64', capabilities: [], ...target });
  return filter.syscalls.flatMap((rule) => rule.names);
}

test('resolveSeccompProfile() keeps the rules whose conditions hold', () => {
  assert.deepEqual(names({}), ['always', 'without']);
  assert.deepEqual(names({ capabilities: ['CAP_A'] }), ['always']);
  assert.deepEqual(names({ capabilities: ['CAP_A', 'CAP_B'] }), ['always', 'both']);
  assert.deepEqual(names({ arch: 'arm64' }), ['always', 'without', 'arm']);
  for (const kernelVersion of ['5.10.0', '5.11-rc1', '6.1']) assert.deepEqual(names({ kernelVersion }), ['always', 'without', 'new']);
  assert.deepEqual(names({ kernelVersion: '5.9.16' }), ['always', 'without']);
});

test('resolveSeccompProfile() names the architectures and drops what runtimes do not know', () => {
  const filter = resolveSeccompProfile(PROFILE, { arch: 'arm64', kernelVersion: '6.1', capabilities: [] });
  assert.deepEqual(filter.architectures, ['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
  assert.deepEqual(filter.syscalls[2], { names: ['arm'], action: 'SCMP_ACT_ALLOW' });
  // An architecture that the profile does not map stands alone; without it every call would be refused.
  assert.deepEqual(resolveSeccompProfile(PROFILE, { arch: 'x64', kernelVersion: '6.1', capabilities: [] }).architectures, [
    'SCMP_ARCH_X86_64',
  ]);
});
