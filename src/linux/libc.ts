/**
 * The one door to the C library: symbols of the running process, found through koffi.
 *
 * `koffi.load(null)` opens the process itself, so the same code serves glibc and musl.
 *
 * @module
 */
import { constants } from 'node:os';
import koffi from 'koffi';
import { SyscallError } from '../base/errors.ts';

const libc = koffi.load(null);

/** Second names of numbers on Linux; the kernel's documents use the other. */
const ALIASES: ReadonlySet<string> = new Set(['EWOULDBLOCK', 'ENOTSUP']);

const ERRNO_NAMES = new Map<number, string>(
  Object.entries(constants.errno).flatMap(([name, value]) => (ALIASES.has(name) ? [] : [[value, name]])),
);

/**
 * Binds a C function.
 *
 * @param declaration A C prototype as koffi reads it: `int umount2(const char *target, int flags)`.
 * `F` is its TypeScript signature; the caller answers for it.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- it names the result's type, which nothing can infer
export function libcFunction<F extends (...args: never[]) => unknown>(declaration: string): F {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the prototype and F are written side by side
  return libc.func(declaration) as unknown as F;
}

/** The symbolic name of an errno: `ENOENT`. `E<number>` where Node knows none. */
export function errnoName(errno: number = koffi.errno()): string {
  return ERRNO_NAMES.get(errno) ?? `E${errno}`;
}

/**
 * Turns the C convention of -1 and errno into an exception. Call it on the result at once, before anything resets errno.
 *
 * @param result What the call returned.
 * @param call The call's name, for the message.
 * @param path What it was about, for the message.
 * @returns The result when it is not negative.
 * @throws {SyscallError} when it is.
 */
export function checkSyscall(result: number, call: string, path?: string): number {
  if (result < 0) throw new SyscallError(call, errnoName(), path);
  return result;
}

/** Where a buffer's bytes lie. The buffer must be kept alive for as long as the address is used. */
export function addressOf(buffer: Buffer): bigint {
  return koffi.address(buffer);
}
