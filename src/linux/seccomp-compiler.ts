/**
 * Compiles filters of system calls to BPF.
 *
 * Compiling takes a runtime about 13 ms of every start; here it is done once for each filter and kept, in memory and on
 * disk: `cacheDir/<hash of filter, architecture and library version>.bpf`, which is a sha256 of the program, then the program.
 *
 * @module
 */
import { createHash } from 'node:crypto';
import { closeSync, fstatSync, mkdirSync, readFileSync, readSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PierError } from '../base/errors.ts';
import { checkSyscall, errnoName, libcFunction } from './libc.ts';
import { libseccomp } from './libseccomp.ts';
import type { Libseccomp } from './libseccomp.ts';
import { answerUnknownSyscalls } from './seccomp-enosys.ts';
import type { KnownSyscalls } from './seccomp-enosys.ts';
import type { SeccompAction, SeccompComparison, SeccompFilter, SeccompRule } from './seccomp-filter.ts';
import { NEW_SYSCALLS } from './new-syscalls.ts';

const memfdCreate = libcFunction<(name: string, flags: number) => number>('int memfd_create(const char *name, unsigned int flags)');

const MFD_CLOEXEC = 1;
/** linux/seccomp.h; the errno is added to ERRNO. */
const ACTIONS: Readonly<Record<SeccompAction, number>> = {
  SCMP_ACT_KILL: 0,
  SCMP_ACT_KILL_THREAD: 0,
  SCMP_ACT_KILL_PROCESS: 0x8000_0000,
  SCMP_ACT_TRAP: 0x0003_0000,
  SCMP_ACT_ERRNO: 0x0005_0000,
  SCMP_ACT_NOTIFY: 0x7fc0_0000,
  /** Likewise; a tracer reads the number. */
  SCMP_ACT_TRACE: 0x7ff0_0000,
  SCMP_ACT_LOG: 0x7ffc_0000,
  SCMP_ACT_ALLOW: 0x7fff_0000,
};
const WITH_NUMBER: ReadonlySet<SeccompAction> = new Set<SeccompAction>(['SCMP_ACT_ERRNO', 'SCMP_ACT_TRACE']);
const PERMISSIVE: ReadonlySet<SeccompAction> = new Set<SeccompAction>([
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
  'SCMP_ACT_TRACE',
]);
/** `enum scmp_compare` */
const COMPARISONS: Readonly<Record<SeccompComparison, number>> = {
  SCMP_CMP_NE: 1,
  SCMP_CMP_LT: 2,
  SCMP_CMP_LE: 3,
  SCMP_CMP_EQ: 4,
  SCMP_CMP_GE: 5,
  SCMP_CMP_GT: 6,
  SCMP_CMP_MASKED_EQ: 7,
};
/** `struct scmp_arg_cmp`: two ints and two 64-bit numbers. */
const COMPARISON_BYTES = 24;
const EPERM = 1;
const ATTR_NNP = 3;
const ATTR_OPTIMIZE = 8;
/** A binary tree over the numbers rather than a list: since libseccomp 2.5. */
const OPTIMIZE_BINARY_TREE = 2;
/** Changes when the same filter is compiled differently, so that old cache files are not used. */
const FORMAT = 1;
const SHA256_BYTES = 32;
const INSTRUCTION_BYTES = 8;

/** Where compiled filters are kept. */
export interface SeccompCompilerConfig {
  /** Made when it is needed; only root may write to it. */
  readonly cacheDir: string;
}

/** Compiles filters, each once. */
export class SeccompCompiler {
  readonly #cacheDir: string;
  readonly #programs = new WeakMap<SeccompFilter, string>();

  constructor(config: SeccompCompilerConfig) {
    this.#cacheDir = config.cacheDir;
  }

  /** Whether this machine can compile at all. */
  get isAvailable(): boolean {
    return libseccomp() !== undefined;
  }

  /**
   * The program of a filter, in base64. The same filter object is answered from memory; about 15 ms the first time ever.
   *
   * @throws {PierError} `Unavailable` without libseccomp; `Internal` if it refuses the filter.
   */
  compile(filter: SeccompFilter): string {
    const known = this.#programs.get(filter);
    if (known !== undefined) return known;
    const library = libseccomp();
    if (library === undefined) throw new PierError('Unavailable', 'Cannot compile seccomp filter: libseccomp.so.2 is not installed');
    const key = createHash('sha256')
      .update(JSON.stringify([FORMAT, library.version, process.arch, filter], withBigints))
      .digest('hex');
    const path = join(this.#cacheDir, `${key}.bpf`);
    const program = readCached(path) ?? this.#compileAndKeep(library, filter, path);
    const text = program.toString('base64');
    this.#programs.set(filter, text);
    return text;
  }

  #compileAndKeep(library: Libseccomp, filter: SeccompFilter, path: string): Buffer {
    const program = compileFilter(library, filter);
    try {
      mkdirSync(this.#cacheDir, { recursive: true, mode: 0o700 });
      const temporary = `${path}.${process.pid}.tmp`;
      writeFileSync(temporary, Buffer.concat([sha256(program), program]), { mode: 0o600 });
      renameSync(temporary, path);
    } catch {
      // A cache that cannot be written (full disk, read-only root) costs the next engine 15 ms, no start fails for it.
    }
    return program;
  }
}

/** The program in a cache file; `undefined` if there is none, or not a whole one. */
function readCached(path: string): Buffer | undefined {
  let content: Buffer;
  try {
    content = readFileSync(path);
  } catch {
    return undefined;
  }
  const program = content.subarray(SHA256_BYTES);
  const isWhole = program.length > 0 && program.length % INSTRUCTION_BYTES === 0;
  return isWhole && sha256(program).equals(content.subarray(0, SHA256_BYTES)) ? program : undefined;
}

function sha256(content: Buffer): Buffer {
  return createHash('sha256').update(content).digest();
}

function compileFilter(library: Libseccomp, filter: SeccompFilter): Buffer {
  const defaultAction = actionValue(filter.defaultAction, filter.defaultErrnoRet);
  const context = library.init(defaultAction);
  if (context === null) throw new PierError('Internal', 'Cannot compile seccomp filter: libseccomp gave no context');
  try {
    // The container's own setting of no_new_privs counts, not the library's habit of turning it on.
    check(library.attrSet(context, ATTR_NNP, 0), 'turn off no_new_privs');
    // Older libraries do not know it, and a list works as well.
    library.attrSet(context, ATTR_OPTIMIZE, OPTIMIZE_BINARY_TREE);
    const tokens = architectureTokens(library, filter);
    const rules = filter.syscalls.filter((rule) => actionValue(rule.action, rule.errnoRet) !== defaultAction);
    addByNumber(library, context, tokens, rules);
    for (const token of tokens.slice(1)) check(library.archAdd(context, token), 'add an architecture');
    addByName(library, context, tokens[0] ?? 0, rules);
    const program = exportProgram(library, context);
    // What is allowed unless it is named needs no answer of "not there".
    if (PERMISSIVE.has(filter.defaultAction)) return program;
    return answerUnknownSyscalls(
      program,
      tokens.map((token) => knownSyscalls(library, token, rules)),
    );
  } finally {
    library.release(context);
  }
}

function architectureTokens(library: Libseccomp, filter: SeccompFilter): number[] {
  return filter.architectures
    .map((name) => library.archResolveName(name.replace('SCMP_ARCH_', '').toLowerCase()))
    .filter((token) => token !== 0);
}

/**
 * Adds the calls that are younger than the library, by number. This works only while the native architecture is the
 * only one: for others the library looks for the name of the number.
 */
function addByNumber(library: Libseccomp, context: unknown, tokens: readonly number[], rules: readonly SeccompRule[]): void {
  for (const rule of rules) {
    for (const name of rule.names) {
      const number = NEW_SYSCALLS[name];
      if (number !== undefined && isUnknown(library, tokens[0] ?? 0, name)) addRule(library, context, rule, number);
    }
  }
}

/** Adds the calls that the library knows; it skips those which an architecture lacks. Names that nobody knows stay refused. */
function addByName(library: Libseccomp, context: unknown, token: number, rules: readonly SeccompRule[]): void {
  for (const rule of rules) {
    for (const name of rule.names) {
      if (!isUnknown(library, token, name)) addRule(library, context, rule, library.syscallResolveName(token, name));
    }
  }
}

/** `__NR_SCMP_ERROR`; numbers below it are the library's marks for calls of other architectures. */
function isUnknown(library: Libseccomp, token: number, name: string): boolean {
  return library.syscallResolveName(token, name) === -1;
}

function addRule(library: Libseccomp, context: unknown, rule: SeccompRule, number: number): void {
  const args = rule.args ?? [];
  const comparisons = Buffer.alloc(COMPARISON_BYTES * args.length);
  for (const [at, { index, op, value, valueTwo }] of args.entries()) {
    const offset = at * COMPARISON_BYTES;
    comparisons.writeUInt32LE(index, offset);
    comparisons.writeUInt32LE(COMPARISONS[op], offset + 4);
    comparisons.writeBigUInt64LE(BigInt(value), offset + 8);
    comparisons.writeBigUInt64LE(BigInt(valueTwo ?? 0), offset + 16);
  }
  const result = library.ruleAddArray(context, actionValue(rule.action, rule.errnoRet), number, args.length, comparisons);
  // A rule that is there already says the same.
  if (result < 0 && errnoName(-result) !== 'EEXIST') check(result, `add a rule for ${rule.names.join(', ')}`);
}

function knownSyscalls(library: Libseccomp, token: number, rules: readonly SeccompRule[]): KnownSyscalls {
  const numbers = rules.flatMap((rule) =>
    rule.names.map((name) => {
      const number = library.syscallResolveName(token, name);
      return number === -1 ? (NEW_SYSCALLS[name] ?? -1) : number;
    }),
  );
  return { token, highest: numbers.reduce((a, b) => Math.max(a, b), -1) };
}

function exportProgram(library: Libseccomp, context: unknown): Buffer {
  const fd = checkSyscall(memfdCreate('seccomp', MFD_CLOEXEC), 'memfd_create');
  try {
    check(library.exportBpf(context, fd), 'export the program');
    const program = Buffer.alloc(fstatSync(fd).size);
    readSync(fd, program, 0, program.length, 0);
    return program;
  } finally {
    closeSync(fd);
  }
}

function actionValue(action: SeccompAction, errno = EPERM): number {
  return WITH_NUMBER.has(action) ? (ACTIONS[action] | errno) >>> 0 : ACTIONS[action];
}

function withBigints(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

function check(result: number, step: string): void {
  if (result < 0) throw new PierError('Internal', `Cannot compile seccomp filter: libseccomp could not ${step}: ${errnoName(-result)}`);
}
