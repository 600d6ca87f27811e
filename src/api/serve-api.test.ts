import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { HOST_PLATFORM } from '../base/platform.ts';
import { PierError } from '../base/errors.ts';
import { EMPTY_SPEC } from '../engine.ts';
import type { LogChunk } from '../engine.ts';
import { encodeFrame } from '../wire/index.ts';
import type { Backend, Container, StreamSession } from './backend.ts';
import { serveApi } from './serve-api.ts';

const directory = mkdtempSync(join(tmpdir(), 'pier-api-'));
after(() => rmSync(directory, { recursive: true }));
let sockets = 0;

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

// Only what HTTP-level behaviour needs; whatever else a handler asks for fails loudly.
function fakeBackend(containers: Partial<Backend['containers']>, rest: Partial<Backend> = {}): Backend {
  const missing = new Proxy({}, { get: (_, name) => assert.fail(`unexpected use of ${String(name)}`) });
  const info = async (): Promise<object> => ({ pierVersion: '0', cgroupVersion: 2, cpuCount: 1, platform: HOST_PLATFORM });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a part of a backend, by intent
  return { images: missing, networks: missing, events: missing, info, containers, ...rest } as unknown as Backend;
}

async function withApi(backend: Backend, work: (socketPath: string) => Promise<void>): Promise<void> {
  sockets += 1;
  const socketPath = join(directory, `${sockets}.sock`);
  await using _ = await serveApi(backend, { listen: { socketPath } });
  await work(socketPath);
}

function call(socketPath: string, method: string, path: string, body?: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request({ socketPath, method, path, headers, agent: false }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }));
      response.on('error', reject);
    });
    outgoing.on('error', reject);
    outgoing.end(body);
  });
}

/** A session whose output is what was written to it, until its input ends. */
function echoSession(tty: boolean): StreamSession & { readonly log: string[] } {
  const log: string[] = [];
  const pending: Buffer[] = [];
  let wake: () => void = () => undefined;
  let isOver = false;
  const over = (word: string): void => {
    log.push(word);
    isOver = true;
    wake();
  };
  return {
    tty,
    log,
    output: (async function* output() {
      for (;;) {
        const data = pending.shift();
        if (data !== undefined) yield { stream: 'stdout' as const, data };
        else if (isOver) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    })(),
    write: async (data) => {
      pending.push(data);
      wake();
    },
    end: () => over('end'),
    close: () => over('close'),
    ended: Promise.resolve('exited'),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

function readAll(socket: Socket): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    socket.on('end', () => resolve(Buffer.concat(chunks)));
    socket.on('error', reject);
  });
}

test('ping answers with the headers that clients look at', async () => {
  await withApi(fakeBackend({}), async (socket) => {
    for (const method of ['GET', 'HEAD']) {
      const { status, headers, body } = await call(socket, method, '/_ping');
      assert.equal(status, 200);
      assert.equal(headers['api-version'], '1.51');
      assert.equal(headers['ostype'], 'linux');
      assert.equal(headers['docker-experimental'], 'false');
      assert.equal(headers['swarm'], 'inactive');
      assert.equal(headers['cache-control'], 'no-cache, no-store, must-revalidate');
      assert.equal(body, method === 'GET' ? 'OK' : '');
    }
  });
});

test("errors have Docker's statuses and words", async () => {
  const backend = fakeBackend({
    get: (ref) => {
      throw new PierError('NotFound', 'x', { reason: 'container.not-found', facts: { ref } });
    },
    start: async () => {
      throw new PierError('NotModified', 'x');
    },
  });
  await withApi(backend, async (socket) => {
    const cases: readonly (readonly [string, string, number, string])[] = [
      ['GET', '/nothing', 404, 'page not found'],
      ['GET', '/v1.99/_ping', 400, 'client version 1.99 is too new. Maximum supported API version is 1.51'],
      ['GET', '/v1.51/containers/web/json', 404, 'No such container: web'],
      ['GET', '/containers/web/attach/ws', 501, 'attach over a websocket is not supported by pier yet'],
      ['POST', '/build?t=x', 501, 'building images is not supported by pier yet'],
      [
        'POST',
        '/images/create?fromImage=alpine',
        501,
        'pulling images from a registry (alpine) is not supported by pier yet; "load" and "import" bring in images from files',
      ],
      ['GET', '/containers/json?filters=%7B', 400, 'invalid filter'],
      ['GET', '/containers/json?filters=%7B%22x%22%3A%5B%22y%22%5D%7D', 400, "invalid filter 'x'"],
      ['GET', '/volumes/data', 404, 'get data: no such volume'],
    ];
    for (const [method, path, status, message] of cases) {
      const answer = await call(socket, method, path);
      assert.equal(answer.status, status, path);
      assert.deepEqual(JSON.parse(answer.body), { message }, path);
    }
    assert.equal((await call(socket, 'POST', '/containers/web/start')).status, 304);
  });
});

test("bad bodies are refused in Docker's words", async () => {
  await withApi(fakeBackend({}), async (socket) => {
    const json = { 'Content-Type': 'application/json' };
    const cases: readonly (readonly [string, Record<string, string>, string])[] = [
      ['{"Image":"', json, 'invalid JSON: unexpected EOF'],
      ['{', json, 'invalid JSON: unexpected EOF'],
      ['{"Image":}', json, "invalid JSON: invalid character '}' looking for beginning of value"],
      ['{"Image":"a"}{}', json, 'unexpected content after JSON'],
      ['', json, 'invalid JSON: got EOF while reading request body'],
      ['{}', { 'Content-Type': 'text/plain' }, "unsupported Content-Type header (text/plain): must be 'application/json'"],
      ['{}', json, 'config cannot be empty in order to create a container'],
    ];
    for (const [body, headers, message] of cases) {
      const answer = await call(socket, 'POST', '/containers/create', body, headers);
      assert.deepEqual([answer.status, JSON.parse(answer.body)], [400, { message }], body);
    }
    const long = await call(socket, 'POST', '/containers/create', `{"Image":"${'x'.repeat(5_000_000)}"}`, json);
    assert.equal(long.status, 400);
  });
});

test('attach upgrades, frames, and passes a half-close on as the end of input', async () => {
  const session = echoSession(false);
  await withApi(fakeBackend({ attach: async () => session }), async (socketPath) => {
    const socket = connect({ path: socketPath, allowHalfOpen: true });
    // Input may follow at once, in the same packet.
    socket.end(
      'POST /v1.51/containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\nhello',
    );
    const answer = await readAll(socket);
    const head =
      'HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.multiplexed-stream\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n';
    assert.equal(answer.toString(), head + encodeFrame('stdout', Buffer.from('hello')).toString());
    assert.equal(session.log[0], 'end');
  });
});

test('attach without Upgrade gets a 200 and the raw bytes of a tty', async () => {
  const session = echoSession(true);
  await withApi(fakeBackend({ attach: async () => session }), async (socketPath) => {
    const socket = connect({ path: socketPath, allowHalfOpen: true });
    socket.write('POST /containers/web/attach?stream=1&stdin=1&stdout=1 HTTP/1.1\r\nHost: x\r\n\r\n');
    const answer = readAll(socket);
    await new Promise((resolve) => socket.once('data', resolve));
    socket.end('typed');
    assert.equal((await answer).toString(), 'HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\ntyped');
  });
});

test('a vanished client closes its session, even of a silent container', async () => {
  const session = echoSession(false);
  const closed = new Promise<void>((resolve) => {
    session.close = () => resolve();
  });
  await withApi(fakeBackend({ attach: async () => session }), async (socketPath) => {
    const socket = connect(socketPath);
    socket.write('POST /containers/web/attach?stream=1&stdin=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
    await new Promise((resolve) => socket.once('data', resolve));
    session.end = () => undefined;
    socket.destroy();
    await closed;
  });
});

test('attach answers an error before the upgrade as an error', async () => {
  const attach = async (): Promise<never> => {
    throw new PierError('Conflict', 'x', { reason: 'container.paused', facts: { id: 'abc' } });
  };
  await withApi(fakeBackend({ attach }), async (socket) => {
    for (const headers of [{}, { Connection: 'Upgrade', Upgrade: 'tcp' }]) {
      const answer = await call(socket, 'POST', '/containers/web/attach', undefined, headers);
      assert.equal(answer.status, 409);
      assert.equal(answer.body.trim(), 'container web is paused, unpause the container before attach');
    }
  });
});

test('exec start reads its body before the stream, whether it comes with the head or later', async () => {
  const session = echoSession(false);
  const spec = { argv: ['cat'], tty: false, attachStdin: true, attachStdout: true };
  const backend = fakeBackend({
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the handler reads of an exec
    getExec: (id) => ({ id, spec }) as unknown as ReturnType<Backend['containers']['getExec']>,
    startExec: async (_, options) => {
      assert.equal(options?.detach, false);
      return session;
    },
  });
  await withApi(backend, async (socketPath) => {
    const socket = connect({ path: socketPath, allowHalfOpen: true });
    socket.write(
      'POST /exec/abc/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n{"Deta',
    );
    await new Promise((resolve) => setTimeout(resolve, 20));
    socket.end('ch":false}input');
    assert.ok((await readAll(socket)).toString().endsWith(encodeFrame('stdout', Buffer.from('input')).toString()));
  });
});

test('exec start tells a command that cannot be run on the stream', async () => {
  const spec = { argv: ['nope'], tty: false, attachStdout: true };
  const backend = fakeBackend({
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the handler reads of an exec
    getExec: (id) => ({ id, spec }) as unknown as ReturnType<Backend['containers']['getExec']>,
    startExec: async () => {
      throw new PierError('InvalidArgument', 'x', { reason: 'exec.command-not-found', facts: { command: 'nope' } });
    },
  });
  await withApi(backend, async (socketPath) => {
    const text =
      'OCI runtime exec failed: exec failed: unable to start container process: exec: "nope": executable file not found in $PATH';
    const socket = connect(socketPath);
    socket.write('POST /exec/abc/start HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\nContent-Length: 0\r\n\r\n');
    const answer = (await readAll(socket)).toString();
    assert.ok(answer.startsWith('HTTP/1.1 101 '));
    assert.ok(answer.endsWith(encodeFrame('stdout', Buffer.from(`${text}\r\n`)).toString()));
    const detached = await call(socketPath, 'POST', '/exec/abc/start', '{"Detach":true}', { 'Content-Type': 'application/json' });
    assert.deepEqual([detached.status, JSON.parse(detached.body)], [400, { message: text }]);
  });
});

test('wait sends its head before the container ends', async () => {
  let finish: (result: { readonly exitCode: number; readonly error: string }) => void = () => undefined;
  const backend = fakeBackend({
    get: (ref) => aContainer(ref),
    wait: () => new Promise((resolve) => (finish = resolve)),
  });
  await withApi(backend, async (socketPath) => {
    const body = await new Promise<string>((resolve, reject) => {
      const outgoing = request({ socketPath, method: 'POST', path: '/v1.44/containers/web/wait?condition=next-exit' }, (response) => {
        // The head is here; only now does the container end.
        finish({ exitCode: 3, error: '' });
        let text = '';
        response.on('data', (chunk: Buffer) => (text += chunk.toString()));
        response.on('end', () => resolve(text));
      });
      outgoing.on('error', reject);
      outgoing.end();
    });
    assert.deepEqual(JSON.parse(body), { StatusCode: 3 });
  });
});

test('a client that does not read holds up the log, not the memory', async () => {
  let produced = 0;
  const backend = fakeBackend({
    get: (ref) => aContainer(ref),
    logs: async function* logs(): AsyncGenerator<LogChunk, void, undefined> {
      for (; produced < 2000; produced += 1) {
        yield { stream: 'stdout', data: Buffer.alloc(64 * 1024), timeNs: 0n, isLineStart: true, isLineEnd: true };
      }
    },
  });
  await withApi(backend, async (socketPath) => {
    const socket = connect(socketPath);
    socket.pause();
    socket.write('GET /containers/web/logs?stdout=1 HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => setTimeout(resolve, 200));
    assert.ok(produced > 0 && produced < 200, `${produced} chunks were read ahead of the client`);
    socket.destroy();
  });
});

test('300 containers are listed fast', async () => {
  const containers = Array.from({ length: 300 }, (_, index) => aContainer(`${index}`.padStart(64, 'a')));
  const images = { get: () => ({ id: containers[0]?.imageId }) };
  const networks = { list: () => [] };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what a listing asks for
  const backend = fakeBackend({ list: () => containers }, { images, networks } as unknown as Partial<Backend>);
  await withApi(backend, async (socket) => {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 20; round += 1) {
      const startedMs = performance.now();
      const { body } = await call(socket, 'GET', '/containers/json?all=1');
      best = Math.min(best, performance.now() - startedMs);
      assert.equal(JSON.parse(body).length, 300);
    }
    assert.ok(best < 25, `took ${best} ms`);
  });
});

test('a socket that a dead process left behind is replaced; a live one and other files are not', async () => {
  const stale = join(directory, 'stale.sock');
  const server = createServer().listen(stale);
  await new Promise((resolve) => server.once('listening', resolve));
  await assert.rejects(serveApi(fakeBackend({}), { listen: { socketPath: stale } }), { code: 'AlreadyExists' });
  assert.ok(existsSync(stale));
  await leaveBehind(server, stale);
  {
    await using _ = await serveApi(fakeBackend({}), { listen: { socketPath: stale } });
    assert.equal((await call(stale, 'GET', '/_ping')).body, 'OK');
    assert.equal(statSync(stale).mode & 0o777, 0o660);
  }
  const file = join(directory, 'file.sock');
  writeFileSync(file, 'data');
  await assert.rejects(serveApi(fakeBackend({}), { listen: { socketPath: file } }), { code: 'AlreadyExists' });
  assert.equal(statSync(file).size, 4);
});

test('disposing ends streams and lets requests that are being worked on finish', async () => {
  let isStopped = false;
  const backend = fakeBackend({
    get: (ref) => aContainer(ref),
    attach: async () => echoSession(false),
    stop: async () => {
      await new Promise((resolve) => setTimeout(resolve, 100));
      isStopped = true;
    },
  });
  const socketPath = join(directory, 'dispose.sock');
  const api = await serveApi(backend, { listen: { socketPath } });
  const stream = connect(socketPath);
  stream.write('POST /containers/web/attach?stream=1&stdout=1 HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n');
  const ended = readAll(stream);
  await new Promise((resolve) => stream.once('data', resolve));
  const stopping = call(socketPath, 'POST', '/containers/web/stop');
  await new Promise((resolve) => setTimeout(resolve, 30));
  await api[Symbol.asyncDispose]();
  await ended;
  assert.equal((await stopping).status, 204);
  assert.equal(isStopped, true);
  assert.equal(existsSync(socketPath), false);
});

async function leaveBehind(server: ReturnType<typeof createServer>, path: string): Promise<void> {
  await new Promise((resolve) => server.close(resolve));
  // Closing removes the file; a killed process does not, so make what it leaves.
  const { execPath } = process;
  const { spawnSync } = await import('node:child_process');
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(execPath, ['-e', script]);
  assert.ok(existsSync(path));
}

function aContainer(id: string): Container {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an id for tests, not a digest of anything
  const imageId = `sha256:${'b'.repeat(64)}` as Container['imageId'];
  return {
    id,
    name: `n-${id}`,
    createdAt: '2026-01-02T03:04:05Z',
    imageId,
    spec: { ...EMPTY_SPEC, image: 'alpine' },
    argv: ['sleep', '1000'],
    entrypointLength: 0,
    env: [],
    labels: {},
    user: '',
    workingDir: '',
    stopSignal: 'SIGTERM',
    healthcheck: undefined,
    shell: [],
    runtime: 'crun',
    state: {
      status: 'running',
      pid: 1,
      pidStartTicks: 0,
      monitorPid: 1,
      monitorStartTicks: 0,
      isMonitorLost: false,
      exitCode: 0,
      isOomKilled: false,
      error: '',
      failure: undefined,
      startedAt: '2026-01-02T03:04:05Z',
      finishedAt: undefined,
      restartCount: 0,
      isStoppedByUser: false,
      isPausedForCommit: false,
      health: undefined,
    },
    endpoints: [],
    hostname: 'h',
    logPath: '',
    hostnamePath: '',
    hostsPath: '',
    resolvConfPath: '',
    execIds: [],
  };
}
