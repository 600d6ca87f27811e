import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { test } from 'node:test';
import type { TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApiError, UnreachableError } from './api-error.ts';
import { Client } from './client.ts';

interface Served {
  readonly host: string;
  /** What was asked, in order: `GET /v1.51/x`. */
  readonly requests: string[];
}

/** Serves a socket in a folder of its own until the test ends. */
async function serve(
  t: TestContext,
  listener: RequestListener,
  onUpgrade?: (request: IncomingMessage, socket: Socket) => void,
): Promise<Served> {
  const folder = mkdtempSync(join(tmpdir(), 'pier-client-'));
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`);
    listener(request, response);
  });
  if (onUpgrade !== undefined) server.on('upgrade', (request, socket: Socket) => onUpgrade(request, socket));
  const path = join(folder, 'sock');
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
    rmSync(folder, { recursive: true });
  });
  return { host: `unix://${path}`, requests };
}

test('json() asks for the newest version without a ping and reads the answer', async (t) => {
  const { host, requests } = await serve(t, (_, response) => response.end('[{"Id":"a"}]'));
  assert.deepEqual(await new Client({ host }).containers.list({ all: true, filters: undefined }), [{ Id: 'a' }]);
  assert.deepEqual(requests, ['GET /v1.51/containers/json?all=1']);
});

test('a refusal becomes an ApiError with status, code and the daemon’s text', async (t) => {
  const { host } = await serve(t, (_, response) => response.writeHead(409).end('{"message":"You cannot"}'));
  await assert.rejects(new Client({ host }).containers.remove('x'), (error) => {
    assert.ok(error instanceof ApiError);
    assert.deepEqual([error.status, error.code, error.message], [409, 'Conflict', 'You cannot']);
    return true;
  });
});

test('an older daemon is asked again in its own version, and from then on at once', async (t) => {
  const { host, requests } = await serve(t, (request, response) => {
    if (request.url === '/_ping') response.writeHead(200, { 'Api-Version': '1.9' }).end('OK');
    else if (request.url?.startsWith('/v1.51'))
      response.writeHead(400).end('{"message":"client version 1.51 is too new. Maximum supported API version is 1.9"}');
    else response.end('{}');
  });
  const client = new Client({ host });
  await client.containers.inspect('a');
  await client.containers.inspect('b');
  assert.deepEqual(requests, ['GET /v1.51/containers/a/json', 'GET /_ping', 'GET /v1.9/containers/a/json', 'GET /v1.9/containers/b/json']);
});

test('a body that can be sent once only is not sent before the version is settled', async (t) => {
  let received = '';
  const { host, requests } = await serve(t, (request, response) => {
    if (request.url === '/_ping') return void response.writeHead(200, { 'Api-Version': '1.40' }).end('OK');
    void (async () => {
      received = await text(request);
      response.end('{}');
    })();
  });
  await new Client({ host }).json({ method: 'POST', path: '/images/load', stream: Readable.from(['abc', 'def']) });
  assert.equal(received, 'abcdef');
  assert.deepEqual(requests, ['GET /_ping', 'POST /v1.40/images/load']);
});

test('nobody there is an UnreachableError, after onUnreachable had its chance', async (t) => {
  const { host } = await serve(t, (_, response) => response.end('{}'));
  let asked = 0;
  const missing = `${host}-missing`;
  const client = new Client({ host: missing, onUnreachable: async () => ++asked > 1 });
  await assert.rejects(client.containers.inspect('a'), (error) => error instanceof UnreachableError && error.host === missing);
  assert.equal(asked, 1);
});

test('addresses that are not sockets are refused by their scheme', () => {
  assert.throws(() => new Client({ host: 'ssh://localhost' }), { code: 'NotImplemented' });
  assert.throws(() => new Client({ host: '/run/pier.sock' }), { code: 'InvalidArgument' });
});

const UPGRADED = 'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';
const STREAMS = { stdin: true, stdout: true, stderr: true, detachKeys: '' };

test('attach() carries both ways, and the end of the input leaves the output open', async (t) => {
  const { host } = await serve(
    t,
    () => {},
    (_, socket) => {
      socket.write(UPGRADED);
      // An echo that answers only after the end of what it hears.
      void buffer(socket).then((heard) => socket.end(`heard ${heard.toString()}`));
    },
  );
  const { socket, isMultiplexed } = await new Client({ host }).containers.attach('x', STREAMS);
  assert.equal(isMultiplexed, false);
  socket.end('question');
  assert.equal(await text(socket), 'heard question');
});

// `head -c 1G /dev/zero | pier run -i alpine echo done` printed nothing now and then: the failing write took the answer with it.
test('attach() gives the last words of a container that did not listen', async (t) => {
  const { host } = await serve(
    t,
    () => {},
    (_, socket) => {
      socket.pause();
      socket.write(`${UPGRADED}last words`, () => socket.destroy());
    },
  );
  const { socket } = await new Client({ host }).containers.attach('x', STREAMS);
  socket.pause();
  for (let i = 0; i < 20; i++) {
    socket.write(Buffer.alloc(65_536));
    await sleep(5);
  }
  assert.equal(await text(socket), 'last words');
});
