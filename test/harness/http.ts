import { TolerantSocket } from '../../src/client/tolerant-socket.ts';
import { PATIENCE } from './patience.ts';
import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Readable } from 'node:stream';

/** An answer with its body read to the end. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What to send besides method and path. */
export interface ApiRequestOptions {
  /** Sent as JSON with its content type. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: Buffer | string | Readable;
  readonly headers?: Readonly<Record<string, string>>;
  /** API version of the path. @default {"v1.51"} An empty string sends the path without one. */
  readonly version?: string;
  /** @default {30_000} */
  readonly timeoutMs?: number;
}

/** Docker's answer to a failed request. */
export interface ErrorBody {
  readonly message: string;
}

/**
 * Sends one request to a Docker API on a unix socket and reads the whole answer.
 *
 * @param path Without version, with query: `/containers/json?all=1`.
 */
export async function api(socketPath: string, method: string, path: string, options: ApiRequestOptions = {}): Promise<ApiResponse> {
  const version = options.version ?? 'v1.51';
  const headers: Record<string, string> = { ...options.headers };
  let body = options.body;
  if (options.json !== undefined) {
    body = JSON.stringify(options.json);
    headers['content-type'] ??= 'application/json';
  }
  if (typeof body === 'string' || Buffer.isBuffer(body)) headers['content-length'] ??= String(Buffer.byteLength(body));
  const signal = AbortSignal.timeout(options.timeoutMs ?? 30_000 * PATIENCE);
  // A daemon that refuses before it has read a body closes the connection: its answer counts, not our broken pipe.
  const createConnection = (): TolerantSocket => new TolerantSocket().connect(socketPath);
  const target = version === '' ? path : `/${version}${path}`;
  const message = request({ createConnection, method, path: target, headers: { host: 'docker', ...headers }, signal });
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) message.end(body);
  else body.pipe(message);
  const [response] = (await once(message, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) };
}

/**
 * The JSON of an answer.
 *
 * @typeParam T The shape the caller relies on; the validating proxy has checked it against the API's description.
 */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller names the shape where it uses it
export function jsonOf<T>(response: ApiResponse): T {
  return JSON.parse(response.body.toString()) as T;
}

const HIJACK_TIMEOUT_MS = 60_000 * PATIENCE;

/** A connection taken over from HTTP. */
export interface HijackedConnection {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly socket: Socket;
  /** What came after the head so far; grows until the end. */
  received(): Buffer;
  /** Resolves when the other side has ended its half. */
  readonly ended: Promise<Buffer>;
}

/**
 * Sends a request that takes over its connection (attach, exec start) and returns once the head of the answer is there.
 *
 * @param path With version and query.
 */
export async function hijack(socketPath: string, path: string, json?: unknown): Promise<HijackedConnection> {
  const socket = connect({ path: socketPath, allowHalfOpen: true });
  await once(socket, 'connect');
  const body = json === undefined ? '' : JSON.stringify(json);
  socket.write(
    `POST ${path} HTTP/1.1\r\nHost: docker\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  let buffered: Buffer = Buffer.alloc(0);
  const head = await new Promise<string>((resolve, reject) => {
    socket.once('error', reject);
    socket.on('data', function onData(chunk: Buffer) {
      buffered = Buffer.concat([buffered, chunk]);
      const end = buffered.indexOf('\r\n\r\n');
      if (end < 0) return;
      socket.off('data', onData);
      socket.pause();
      const text = buffered.subarray(0, end).toString();
      buffered = buffered.subarray(end + 4);
      resolve(text);
    });
    socket.once('end', () => reject(new Error(`Cannot hijack ${path}: the connection ended before the head: ${buffered.toString()}`)));
  });
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
  const chunks = [buffered];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // Nothing that the tests wait for takes longer.
  const timer = setTimeout(() => socket.destroy(), HIJACK_TIMEOUT_MS);
  socket.once('close', () => clearTimeout(timer));
  const ended = new Promise<Buffer>((resolve) => {
    socket.once('close', () => resolve(Buffer.concat(chunks)));
    socket.once('end', () => resolve(Buffer.concat(chunks)));
    socket.on('error', () => resolve(Buffer.concat(chunks)));
  });
  socket.resume();
  return { status: Number(statusLine.split(' ')[1]), headers, socket, received: () => Buffer.concat(chunks), ended };
}

/** A frame of Docker's multiplexed stream. */
export interface Frame {
  readonly stream: 'stdin' | 'stdout' | 'stderr';
  readonly data: Buffer;
}

/** Takes a multiplexed stream apart; a trailing incomplete frame is left out. */
export function framesOf(buffer: Buffer): Frame[] {
  const frames: Frame[] = [];
  for (let at = 0; at + 8 <= buffer.length;) {
    const length = buffer.readUInt32BE(at + 4);
    if (at + 8 + length > buffer.length) break;
    const stream = (['stdin', 'stdout', 'stderr'] as const)[buffer[at] ?? 0] ?? 'stdin';
    frames.push({ stream, data: buffer.subarray(at + 8, at + 8 + length) });
    at += 8 + length;
  }
  return frames;
}

/** The text of one stream of a multiplexed buffer. */
export function streamText(buffer: Buffer, stream: 'stdout' | 'stderr' = 'stdout'): string {
  return Buffer.concat(framesOf(buffer).flatMap((frame) => (frame.stream === stream ? [frame.data] : []))).toString();
}
