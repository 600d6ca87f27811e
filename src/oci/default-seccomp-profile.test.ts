import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { SeccompCompiler } from '../linux/index.ts';
import { DEFAULT_CAPABILITIES } from './default-capabilities.ts';
import { SeccompFilters } from './seccomp-filters.ts';

const ALLOW = 0x7fff_0000;
const ERRNO = 0x0005_0000;
const EPERM = ERRNO | 1;
const ENOSYS = ERRNO | 38;
const AUDIT = { x64: 0xc000_003e, i386: 0x4000_0003 };

/** What the kernel's BPF machine makes of one system call; just the instructions that seccomp filters are made of. */
function judge(program: Buffer, architecture: number, number: number, args: readonly bigint[] = []): number {
  const data = Buffer.alloc(64);
  data.writeUInt32LE(number, 0);
  data.writeUInt32LE(architecture, 4);
  for (const [index, value] of args.entries()) data.writeBigUInt64LE(value, 16 + index * 8);
  let accumulator = 0;
  for (let at = 0; ; at++) {
    const code = program.readUInt16LE(at * 8);
    const constant = program.readUInt32LE(at * 8 + 4);
    const jump = (isTrue: boolean): void => void (at += program.readUInt8(at * 8 + (isTrue ? 2 : 3)));
    if (code === 0x20) accumulator = data.readUInt32LE(constant);
    else if (code === 0x54) accumulator = (accumulator & constant) >>> 0;
    else if (code === 0x05) at += constant;
    else if (code === 0x15) jump(accumulator === constant);
    else if (code === 0x25) jump(accumulator > constant);
    else if (code === 0x35) jump(accumulator >= constant);
    else if (code === 0x45) jump((accumulator & constant) !== 0);
    else if (code === 0x06) return constant;
    else throw new Error(`unknown BPF instruction 0x${code.toString(16)}`);
  }
}

const isAvailable = new SeccompCompiler({ cacheDir: '/nonexistent' }).isAvailable;
const skip = process.arch !== 'x64' ? 'knows the numbers of x86-64' : !isAvailable && 'needs libseccomp';

describe('default seccomp profile, compiled', { skip }, () => {
  let dir = '';
  let filters: SeccompFilters;
  before(() => {
    dir = mkdtempSync(join(tmpdir(), 'pier-seccomp-'));
    filters = new SeccompFilters(new SeccompCompiler({ cacheDir: dir }));
  });
  after(() => rmSync(dir, { recursive: true }));

  const judgeWith = (capabilities: readonly string[], number: number, args: readonly bigint[] = [], architecture = AUDIT.x64): number =>
    judge(Buffer.from(filters.program(filters.filter(capabilities)) ?? '', 'base64'), architecture, number, args);
  const judgeDefault = (number: number, ...args: bigint[]): number => judgeWith(DEFAULT_CAPABILITIES, number, args);

  test('allows the everyday calls', () => {
    const calls = { read: 0, mmap: 9, ioctl: 16, socketpair: 53, fork: 57, execve: 59, ptrace: 101, chroot: 161, openat: 257, statx: 332 };
    for (const [name, number] of Object.entries(calls)) assert.equal(judgeDefault(number), ALLOW, name);
  });

  test('allows calls that are younger than the installed libseccomp', () => {
    const calls = { fchmodat2: 452, futex_wake: 454, statmount: 457, mseal: 462, removexattrat: 466 };
    for (const [name, number] of Object.entries(calls)) assert.equal(judgeDefault(number), ALLOW, name);
  });

  test('refuses what reaches the machine', () => {
    const calls = {
      mount: 165,
      umount2: 166,
      swapon: 167,
      reboot: 169,
      init_module: 175,
      acct: 163,
      settimeofday: 164,
      iopl: 172,
      keyctl: 250,
      add_key: 248,
      unshare: 272,
      perf_event_open: 298,
      open_by_handle_at: 304,
      setns: 308,
      kcmp: 312,
      bpf: 321,
      userfaultfd: 323,
      io_uring_setup: 425,
      fsopen: 430,
      mount_setattr: 442,
    };
    for (const [name, number] of Object.entries(calls)) assert.equal(judgeDefault(number), EPERM, name);
  });

  test('answers "no such call" to calls that are younger than the profile', () => {
    assert.equal(judgeDefault(467), ENOSYS);
    assert.equal(judgeDefault(1000), ENOSYS);
    assert.equal(judgeWith(DEFAULT_CAPABILITIES, 1000, [], AUDIT.i386), ENOSYS);
    // A gap in the middle is a refusal, not an absence.
    assert.equal(judgeDefault(425), EPERM);
  });

  test('clone() makes processes, no namespaces; clone3() is absent', () => {
    const CLONE = 56;
    assert.equal(judgeDefault(CLONE, 0x0100_0011n), ALLOW);
    for (const flag of [0x0002_0000n, 0x0200_0000n, 0x0400_0000n, 0x0800_0000n, 0x1000_0000n, 0x2000_0000n, 0x4000_0000n]) {
      assert.equal(judgeDefault(CLONE, flag | 17n), EPERM, flag.toString(16));
    }
    assert.equal(judgeDefault(435), ENOSYS);
    assert.equal(judgeWith(['CAP_SYS_ADMIN'], 435), ALLOW);
    assert.equal(judgeWith(['CAP_SYS_ADMIN'], CLONE, [0x1000_0000n]), ALLOW);
  });

  test('socket() of every family but vsock and the crypto interface', () => {
    const SOCKET = 41;
    for (const family of [1n, 2n, 10n, 16n, 37n, 39n, 41n]) assert.equal(judgeDefault(SOCKET, family), ALLOW, `family ${family}`);
    for (const family of [38n, 40n]) assert.equal(judgeDefault(SOCKET, family), EPERM, `family ${family}`);
  });

  test('personality() of the harmless kinds', () => {
    const PERSONALITY = 135;
    for (const value of [0n, 8n, 0x2_0000n, 0x2_0008n, 0xffff_ffffn]) assert.equal(judgeDefault(PERSONALITY, value), ALLOW);
    // ADDR_NO_RANDOMIZE would switch a defence off.
    assert.equal(judgeDefault(PERSONALITY, 0x4_0000n), EPERM);
  });

  test('a capability opens its calls and no others', () => {
    assert.equal(judgeWith(['CAP_SYS_ADMIN'], 165), ALLOW);
    assert.equal(judgeWith(['CAP_SYS_ADMIN'], 169), EPERM);
    assert.equal(judgeWith(['CAP_SYS_BOOT'], 169), ALLOW);
    assert.equal(judgeWith([], 161), EPERM, 'chroot');
  });

  test('judges 32-bit calls by their own numbers, and kills foreign architectures', () => {
    const I386 = { read: 3, mount: 21 };
    assert.equal(judgeWith(DEFAULT_CAPABILITIES, I386.read, [], AUDIT.i386), ALLOW);
    assert.equal(judgeWith(DEFAULT_CAPABILITIES, I386.mount, [], AUDIT.i386), EPERM);
    assert.equal(judgeWith(DEFAULT_CAPABILITIES, 0, [], 0xc000_00b7), 0);
    assert.equal(judgeWith(DEFAULT_CAPABILITIES, 0x4000_0000), ALLOW, 'x32 read');
    assert.equal(judgeWith(DEFAULT_CAPABILITIES, 0x4000_0000 + 165), EPERM, 'x32 mount');
    assert.equal(judgeWith(DEFAULT_CAPABILITIES, 0x4000_0000 + 1000), ENOSYS, 'x32 beyond its end');
  });

  test('program() compiles once for the same capabilities in any order', () => {
    const first = filters.program(filters.filter(['CAP_KILL', 'CAP_CHOWN']));
    assert.equal(filters.filter(['CAP_CHOWN', 'CAP_KILL']), filters.filter(['CAP_KILL', 'CAP_CHOWN']));
    assert.equal(filters.program(filters.filter(['CAP_CHOWN', 'CAP_KILL'])), first);
  });
});
