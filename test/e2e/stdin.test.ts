// Standard input in every mode: what reaches the process, when it ends, and who can hold it up.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients } from '../harness/fixture.ts';
import { hijack, streamText } from '../harness/http.ts';
import { until } from '../harness/until.ts';

describeWithClients('standard input', (pier) => {
  it('run -i ends with its input', async () => {
    const result = await pier.cliWith({ input: 'x\n', timeoutMs: 20_000 }, 'run', '--rm', '-i', 'alpine', 'cat');
    assert.deepEqual(result, { exitCode: 0, stdout: 'x\n', stderr: '' });
  });

  it('run -i carries 50 MB unharmed', async () => {
    const block = createHash('sha512').update('seed').digest();
    const input = Buffer.concat(
      Array.from({ length: (50 * 1024 * 1024) / block.length }, (_, i) => (block.writeUInt32LE(i), Buffer.from(block))),
    );
    const expected = createHash('sha256').update(input).digest('hex');
    const result = await pier.cliWith({ input, timeoutMs: 60_000 }, 'run', '--rm', '-i', 'alpine', 'sh', '-c', 'cat | sha256sum');
    assert.equal(result.stdout, `${expected}  -\n`);
  });

  it('run without -i gives no input', async () => {
    const result = await pier.cliWith({ input: 'x\n' }, 'run', '--rm', 'alpine', 'sh', '-c', 'cat; echo end');
    assert.equal(result.stdout, 'end\n');
  });

  it('run -i keeps stdout and stderr apart', async () => {
    const result = await pier.cliWith(
      { input: 'in\n' },
      'run',
      '--rm',
      '-i',
      'alpine',
      'sh',
      '-c',
      'read x; echo out-$x; echo err-$x >&2; exit 3',
    );
    assert.deepEqual(result, { exitCode: 3, stdout: 'out-in\n', stderr: 'err-in\n' });
  });

  it('start -ai gives a stopped container new input', async () => {
    await pier.ok('create', '-i', '--name', 'reader', 'alpine', 'sh', '-c', 'read x; echo got-$x');
    assert.equal((await pier.cliWith({ input: 'one\n' }, 'start', '-ai', 'reader')).stdout, 'got-one\n');
    assert.equal((await pier.cliWith({ input: 'two\n' }, 'start', '-ai', 'reader')).stdout, 'got-two\n');
  });

  it('an observer that leaves does not end the input of another', async () => {
    await pier.ok('run', '-d', '-i', '--name', 'echo', 'alpine', 'cat');
    const observer = await hijack(pier.daemon.socket, '/v1.51/containers/echo/attach?stream=1&stdout=1');
    observer.socket.destroy();
    const writer = await hijack(pier.daemon.socket, '/v1.51/containers/echo/attach?stream=1&stdin=1&stdout=1');
    writer.socket.write('still here\n');
    await until(
      () => streamText(writer.received()) === 'still here\n',
      () => JSON.stringify(streamText(writer.received())),
    );
    writer.socket.destroy();
  });

  it('an attached client that ends its half still gets the output', async () => {
    // As the clients do: a non-tty container whose stdin closes with its first client (StdinOnce).
    const { Id } = await pier.daemon.json<{ Id: string }>('POST', '/containers/create?name=once', {
      status: 201,
      json: {
        Image: 'alpine',
        Cmd: ['sh', '-c', 'wc -c; echo bye'],
        OpenStdin: true,
        StdinOnce: true,
        AttachStdin: true,
        AttachStdout: true,
      },
    });
    const client = await hijack(pier.daemon.socket, `/v1.51/containers/${Id}/attach?stream=1&stdin=1&stdout=1&stderr=1`);
    assert.equal(client.status, 101);
    await pier.daemon.api('POST', `/containers/${Id}/start`);
    client.socket.end('12345');
    assert.equal(streamText(await client.ended), '5\nbye\n');
  });

  it('a client that reads nothing does not hold up the container', { skip: IS_PEER && 'dockerd lets it hold it up' }, async () => {
    const size = 30_000_000;
    const { Id } = await pier.daemon.json<{ Id: string }>('POST', '/containers/create?name=flood', {
      status: 201,
      json: { Image: 'alpine', Cmd: ['sh', '-c', `yes 0123456789abcdef | head -c ${size}`], HostConfig: { NetworkMode: 'none' } },
    });
    const slow = await hijack(pier.daemon.directSocket, `/v1.51/containers/${Id}/attach?stream=1&stdout=1&stderr=1`);
    slow.socket.pause();
    await pier.daemon.api('POST', `/containers/${Id}/start`);
    const { StatusCode } = await pier.daemon.json<{ StatusCode: number }>('POST', `/containers/${Id}/wait`, { timeoutMs: 30_000 });
    assert.equal(StatusCode, 0);
    slow.socket.destroy();
  });

  it('a client that vanishes does not hold up the container', async () => {
    const child = pier.background(
      'run',
      '--name',
      'left',
      '-i',
      'alpine',
      'sh',
      '-c',
      'for i in 1 2 3 4 5 6; do echo $i; sleep 0.3; done; exit 4',
    );
    const { stdout } = child;
    assert.ok(stdout);
    await once(stdout, 'data');
    child.kill('SIGKILL');
    assert.equal(await pier.ok('wait', 'left'), '4');
    await sleep(50);
    assert.equal(await pier.ok('logs', 'left'), '1\n2\n3\n4\n5\n6');
  });
});
