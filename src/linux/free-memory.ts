import { libcFunction } from './libc.ts';

const trim = findTrim();

/**
 * Gives memory that is free, but still held by the C library, back to the kernel: what a burst of work leaves behind.
 * Takes a few milliseconds. Does nothing where the C library has no such function (musl).
 */
export function returnFreeMemory(): void {
  trim?.(0);
}

function findTrim(): ((pad: number) => number) | undefined {
  try {
    return libcFunction<(pad: number) => number>('int malloc_trim(size_t pad)');
  } catch {
    return undefined;
  }
}
