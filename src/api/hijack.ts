/**
 * Connections that stop being HTTP: attach and exec.
 *
 * New clients ask for it with `Upgrade: tcp` and get a 101; old ones just expect raw bytes after the head of a 200.
 *
 * @module
 */
import { STATUS_CODES } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { bodyTooLarge, readBody } from './json-body.ts';
import { messageOf, statusOf } from './errors.ts';
import { sendEmpty } from './respond.ts';

/** The multiplexed content type exists since API 1.42. */
const MULTIPLEXED_SINCE = 42;

/** How long a client may go on sending after its answer has ended, in milliseconds. */
const LINGER_MS = 10_000;

const RAW_STREAM = 'application/vnd.docker.raw-stream';

/** A connection about to be taken over. */
export interface Hijack {
  readBody(limit: number): Promise<Buffer>;
  accept(isMultiplexed: boolean): Duplex;
  /** Answers 200 without a body in place of the stream. */
  decline(): void;
  /** Answers with an error as bare text in place of the stream. */
  refuseAsText(error: unknown): void;
  /** Answers with an error in place of the stream. @returns The status, 0 if the stream had begun. */
  refuse(error: unknown): number;
}

/** Takes over a connection that the HTTP server handed out on `upgrade`: nobody reads it but us. */
export function hijackUpgraded(message: IncomingMessage, socket: Duplex, head: Buffer, version: number): Hijack {
  if (head.length > 0) socket.unshift(head);
  let isAccepted = false;
  return {
    readBody: (limit) => readUpgradedBody(message, socket, limit),
    accept(isMultiplexed) {
      isAccepted = true;
      const type = isMultiplexed && version >= MULTIPLEXED_SINCE ? 'multiplexed' : 'raw';
      socket.write(
        `HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.${type}-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`,
      );
      return socket;
    },
    refuseAsText: (error) => void socket.end(textRefusal(error)),
    decline: () => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n'),
    refuse(error) {
      if (isAccepted) {
        socket.destroy();
        return 0;
      }
      const status = statusOf(error);
      const body = `${JSON.stringify({ message: messageOf(error) })}\n`;
      socket.end(
        `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\nContent-Type: application/json\r\n` +
          `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
      );
      return status;
    },
  };
}

/** Takes over a connection from inside a request without `Upgrade`. */
export function hijackPlain(message: IncomingMessage, response: ServerResponse, refuse: (error: unknown) => number): Hijack {
  let isAccepted = false;
  return {
    readBody: (limit) => readBody(message, limit),
    accept() {
      isAccepted = true;
      const { socket } = message;
      response.detachSocket(socket);
      // A listener of ours makes the server's parser let go of the descriptor; its own listeners must not see the bytes.
      for (const event of ['data', 'end', 'drain', 'error', 'timeout']) socket.removeAllListeners(event);
      socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n');
      return socket;
    },
    refuseAsText(error) {
      response.writeHead(statusOf(error), { 'Content-Type': RAW_STREAM, Connection: 'close' });
      response.end(`${messageOf(error)}\r\n`);
    },
    decline: () => sendEmpty(response, 200),
    refuse(error) {
      if (!isAccepted) return refuse(error);
      message.socket.destroy();
      return 0;
    },
  };
}

/** Ends a raw stream: the client gets everything, then end of file; one that goes on sending is cut off after a while. */
export function endConnection(connection: Duplex): void {
  if (connection.destroyed) return;
  connection.end();
  connection.resume();
  const timer = setTimeout(() => connection.destroy(), LINGER_MS).unref();
  connection.once('close', () => clearTimeout(timer));
}

function textRefusal(error: unknown): string {
  const status = statusOf(error);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Error'}\r\nContent-Type: ${RAW_STREAM}\r\nConnection: close\r\n\r\n${messageOf(error)}\r\n`;
}

// Some versions of Node deliver the body of an upgrade request through the message, others leave it on the socket.
async function readUpgradedBody(message: IncomingMessage, socket: Duplex, limit: number): Promise<Buffer> {
  const declared = Number(message.headers['content-length'] ?? 0);
  if (declared > limit) throw bodyTooLarge(limit);
  const early = await readBody(message, limit);
  const missing = declared - early.length;
  return missing <= 0 ? early : Buffer.concat([early, await take(socket, missing)]);
}

// Leaves the connection paused, with what came after the body still in it.
function take(socket: Duplex, length: number): Promise<Buffer> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let taken = 0;
    const finish = (): void => {
      socket.pause();
      socket.removeListener('data', onData).removeListener('end', finish).removeListener('close', finish);
      const all = Buffer.concat(chunks);
      if (all.length > length) socket.unshift(all.subarray(length));
      resolve(all.subarray(0, length));
    };
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      taken += chunk.length;
      if (taken >= length) finish();
    };
    socket.on('data', onData).once('end', finish).once('close', finish);
  });
}
