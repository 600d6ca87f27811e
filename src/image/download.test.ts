import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { after, before, it } from 'node:test';
import { PierError } from '../base/errors.ts';
import { openDownload } from './download.ts';

const BODY = Buffer.alloc(300_000, 'body');

const ANSWERS: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
  '/plain': (_, response) => response.writeHead(200, { 'Content-Length': BODY.length }).end(BODY),
  // Without a length the end of the connection is the end of the body.
  '/unmeasured': (_, response) => {
    response.useChunkedEncodingByDefault = false;
    response.writeHead(200, { Connection: 'close' }).end(BODY);
  },
  '/moved': (_, response) => response.writeHead(302, { Location: 'plain' }).end('ignored'),
  '/loop': (_, response) => response.writeHead(307, { Location: '/loop' }).end(),
  '/file': (_, response) => response.writeHead(302, { Location: 'file:///etc/passwd' }).end(),
  '/nowhere': (_, response) => response.writeHead(302, { Location: 'http://' }).end(),
  '/missing': (_, response) => response.writeHead(404, 'Not Here').end('sorry'),
  '/broken': (_, response) => response.writeHead(500).end('x'.repeat(100_000)),
  '/short': (_, response) => {
    response.writeHead(200, { 'Content-Length': BODY.length + 1 }).write(BODY, () => response.destroy());
  },
  '/silent': () => undefined,
  '/stalls': (_, response) => void response.writeHead(200).write('begun'),
};

let server: Server;
let base = '';

before(async () => {
  server = createServer((request, response) => ANSWERS[request.url ?? '']?.(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(typeof address === 'object' && address !== null);
  base = `http://user:secret@127.0.0.1:${address.port}`;
});

after(() => {
  server.closeAllConnections();
  server.close();
});

async function fetchAll(path: string, signal?: AbortSignal, idleMs: number = 30_000): Promise<readonly [Buffer, number | undefined]> {
  const { body, totalBytes } = await openDownload(new URL(path, base), signal, { idleMs });
  return [await buffer(body), totalBytes];
}

async function assertFails(path: string, problem: string, detail: RegExp, code = 'Unavailable', idleMs?: number): Promise<void> {
  await assert.rejects(fetchAll(path, undefined, idleMs), (error) => {
    assert.ok(error instanceof PierError, String(error));
    assert.equal(error.code, code);
    assert.equal(error.facts['problem'], problem);
    assert.match(error.facts['detail'] ?? '', detail);
    assert.doesNotMatch(`${error.message}${JSON.stringify(error.facts)}`, /secret/);
    return true;
  });
}

it('openDownload() reads a body of known length, of unknown length, and behind a redirect', async () => {
  assert.deepEqual(await fetchAll('/plain'), [BODY, BODY.length]);
  assert.deepEqual(await fetchAll('/unmeasured'), [BODY, undefined]);
  assert.deepEqual(await fetchAll('/moved'), [BODY, BODY.length]);
});

it('openDownload() says what the server refuses, and keeps only the beginning of its page', async () => {
  await assertFails('/missing', 'status', /^404 Not Here: sorry$/, 'NotFound');
  await assertFails('/broken', 'status', /^500 Internal Server Error: x{1,1024}$/);
});

it('openDownload() follows redirects neither without end nor away from HTTP', async () => {
  await assertFails('/loop', 'redirects', /^10$/);
  await assertFails('/file', 'scheme', /^file$/);
  await assertFails('/nowhere', 'connection', /redirects to "http:\/\/"/);
});

it('openDownload() fails where the body ends early, nobody listens, or the server is silent', async () => {
  await assertFails('/short', 'connection', /aborted/);
  await assertFails('http://user:secret@127.0.0.1:1/', 'connection', /^connection refused$/);
  await assertFails('/silent', 'connection', /^the server is silent$/, 'Unavailable', 50);
  await assertFails('/stalls', 'connection', /^the server is silent$/, 'Unavailable', 50);
});

it('openDownload() ends with its signal', async () => {
  await assert.rejects(fetchAll('/silent', AbortSignal.timeout(20)));
});
