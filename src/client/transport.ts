import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { UnreachableError } from './api-error.ts';
import type { HostAddress, TcpAddress } from './host.ts';
import { TolerantSocket } from './tolerant-socket.ts';

// An import statement would read every export of the module, and one of them is a getter that loads a WebSocket client: 70 ms.
const { request: httpRequest } = process.getBuiltinModule('node:http');

/** One HTTP request, with its path as the server sees it. */
export interface WireRequest {
  readonly method: string;
  /** With version and query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Readable | undefined;
  /** Ask for the connection itself in place of a body (`Upgrade: tcp`). */
  readonly upgrade: boolean;
  readonly signal: AbortSignal | undefined;
}

/** The answer's head; its body is still to be read. */
export interface WireResponse {
  readonly status: number;
  readonly message: IncomingMessage;
  /** The connection, once the server has given it up. Only after {@linkcode WireRequest.upgrade}. */
  readonly socket?: Socket;
}

/**
 * Opens a connection.
 *
 * @throws {UnreachableError} If nobody listens.
 */
export async function connect(address: HostAddress): Promise<Socket> {
  const socket = await open(address);
  return 'tls' in address && address.tls !== undefined ? await secure(socket, address) : socket;
}

function open(address: HostAddress): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = new TolerantSocket({ allowHalfOpen: true });
    socket.once('connect', () => {
      socket.off('error', fail);
      resolve(socket);
    });
    const fail = (error: Error): void => reject(new UnreachableError(address.host, error));
    socket.once('error', fail);
    if ('socketPath' in address) socket.connect(address.socketPath);
    else socket.connect({ host: address.hostname, port: address.port }).setNoDelay();
  });
}

/** Puts TLS over a connection. What is wrong with the other side's certificate is thrown, with what Node says of it. */
async function secure(socket: Socket, { hostname, tls, host }: TcpAddress): Promise<Socket> {
  const { connect: connectTls } = await import('node:tls');
  const { isIP } = await import('node:net');
  return await new Promise((resolve, reject) => {
    const secured = connectTls({
      socket,
      // A name that is an address may not be sent as one; the certificate is held against it all the same.
      ...(isIP(hostname) === 0 && { servername: hostname }),
      host: hostname,
      ...(tls?.ca !== undefined && { ca: tls.ca }),
      ...(tls?.cert !== undefined && { cert: tls.cert }),
      ...(tls?.key !== undefined && { key: tls.key }),
      rejectUnauthorized: tls?.skipsVerification !== true,
    });
    const fail = (error: Error): void => {
      socket.destroy();
      reject(new UnreachableError(host, error));
    };
    secured.once('error', fail);
    secured.once('secureConnect', () => {
      secured.off('error', fail);
      resolve(secured);
    });
  });
}

/**
 * Sends one request over a connection of its own.
 *
 * The connection is opened first and separately, so that a body is touched only when somebody is there to read it.
 *
 * @param socket From {@linkcode connect}.
 * @throws {Error} Node's own, if the connection breaks before the answer's head.
 */
export function exchange(socket: Socket, request: WireRequest): Promise<WireResponse> {
  return new Promise((resolve, reject) => {
    const { body } = request;
    const headers: Record<string, string> = { Host: 'docker', 'User-Agent': 'pier', ...request.headers };
    if (request.upgrade) Object.assign(headers, { Connection: 'Upgrade', Upgrade: 'tcp' });
    else headers['Connection'] = 'close';
    if (typeof body === 'string') headers['Content-Length'] = String(Buffer.byteLength(body));
    const { method, path, signal } = request;
    const outgoing = httpRequest({ method, path, headers, createConnection: () => socket, ...(signal && { signal }) });
    outgoing.once('response', (message) => resolve({ status: message.statusCode ?? 0, message }));
    outgoing.once('upgrade', (message, upgraded, head) => {
      if (head.length > 0) upgraded.unshift(head);
      resolve({ status: message.statusCode ?? 0, message, socket: upgraded });
    });
    outgoing.on('error', reject);
    if (body === undefined || typeof body === 'string') outgoing.end(body);
    else {
      // An answer may come (and end the exchange) before the body is through: then the rest of the body is nobody's.
      body.once('error', (error) => outgoing.destroy(error));
      body.pipe(outgoing);
    }
  });
}
