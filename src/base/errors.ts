/**
 * The errors every layer throws.
 *
 * A caller reacts to an error's {@linkcode ErrorCode}, never to its message. The codes are a closed set, so a front can
 * translate them with one exhaustive table. Where a front needs more than the code to find its own words (Docker's texts
 * exist only in `api/`), the error carries a `reason`, a stable dotted name, and `facts`, the values that belong in the text.
 *
 * @module
 */

/** Why an operation did not happen, in words that suit every front. */
export type ErrorCode =
  | 'AlreadyExists'
  | 'Cancelled'
  | 'Conflict' // Something's state is in the way; changing that state clears it.
  | 'DataLoss' // Stored or received bytes are not what they must be.
  | 'Internal'
  | 'InvalidArgument'
  | 'NotFound'
  | 'NotImplemented'
  | 'NotModified'
  | 'PermissionDenied'
  | 'ResourceExhausted'
  | 'Unauthenticated'
  | 'Unavailable';

/** Values that belong in a front's text, by name. */
export type ErrorFacts = Readonly<Record<string, string>>;

/** What an error may carry besides its code and message. */
export interface PierErrorOptions extends ErrorOptions {
  /** A stable dotted name for the situation, for example `container.name-taken`. */
  readonly reason?: string;
  /** Values that belong in a front's text, for example `{ name: 'web', holder: '5c1f…' }`. */
  readonly facts?: ErrorFacts;
}

/** An error with a code that callers may act on. */
export class PierError extends Error {
  readonly code: ErrorCode;
  /** A stable dotted name for the situation; `undefined` where the code says enough. */
  readonly reason: string | undefined;
  readonly facts: ErrorFacts;

  /**
   * @param code What the caller can do about it.
   * @param message The action and its subject, without a final period: `Cannot commit layer "sha256:ab…"`.
   * @param options `cause` is the error that led here; it is kept, not copied into the message.
   */
  constructor(code: ErrorCode, message: string, options?: PierErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
    this.reason = options?.reason;
    this.facts = options?.facts ?? {};
  }
}

/** A system call that failed. Its code follows from the errno. */
export class SyscallError extends PierError {
  /** The call's name, for example `mount`. */
  readonly call: string;
  /** The errno's symbolic name, for example `ENOENT`. */
  readonly errno: string;
  readonly path: string | undefined;

  constructor(call: string, errno: string, path?: string) {
    super(codeOfErrno(errno), `Cannot ${call}${path === undefined ? '' : ` "${path}"`}: ${errno}`);
    this.call = call;
    this.errno = errno;
    this.path = path;
  }
}

/** The code that an errno stands for; `Internal` for those that say nothing to a caller. */
export function codeOfErrno(errno: string): ErrorCode {
  switch (errno) {
    case 'ENOENT':
    case 'ESRCH':
      return 'NotFound';
    case 'EEXIST':
      return 'AlreadyExists';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'PermissionDenied';
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOMEM':
      return 'ResourceExhausted';
    case 'EBUSY':
      return 'Conflict';
    case 'EINVAL':
    case 'ENAMETOOLONG':
      return 'InvalidArgument';
    default:
      return 'Internal';
  }
}

/**
 * Finds the first {@linkcode PierError} in an error's chain of causes.
 *
 * @param error Any thrown value.
 */
export function findPierError(error: unknown): PierError | undefined {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof PierError) return e;
  }
  return undefined;
}

/**
 * Tells whether an error, or any error that caused it, carries a code.
 *
 * @param error Any thrown value.
 * @param code The code to look for.
 */
export function hasCode(error: unknown, code: ErrorCode): boolean {
  for (let e = error; e instanceof Error; e = e.cause) {
    if (e instanceof PierError && e.code === code) return true;
  }
  return false;
}

/** Tells whether a thrown value is Node's error for an errno, for example `ENOENT`. */
export function isErrno(error: unknown, errno: string): boolean {
  if (error instanceof SyscallError) return error.errno === errno;
  return error instanceof Error && 'code' in error && error.code === errno;
}

/** The errno of a failed system call, ours or Node's; `undefined` for every other error. */
export function errnoOf(error: unknown): string | undefined {
  if (error instanceof SyscallError) return error.errno;
  return error instanceof Error && 'syscall' in error && 'code' in error ? String(error.code) : undefined;
}
