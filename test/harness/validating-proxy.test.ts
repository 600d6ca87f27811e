import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createRawServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { api, hijack } from './http.ts';
import { missingShared, SHARED } from './images.ts';
import { startValidatingProxy, type ValidatingProxy } from './validating-proxy.ts';

describe('startValidatingProxy()', { skip: missingShared(SHARED.specs) }, () => {
  let directory = '';
  let proxy: ValidatingProxy;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pt-'));
    proxy = await startValidatingProxy(join(directory, 'proxy'), join(directory, 'server'));
  });
  after(async () => {
    await proxy[Symbol.asyncDispose]();
    await rm(directory, { recursive: true });
  });

  it('carries bodies unchanged and checks them, chunked or not', async (t) => {
    const end = await serve((request, response) => {
      response.setHeader('content-type', 'application/json');
      if (request.url?.endsWith('chunked') === true) {
        response.write('[{"Id":');
        response.end('1}]');
      } else response.end('[{"Id":2}]');
    });
    t.after(end);
    for (const [query, body] of [
      ['chunked', '[{"Id":1}]'],
      ['sized', '[{"Id":2}]'],
    ]) {
      assert.equal((await api(proxy.socketPath, 'GET', `/containers/json?${query}`)).body.toString(), body);
      const violations = proxy.takeViolations();
      assert.match(violations.join('\n'), /\/Id: must be string/);
    }
    assert.deepEqual(proxy.takeViolations(), []);
  });

  it('keeps the halves of an upgraded connection apart', async (t) => {
    // Answers with what it has read once the client has ended its half.
    const end = await serveRaw((socket) => {
      let text = '';
      socket.on('data', (chunk: Buffer) => {
        if (text === '') socket.write('HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
        text += chunk.toString();
      });
      socket.on('end', () => socket.end(text.slice(text.indexOf('\r\n\r\n') + 4)));
    });
    t.after(end);
    const client = await hijack(proxy.socketPath, '/v1.51/containers/x/attach?stream=1');
    assert.equal(client.status, 101);
    client.socket.end('HTTP/1.1 200 OK\r\n\r\nnot a request');
    assert.equal((await client.ended).toString(), 'HTTP/1.1 200 OK\r\n\r\nnot a request');
    assert.deepEqual(proxy.takeViolations(), []);
  });

  it('a client that goes away takes the connection to the daemon with it', async (t) => {
    const { promise: closed, resolve } = Promise.withResolvers<void>();
    const end = await serveRaw((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.write('HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nsome output');
        // Only who writes can tell a client that is gone from one that has nothing more to say.
        const timer = setInterval(() => socket.write('more'), 10);
        socket.once('close', () => {
          clearInterval(timer);
          resolve();
        });
      });
    });
    t.after(end);
    const client = await hijack(proxy.socketPath, '/v1.51/containers/x/attach?stream=1');
    client.socket.destroy();
    await closed;
  });

  async function serve(listener: RequestListener): Promise<() => Promise<void>> {
    const server = createServer(listener).listen(join(directory, 'server'));
    await once(server, 'listening');
    return async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
  }

  async function serveRaw(listener: (socket: Socket) => void): Promise<() => Promise<void>> {
    const server = createRawServer({ allowHalfOpen: true }, listener).listen(join(directory, 'server'));
    await once(server, 'listening');
    return async () => {
      await new Promise((resolve) => server.close(resolve));
    };
  }
});
