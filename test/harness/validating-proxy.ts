import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { HttpParser, type MessageHead } from './http-parser.ts';
import { checkResponse } from './swagger.ts';

/** A proxy in front of a Docker API that checks every response against Docker's description of it. */
export interface ValidatingProxy extends AsyncDisposable {
  readonly socketPath: string;
  /** What was wrong with the responses so far, without repetition; the list is emptied. */
  takeViolations(): string[];
  /** Number of responses seen. */
  responseCount(): number;
}

interface PendingRequest {
  readonly method: string;
  readonly url: string;
}

/** JSON past this size is not checked: nothing that the tests ask for is that large. */
const MAX_CHECKED_BYTES = 32 * 1024 * 1024;

/**
 * Listens on a unix socket and carries every connection, byte by byte and with half-closed ends, to another unix socket.
 *
 * @param socketPath Where to listen.
 * @param upstreamPath Where the daemon listens; it may come and go.
 */
export async function startValidatingProxy(socketPath: string, upstreamPath: string): Promise<ValidatingProxy> {
  const violations = new Set<string>();
  const sockets = new Set<Socket>();
  let responses = 0;
  let isClosing = false;
  const server = createServer({ allowHalfOpen: true }, (client) => {
    // One that came in at the last moment would keep the close waiting for ever.
    if (isClosing) {
      client.destroy();
      return;
    }
    const upstream = connect({ path: upstreamPath, allowHalfOpen: true });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
    }
    join(client, upstream);
    watch(client, upstream, (problems) => {
      responses++;
      for (const problem of problems) violations.add(problem);
    });
  });
  server.listen(socketPath);
  await once(server, 'listening');
  // A proxy that a test which failed half-way forgot must not keep the whole run waiting.
  server.unref();
  return {
    socketPath,
    takeViolations: () => {
      const found = [...violations];
      violations.clear();
      return found;
    },
    responseCount: () => responses,
    [Symbol.asyncDispose]: async () => {
      isClosing = true;
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
      await rm(socketPath, { force: true });
    },
  };
}

/** Carries bytes both ways; an end or a break of one side becomes the same on the other. */
function join(client: Socket, upstream: Socket): void {
  client.pipe(upstream);
  upstream.pipe(client);
  client.on('error', () => upstream.destroy());
  upstream.on('error', () => client.destroy());
  client.on('close', () => upstream.destroySoon());
  upstream.on('close', () => client.destroySoon());
}

/** Reads along in both directions of one connection. */
function watch(client: Socket, upstream: Socket, report: (problems: string[]) => void): void {
  const pending: PendingRequest[] = [];
  const requests = new HttpParser({
    onHead: (head) => {
      const [method = '', url = ''] = head.startLine.split(' ');
      pending.push({ method, url });
      return isUpgrade(head) ? 'raw' : 'by-headers';
    },
    onBody: () => undefined,
    onEnd: () => undefined,
  });
  let current: { request: PendingRequest; status: number; contentType: string; body: Buffer[] | undefined; sizeBytes: number } | undefined;
  const finish = (): void => {
    if (current === undefined) return;
    const { request, status, contentType, body } = current;
    current = undefined;
    report(checkResponse({ ...request, status, contentType, body: body === undefined ? undefined : Buffer.concat(body) }));
  };
  const answers = new HttpParser({
    onHead: (head) => {
      const status = Number(head.startLine.split(' ')[1]);
      if (status === 100) return 'none';
      const request = pending.shift() ?? { method: '?', url: '?' };
      const contentType = (head.headers.get('content-type') ?? '').split(';')[0]?.toLowerCase() ?? '';
      current = { request, status, contentType, body: /json/.test(contentType) ? [] : undefined, sizeBytes: 0 };
      if (status === 101 || isHijack(head)) {
        current.body = undefined;
        finish();
        return 'raw';
      }
      if (request.method === 'HEAD' || status === 204 || status === 304) return 'none';
      return head.headers.has('content-length') || head.headers.has('transfer-encoding') ? 'by-headers' : 'until-close';
    },
    onBody: (data) => {
      if (current?.body === undefined) return;
      current.sizeBytes += data.length;
      if (current.sizeBytes > MAX_CHECKED_BYTES) current.body = undefined;
      else current.body.push(Buffer.from(data));
    },
    onEnd: finish,
  });
  client.on('data', (data: Buffer) => requests.push(data));
  upstream.on('data', (data: Buffer) => answers.push(data));
  upstream.on('end', () => answers.end());
}

function isUpgrade(head: MessageHead): boolean {
  return /upgrade/i.test(head.headers.get('connection') ?? '');
}

/** A 200 of an endpoint that takes the connection over has no length: what follows is a stream until the end. */
function isHijack(head: MessageHead): boolean {
  return (
    /raw-stream|multiplexed-stream/.test(head.headers.get('content-type') ?? '') &&
    !head.headers.has('transfer-encoding') &&
    !head.headers.has('content-length')
  );
}
