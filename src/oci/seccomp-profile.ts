import type { SeccompFilter, SeccompRule } from '../linux/index.ts';

/** When a rule counts. Architectures are the kernel's names for people: `amd64`, `x86`, `arm64`. */
export interface SeccompCondition {
  readonly arches?: readonly string[];
  /** `CAP_…`: for `includes` all of them, for `excludes` any of them. */
  readonly caps?: readonly string[];
  /** `MAJOR.MINOR`: at least this kernel. */
  readonly minKernel?: string;
}

/** A rule with the conditions under which it is part of the filter. */
export interface SeccompProfileRule extends SeccompRule {
  readonly comment?: string;
  readonly includes?: SeccompCondition;
  readonly excludes?: SeccompCondition;
}

/** Docker's format of a seccomp profile: a filter for every machine and every set of capabilities at once. */
export interface SeccompProfile {
  readonly defaultAction: SeccompFilter['defaultAction'];
  readonly defaultErrnoRet?: number;
  /** Architectures by the machine's own. */
  readonly archMap: readonly { readonly architecture: string; readonly subArchitectures: readonly string[] | null }[];
  readonly syscalls: readonly SeccompProfileRule[];
}

/** What a profile is resolved for. */
export interface SeccompTarget {
  /** Node's name: `process.arch`. */
  readonly arch: string;
  /** As `uname -r` prints it: `6.1.0-18-amd64`. */
  readonly kernelVersion: string;
  /** Of the container. */
  readonly capabilities: readonly string[];
}

/** Node's architecture → the profile's name, and libseccomp's. */
const ARCHITECTURES: Readonly<Record<string, readonly [name: string, token: string]>> = {
  x64: ['amd64', 'SCMP_ARCH_X86_64'],
  ia32: ['x86', 'SCMP_ARCH_X86'],
  arm64: ['arm64', 'SCMP_ARCH_AARCH64'],
  arm: ['arm', 'SCMP_ARCH_ARM'],
  loong64: ['loong64', 'SCMP_ARCH_LOONGARCH64'],
  ppc64: ['ppc64le', 'SCMP_ARCH_PPC64LE'],
  riscv64: ['riscv64', 'SCMP_ARCH_RISCV64'],
  s390x: ['s390x', 'SCMP_ARCH_S390X'],
};

/** The filter that a profile means for one machine and one set of capabilities. */
export function resolveSeccompProfile(profile: SeccompProfile, target: SeccompTarget): SeccompFilter {
  return {
    defaultAction: profile.defaultAction,
    ...(profile.defaultErrnoRet === undefined ? {} : { defaultErrnoRet: profile.defaultErrnoRet }),
    architectures: nativeArchitectures(profile.archMap, target),
    syscalls: profile.syscalls.filter((rule) => countsFor(target, rule.includes ?? {}, rule.excludes ?? {})).map(bareRule),
  };
}

/** The machine's own architecture and those that it also runs, in libseccomp's words. */
export function nativeArchitectures(archMap: SeccompProfile['archMap'], target: SeccompTarget): readonly string[] {
  const token = ARCHITECTURES[target.arch]?.[1];
  const map = archMap.find(({ architecture }) => architecture === token);
  // An architecture that is not in the filter is refused as a whole by libseccomp.
  return map === undefined ? (token === undefined ? [] : [token]) : [map.architecture, ...(map.subArchitectures ?? [])];
}

/** Tells whether a rule with these conditions is part of the filter for a machine and its capabilities. */
export function countsFor(target: SeccompTarget, includes: SeccompCondition, excludes: SeccompCondition): boolean {
  const arch = ARCHITECTURES[target.arch]?.[0] ?? target.arch;
  const capabilities = new Set(target.capabilities);
  const isIncluded = ({ arches = [], caps = [], minKernel }: SeccompCondition): boolean =>
    (arches.length === 0 || arches.includes(arch)) &&
    caps.every((name) => capabilities.has(name)) &&
    (minKernel === undefined || isKernelAtLeast(target.kernelVersion, minKernel));
  const isExcluded = ({ arches = [], caps = [], minKernel }: SeccompCondition): boolean =>
    arches.includes(arch) ||
    caps.some((name) => capabilities.has(name)) ||
    (minKernel !== undefined && isKernelAtLeast(target.kernelVersion, minKernel));
  return isIncluded(includes) && !isExcluded(excludes);
}

function bareRule({ names, action, errnoRet, args }: SeccompProfileRule): SeccompRule {
  return { names, action, ...(errnoRet === undefined ? {} : { errnoRet }), ...(args === undefined ? {} : { args }) };
}

function isKernelAtLeast(version: string, minimum: string): boolean {
  const [major = 0, minor = 0] = version.split(/[.-]/).map(Number);
  const [minMajor = 0, minMinor = 0] = minimum.split('.').map(Number);
  return major === minMajor ? minor >= minMinor : major > minMajor;
}
