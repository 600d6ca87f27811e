/** A filter of system calls, not yet compiled. Its shape is that of `linux.seccomp` in the OCI runtime specification. */
export interface SeccompFilter {
  readonly defaultAction: SeccompAction;
  /** Errno of `SCMP_ACT_ERRNO`; EPERM if absent. */
  readonly defaultErrnoRet?: number;
  /** `SCMP_ARCH_X86_64`, …: the machine's own first, then those that it also runs. */
  readonly architectures: readonly string[];
  /** `SECCOMP_FILTER_FLAG_LOG`, …: how it is installed, which the runtime does. */
  readonly flags?: readonly string[];
  readonly syscalls: readonly SeccompRule[];
}

const ACTIONS = [
  'SCMP_ACT_ALLOW',
  'SCMP_ACT_ERRNO',
  'SCMP_ACT_KILL',
  'SCMP_ACT_KILL_PROCESS',
  'SCMP_ACT_KILL_THREAD',
  'SCMP_ACT_LOG',
  'SCMP_ACT_NOTIFY',
  'SCMP_ACT_TRACE',
  'SCMP_ACT_TRAP',
] as const;

/** What happens to a system call. */
export type SeccompAction = (typeof ACTIONS)[number];

/** Tells whether a word is an action's name. */
export function isSeccompAction(word: string): word is SeccompAction {
  return ACTIONS.some((action) => action === word);
}

/** One rule for several system calls. All `args` must match. */
export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: SeccompAction;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[];
}

const COMPARISONS = [
  'SCMP_CMP_NE',
  'SCMP_CMP_LT',
  'SCMP_CMP_LE',
  'SCMP_CMP_EQ',
  'SCMP_CMP_GE',
  'SCMP_CMP_GT',
  'SCMP_CMP_MASKED_EQ',
] as const;

/** How an argument is compared. */
export type SeccompComparison = (typeof COMPARISONS)[number];

/** Tells whether a word is a comparison's name. */
export function isSeccompComparison(word: string): word is SeccompComparison {
  return COMPARISONS.some((comparison) => comparison === word);
}

const ARCHITECTURES: ReadonlySet<string> = new Set(
  (
    'X86 X86_64 X32 ARM AARCH64 MIPS MIPS64 MIPS64N32 MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X PARISC PARISC64 ' +
    'RISCV64 LOONGARCH64 M68K SH SHEB'
  )
    .split(' ')
    .map((name) => `SCMP_ARCH_${name}`),
);

/** Tells whether a word is an architecture's name. */
export function isSeccompArchitecture(word: string): boolean {
  return ARCHITECTURES.has(word);
}

/** A condition on an argument. For `SCMP_CMP_MASKED_EQ`, `value` is the mask and `valueTwo` what is left under it (0 if absent). */
export interface SeccompArgument {
  readonly index: number;
  readonly value: number | bigint;
  readonly valueTwo?: number | bigint;
  readonly op: SeccompComparison;
}
