import { PierError } from '../base/errors.ts';
import type { ErrorCode } from '../base/errors.ts';

/** An answer of the daemon that says no. Its message is the daemon's own text. */
export class ApiError extends PierError {
  /** The HTTP status. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(codeOfStatus(status), message);
    this.status = status;
  }
}

/** No daemon answers at the address. */
export class UnreachableError extends PierError {
  /** The address as given: `unix:///run/pier/pier.sock`. */
  readonly host: string;

  /** @param cause What the connection attempt said; `EACCES` means that a daemon may run but this user may not reach it. */
  constructor(host: string, cause: unknown) {
    super('Unavailable', `Cannot connect to the daemon at "${host}": ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.host = host;
  }
}

function codeOfStatus(status: number): ErrorCode {
  switch (status) {
    case 304:
      return 'NotModified';
    case 400:
      return 'InvalidArgument';
    case 401:
      return 'Unauthenticated';
    case 403:
      return 'PermissionDenied';
    case 404:
      return 'NotFound';
    case 409:
      return 'Conflict';
    case 501:
      return 'NotImplemented';
    case 503:
      return 'Unavailable';
    default:
      return 'Internal';
  }
}
