import type { RuntimeProcess, RuntimeSpec } from './runtime-spec.ts';

/** `RLIM_INFINITY`, which no number of this language holds exactly. */
const RLIM_INFINITY = '18446744073709551615';

// In Node since 21, in TypeScript's library not yet.
declare global {
  interface JSON {
    rawJSON(text: string): unknown;
  }
}

/**
 * JSON for a runtime to read: limits of processes of -1 become the kernel's infinity, which is how runtimes know it, and
 * numbers of seccomp filters that are too large for this language stay what they are.
 *
 * @param value A whole config or its process.
 * @param process Whose limits are in it.
 */
export function runtimeJson(value: RuntimeSpec | RuntimeProcess, process: RuntimeProcess): string {
  const seccomp = 'linux' in value ? value.linux.seccomp : undefined;
  // A replacer is asked about every key, and what it is for is rare.
  if (process.rlimits === undefined && seccomp === undefined) return JSON.stringify(value);
  return JSON.stringify(value, (key, item: unknown) => {
    if (typeof item === 'bigint') return JSON.rawJSON(String(item));
    return (key === 'soft' || key === 'hard') && item === -1 ? JSON.rawJSON(RLIM_INFINITY) : item;
  });
}
