import { ApiError, UnreachableError } from '../client/index.ts';
import { isErrno } from '../base/errors.ts';

/** The text for people: Docker's words where the error comes from the daemon or from its absence. */
export function describeError(error: unknown): string {
  if (error instanceof ApiError) return `Error response from daemon: ${error.message}`;
  if (error instanceof UnreachableError) {
    if (isErrno(error.cause, 'EACCES')) {
      return `permission denied while trying to connect to the pier daemon socket at ${error.host}`;
    }
    // Somebody is there, and one side does not like the other's certificate, or no name server knows the host.
    const code = error.cause instanceof Error && 'code' in error.cause ? String(error.cause.code) : '';
    if (!['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'].includes(code) && error.cause instanceof Error) {
      return `error during connect to ${error.host}: ${error.cause.message}`;
    }
    return `Cannot connect to the pier daemon at ${error.host}. Is the pier daemon running?`;
  }
  // The daemon went away in the middle of an answer.
  if (isErrno(error, 'ECONNRESET')) return 'unexpected EOF';
  return error instanceof Error ? error.message : String(error);
}
