import { readFileSync } from 'node:fs';

/** What each x86-64 level asks for beyond the one before, as /proc/cpuinfo names it. System V ABI, AMD64 supplement. */
const LEVELS: readonly (readonly string[])[] = [
  ['cx16', 'lahf_lm', 'popcnt', 'pni', 'sse4_1', 'sse4_2', 'ssse3'],
  ['abm', 'avx', 'avx2', 'bmi1', 'bmi2', 'f16c', 'fma', 'movbe', 'xsave'],
  ['avx512bw', 'avx512cd', 'avx512dq', 'avx512f', 'avx512vl'],
];

/**
 * The x86-64 level of this machine's processor: 1 to 4.
 *
 * @param cpuInfo The text of /proc/cpuinfo.
 */
export function x86Level(cpuInfo: string = readFileSync('/proc/cpuinfo', 'utf8')): number {
  const flags = new Set(/^flags\s*:(.*)$/m.exec(cpuInfo)?.[1]?.split(' '));
  const missing = LEVELS.findIndex((level) => level.some((flag) => !flags.has(flag)));
  return missing === -1 ? LEVELS.length + 1 : missing + 1;
}
