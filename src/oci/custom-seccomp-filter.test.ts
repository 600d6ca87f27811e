import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findPierError } from '../base/errors.ts';
import { customSeccompFilter } from './custom-seccomp-filter.ts';
import { SeccompFilters } from './seccomp-filters.ts';
import type { SeccompCompiler } from '../linux/index.ts';
import type { SeccompTarget } from './seccomp-profile.ts';

const TARGET: SeccompTarget = { arch: 'x64', kernelVersion: '6.1.0', capabilities: ['CAP_CHOWN'] };

function failureOf(text: string): unknown {
  try {
    customSeccompFilter(text, TARGET);
    return 'none';
  } catch (error) {
    const { reason, facts } = findPierError(error) ?? {};
    return { reason, ...facts };
  }
}

const rule = (fields: object): string =>
  JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO', ...fields }] });

test('customSeccompFilter() resolves conditions, old names and architectures', () => {
  const filter = customSeccompFilter(
    JSON.stringify({
      defaultAction: 'SCMP_ACT_ERRNO',
      defaultErrnoRet: 38,
      archMap: [
        { architecture: 'SCMP_ARCH_AARCH64', subArchitectures: ['SCMP_ARCH_ARM'] },
        { architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] },
      ],
      syscalls: [
        { name: 'read', action: 'SCMP_ACT_ALLOW', comment: 'old' },
        { names: ['chown'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_CHOWN'], arches: ['amd64'], minKernel: '6.1' } },
        { names: ['bpf'], action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_BPF'] } },
        { names: ['kill'], action: 'SCMP_ACT_ALLOW', excludes: { minKernel: '5.0' } },
        null,
      ],
    }),
    TARGET,
  );
  assert.deepEqual(filter, {
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 38,
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    syscalls: [
      { names: ['read'], action: 'SCMP_ACT_ALLOW' },
      { names: ['chown'], action: 'SCMP_ACT_ALLOW' },
    ],
  });
});

test('customSeccompFilter() keeps every bit of a 64-bit argument', () => {
  const args = '[{"index":5,"op":"SCMP_CMP_MASKED_EQ","value":18446744073709551615,"valueTwo":1}]';
  const text = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"ioctl","action":"SCMP_ACT_LOG","args":${args}}]}`;
  assert.deepEqual(customSeccompFilter(text, TARGET)?.syscalls[0]?.args, [
    { index: 5, op: 'SCMP_CMP_MASKED_EQ', value: 2n ** 64n - 1n, valueTwo: 1 },
  ]);
});

test('customSeccompFilter() knows profiles that ask for nothing', () => {
  for (const text of ['{}', 'null', '{"architectures":["SCMP_ARCH_X86"]}']) assert.equal(customSeccompFilter(text, TARGET), undefined);
});

test('customSeccompFilter() says what is wrong and where', () => {
  const cases: readonly (readonly [string, object])[] = [
    ['{', { reason: 'seccomp.bad-json', character: '' }],
    ['x', { reason: 'seccomp.bad-json', character: 'x' }],
    ['[]', { reason: 'seccomp.bad-type', field: '', found: 'array', value: '' }],
    [rule({ args: [{ index: -1 }] }), { reason: 'seccomp.bad-type', field: 'syscalls.0.args.0.index', found: 'number', value: '-1' }],
    [rule({ args: [{ value: 1e30 }] }), { reason: 'seccomp.bad-type', field: 'syscalls.0.args.0.value', found: 'number', value: '1e+30' }],
    [
      '{"defaultErrnoRet":' + '9'.repeat(21) + '}',
      { reason: 'seccomp.bad-type', field: 'defaultErrnoRet', found: 'number', value: '1e+21' },
    ],
    [rule({ includes: { minKernel: '0.0' } }), { reason: 'seccomp.bad-kernel', version: '"0.0"', problem: 'zero' }],
    [rule({ name: 'x' }), { reason: 'seccomp.both', first: 'name', second: 'names' }],
    [rule({ action: 'SCMP_ACT_X' }), { reason: 'seccomp.bad-value', kind: 'action', value: 'SCMP_ACT_X' }],
    [rule({ action: 'constructor' }), { reason: 'seccomp.bad-value', kind: 'action', value: 'constructor' }],
    [rule({ args: [{ op: 'X' }] }), { reason: 'seccomp.bad-value', kind: 'operator', value: 'X' }],
    [rule({ args: [{ index: 6, op: 'SCMP_CMP_EQ' }] }), { reason: 'seccomp.bad-argument', syscall: 'mkdir', index: '6' }],
    [rule({ names: [''] }), { reason: 'seccomp.empty-name' }],
    [rule({ action: 'SCMP_ACT_NOTIFY' }), { reason: 'seccomp.no-listener' }],
    ['{"defaultAction":"SCMP_ACT_NOTIFY"}', { reason: 'seccomp.default-notify' }],
    ['{"syscalls":[{"names":["a"]}]}', { reason: 'seccomp.bad-value', kind: 'action', value: '' }],
  ];
  for (const [text, failure] of cases) assert.deepEqual(failureOf(text), failure, text);
});

test('a profile of very many rules is left to the runtime to compile', () => {
  const compiler = { isAvailable: true, compile: () => 'compiled' } as unknown as SeccompCompiler;
  const filters = new SeccompFilters(compiler);
  const programOf = (count: number): string | undefined => {
    const args = [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }];
    const rules = Array.from({ length: count }, () => ({ names: ['mkdir'], action: 'SCMP_ACT_ERRNO', args }));
    const filter = filters.custom(JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: rules }), []);
    return filter && filters.program(filter);
  };
  assert.equal(programOf(100), 'compiled');
  assert.equal(programOf(5000), undefined);
  assert.equal(filters.program(filters.filter([])), 'compiled');
});
