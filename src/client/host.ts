import { PierError } from '../base/errors.ts';

/** Where a daemon listens, once understood. */
export interface HostAddress {
  /** As it was given, for messages. */
  readonly host: string;
  readonly socketPath: string;
}

/**
 * Reads the address of a daemon.
 *
 * @param host `unix:///path/to/socket`; a bare absolute path is not one.
 * @throws {PierError} `NotImplemented` for `tcp://` and `ssh://`, `InvalidArgument` for anything else.
 */
export function parseHost(host: string): HostAddress {
  const scheme = /^([a-z]+):\/\//.exec(host)?.[1];
  if (scheme === 'unix' && host.length > 'unix://'.length) return { host, socketPath: host.slice('unix://'.length) };
  if (scheme === 'tcp' || scheme === 'ssh' || scheme === 'http' || scheme === 'https') {
    throw new PierError('NotImplemented', `Cannot connect to "${host}": ${scheme}:// is not supported yet, only unix://`);
  }
  throw new PierError('InvalidArgument', `Cannot parse daemon address "${host}": expected unix:///path/to/socket`);
}
