import { PierError } from '../base/errors.ts';

/** What a connection over TLS shows of itself and asks of the other side. PEM texts. */
export interface TlsMaterial {
  /** Only certificates signed by these are trusted; without it those that the system trusts. */
  readonly ca?: Buffer | undefined;
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  /** Any certificate will do. */
  readonly skipsVerification: boolean;
}

/** Where a daemon listens, once understood. */
export type HostAddress = UnixAddress | TcpAddress;

/** A unix socket. */
export interface UnixAddress {
  /** As it was given, for messages. */
  readonly host: string;
  readonly socketPath: string;
}

/** A TCP port. */
export interface TcpAddress {
  /** As it was given, for messages. */
  readonly host: string;
  readonly hostname: string;
  readonly port: number;
  /** Absent for a connection in clear text. */
  readonly tls?: TlsMaterial;
}

const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/**
 * Reads the address of a daemon.
 *
 * @param host `unix:///path/to/socket` or `tcp://name[:port]`; a bare absolute path is neither.
 * @param tls Makes a TCP connection one over TLS, and 2376 its port unless another is named.
 * @throws {PierError} `NotImplemented` for `ssh://` and other schemes of Docker's, `InvalidArgument` for anything else.
 */
export function parseHost(host: string, tls?: TlsMaterial): HostAddress {
  const scheme = /^([a-z]+):\/\//.exec(host)?.[1];
  if (scheme === 'unix' && host.length > 'unix://'.length) return { host, socketPath: host.slice('unix://'.length) };
  if (scheme === 'tcp') return parseTcp(host, tls);
  if (scheme === 'ssh') {
    const remedy = `forward the socket instead: ssh -nNT -L /run/remote.sock:/run/pier/pier.sock ${host.slice('ssh://'.length)}, then -H unix:///run/remote.sock`;
    throw new PierError('NotImplemented', `Cannot connect to "${host}": ssh:// is not supported yet; ${remedy}`);
  }
  if (scheme === 'fd' || scheme === 'npipe' || scheme === 'http' || scheme === 'https') {
    throw new PierError('NotImplemented', `Cannot connect to "${host}": ${scheme}:// is not supported, only unix:// and tcp://`);
  }
  throw new PierError('InvalidArgument', `Cannot parse daemon address "${host}": expected unix:///path/to/socket or tcp://name:port`);
}

function parseTcp(host: string, tls: TlsMaterial | undefined): TcpAddress {
  const match = /^tcp:\/\/(\[[0-9a-fA-F:.]+\]|[^/:[\]]+)(?::(\d{1,5}))?\/?$/.exec(host);
  const port = match?.[2] === undefined ? (tls === undefined ? PLAIN_PORT : TLS_PORT) : Number(match[2]);
  if (match?.[1] === undefined || port === 0 || port > 65_535) {
    throw new PierError('InvalidArgument', `Cannot parse daemon address "${host}": expected tcp://name:port`);
  }
  return { host, hostname: match[1].replace(/^\[|\]$/g, ''), port, ...(tls !== undefined && { tls }) };
}
