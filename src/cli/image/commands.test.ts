import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { after, before, it } from 'node:test';
import type { ServerResponse } from 'node:http';

const BIN = fileURLToPath(new URL('../bin.ts', import.meta.url));

/** What a daemon answers, by method and path without the version; anything else is not found. */
const ANSWERS: Readonly<Record<string, (response: ServerResponse) => void>> = {
  'DELETE /images/a:1': (response) => response.end('[{"Untagged":"a:1"},{"Deleted":"sha256:aa"}]'),
  'DELETE /images/busy': (response) => response.writeHead(409).end('{"message":"conflict: in use"}'),
  'POST /images/load': (response) =>
    response.end('{"stream":"Loaded image: a:1\\n"}\n{"errorDetail":{"message":"disk full"},"error":"disk full"}\n'),
  'GET /events': (response) =>
    response.end(
      '{"Type":"image","Action":"tag","Actor":{"ID":"sha256:aa","Attributes":{"name":"a:1","a":"b"}},"scope":"local","time":1795772425,"timeNano":1795772425677862047}\n',
    ),
};

const server = createServer((request, response) => {
  request.resume();
  const path = (request.url ?? '').replace(/^\/v[\d.]+/, '').replace(/\?.*/, '');
  const answer = ANSWERS[`${request.method} ${path}`];
  if (path === '/_ping') response.setHeader('Api-Version', '1.51').end('OK');
  else if (answer === undefined) response.writeHead(404).end('{"message":"No such image: nope:latest"}');
  else answer(response);
});

let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pier-cli-'));
  await new Promise<void>((resolve) => server.listen(join(folder, 'api.sock'), resolve));
});

after(async () => {
  server.close();
  await rm(folder, { recursive: true });
});

async function pier(
  args: readonly string[],
): Promise<{ readonly stdout: string; readonly stderr: string; readonly exitCode: number | null }> {
  const env = { ...process.env, DOCKER_HOST: `unix://${folder}/api.sock`, TZ: 'UTC' };
  const child = spawn(process.execPath, [BIN, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { stdout, stderr, exitCode };
}

it('rmi removes what it can, then says what it could not', async () => {
  assert.deepEqual(await pier(['rmi', 'nope', 'a:1']), {
    stdout: 'Untagged: a:1\nDeleted: sha256:aa\n',
    stderr: 'Error response from daemon: No such image: nope:latest\n',
    exitCode: 1,
  });
});

it('rmi --force forgives what is not there, but nothing else', async () => {
  assert.equal((await pier(['rmi', '-f', 'nope', 'a:1'])).exitCode, 0);
  const { stderr, exitCode } = await pier(['image', 'rm', '-f', 'busy']);
  assert.deepEqual({ stderr, exitCode }, { stderr: 'Error response from daemon: conflict: in use\n', exitCode: 1 });
});

it('load fails when the progress stream reports a failure', async () => {
  assert.deepEqual(await pier(['load', '-i', BIN]), { stdout: 'Loaded image: a:1\n', stderr: 'disk full\n', exitCode: 1 });
});

it('image prune asks first, and no answer is no', async () => {
  const { stdout, exitCode } = await pier(['image', 'prune']);
  assert.match(stdout, /^WARNING! This will remove all dangling images\.\nAre you sure you want to continue\? \[y\/N\] $/);
  assert.equal(exitCode, 0);
});

it('events prints nanoseconds exactly', async () => {
  assert.equal((await pier(['events'])).stdout, '2026-11-27T09:40:25.677862047Z image tag sha256:aa (a=b, name=a:1)\n');
  assert.equal((await pier(['events', '--format', '{{.TimeNano}} {{.Actor.Attributes.name}}'])).stdout, '1795772425677862047 a:1\n');
});

it('what later versions bring is refused by name', async () => {
  const { stderr, exitCode } = await pier(['image', 'push', 'x']);
  assert.equal(exitCode, 1);
  assert.match(
    stderr,
    /^pier: 'pier image push' is not supported yet\n\npier cannot talk to registries yet\. .*docker save alpine \| pier load\n$/,
  );
});
