/** A filter of system calls, not yet compiled. Its shape is that of `linux.seccomp` in the OCI runtime specification. */
export interface SeccompFilter {
  readonly defaultAction: SeccompAction;
  /** Errno of `SCMP_ACT_ERRNO`; EPERM if absent. */
  readonly defaultErrnoRet?: number;
  /** `SCMP_ARCH_X86_64`, …: the machine's own first, then those that it also runs. */
  readonly architectures: readonly string[];
  readonly syscalls: readonly SeccompRule[];
}

/** What happens to a system call. */
export type SeccompAction =
  | 'SCMP_ACT_ALLOW'
  | 'SCMP_ACT_ERRNO'
  | 'SCMP_ACT_KILL'
  | 'SCMP_ACT_KILL_PROCESS'
  | 'SCMP_ACT_KILL_THREAD'
  | 'SCMP_ACT_LOG'
  | 'SCMP_ACT_TRAP';

/** One rule for several system calls. All `args` must match. */
export interface SeccompRule {
  readonly names: readonly string[];
  readonly action: SeccompAction;
  readonly errnoRet?: number;
  readonly args?: readonly SeccompArgument[];
}

/** How an argument is compared. */
export type SeccompComparison =
  | 'SCMP_CMP_NE'
  | 'SCMP_CMP_LT'
  | 'SCMP_CMP_LE'
  | 'SCMP_CMP_EQ'
  | 'SCMP_CMP_GE'
  | 'SCMP_CMP_GT'
  | 'SCMP_CMP_MASKED_EQ';

/** A condition on an argument. For `SCMP_CMP_MASKED_EQ`, `value` is the mask and `valueTwo` what is left under it (0 if absent). */
export interface SeccompArgument {
  readonly index: number;
  readonly value: number;
  readonly valueTwo?: number;
  readonly op: SeccompComparison;
}
