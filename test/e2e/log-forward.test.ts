// The log drivers that send a container's output on: what a server gets, once, also when the engine dies in between.
import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { hostname } from 'node:os';
import { describe, it } from 'node:test';
import { IS_PEER } from '../harness/daemon.ts';
import { missingMaterial, useDaemon } from '../harness/fixture.ts';
import { until } from '../harness/until.ts';

const syslog = (address: string, ...options: readonly string[]): string[] => [
  '--log-driver',
  'syslog',
  ...[`syslog-address=${address}`, ...options].flatMap((option) => ['--log-opt', option]),
];

/** A server on a TCP port that takes note of all lines. */
async function tcpServer(): Promise<{ lines: string[]; address: string } & AsyncDisposable> {
  const lines: string[] = [];
  const sockets = new Set<{ destroy(): unknown }>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let rest = '';
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => {
      const parts = (rest + data.toString()).split('\n');
      rest = parts.pop() ?? '';
      lines.push(...parts);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    lines,
    address: `tcp://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('forwarding log drivers', { skip: missingMaterial() || (IS_PEER && 'a peer cannot reach servers of the test') }, () => {
  const pier = useDaemon();

  it('syslog over UDP, in every format', async () => {
    const socket = createSocket('udp4').bind(0, '127.0.0.1');
    await once(socket, 'listening');
    const messages: string[] = [];
    socket.on('message', (data) => messages.push(data.toString()));
    const address = `udp://127.0.0.1:${socket.address().port}`;
    const day = String.raw`[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d`;
    const host = hostname();
    const formats: readonly (readonly [options: readonly string[], expected: RegExp])[] = [
      [[], new RegExp(String.raw`^<30>${day} [0-9a-f]{12}\[\d+\]: out\n$`)],
      [
        ['syslog-format=rfc3164', 'syslog-facility=local3', 'tag={{.Name}}'],
        new RegExp(String.raw`^<158>${day} ${host} said\[\d+\]: out\n$`),
      ],
      [['syslog-format=rfc5424', 'syslog-facility=2'], new RegExp(String.raw`^<22>1 \S{19}Z ${host} (\w{12}) \d+ \1 - out\n$`)],
      [['syslog-format=rfc5424micro'], new RegExp(String.raw`^<30>1 \S{19}\.\d{6}Z ${host} (\w{12}) \d+ \1 - out\n$`)],
    ];
    for (const [options, expected] of formats) {
      messages.length = 0;
      await pier.ok('run', '--rm', '--name', 'said', ...syslog(address, ...options), 'alpine', 'sh', '-c', 'echo out; echo err >&2');
      await until(
        () => messages.length === 2,
        () => messages.join(''),
      );
      const [out = '', err = ''] = messages.toSorted((a) => (a.includes('out') ? -1 : 1));
      assert.match(out, expected);
      // Severities: informational and error.
      assert.equal(Number(/^<(\d+)>/.exec(err)?.[1]), Number(/^<(\d+)>/.exec(out)?.[1]) - 3);
    }
    socket.close();
  });

  it('goes on where it was after the death of the engine, and is read back', async () => {
    await using server = await tcpServer();
    const script = 'i=0; while [ ! -e /stop ]; do echo line $i; i=$((i+1)); sleep 0.01; done';
    await pier.ok('run', '-d', '--name', 'steady', ...syslog(server.address), 'alpine', 'sh', '-c', script);
    await until(() => server.lines.length > 20);
    await pier.daemon.killAndRestart();
    const before = server.lines.length;
    await until(() => server.lines.length > before + 20);
    await pier.ok('exec', 'steady', 'touch', '/stop');
    await pier.ok('wait', 'steady');
    const all = (await pier.ok('logs', 'steady')).split('\n');
    await until(() => server.lines.at(-1)?.endsWith(`: ${all.at(-1)}`) === true);
    const received = server.lines.map((line) => line.slice(line.indexOf(': ') + 2));
    // What was on its way when the engine died may come twice.
    assert.deepEqual([...new Set(received)], all);
    assert.ok(received.length - all.length < 20, `${received.length - all.length} came twice`);
    const afterRestart = received.length;
    await pier.ok('start', 'steady');
    await pier.ok('wait', 'steady');
    assert.equal(server.lines.length, afterRestart, 'nothing is sent again');
  });

  it('connects again, and loses nothing that the log still has', async () => {
    const first = await tcpServer();
    await pier.ok(
      'run',
      '-d',
      '-i',
      '--name',
      'again',
      ...syslog(first.address),
      'alpine',
      'sh',
      '-c',
      'echo one; until [ -e /go ]; do sleep 0.05; done; echo two; sleep 1000',
    );
    await until(() => first.lines.length === 1);
    await first[Symbol.asyncDispose]();
    await pier.ok('exec', 'again', 'touch', '/go');
    await until(async () => (await pier.ok('logs', 'again')).includes('two'));
    const port = Number(first.address.split(':').at(-1));
    const lines: string[] = [];
    const second = createServer((socket) => socket.on('data', (data: Buffer) => lines.push(data.toString()))).listen(port, '127.0.0.1');
    await until(() => lines.join('').includes(': two\n'));
    await pier.ok('rm', '-f', 'again');
    second.close();
  });

  it('long lines go in pieces of 16 KiB, and empty ones not at all', async () => {
    await using server = await tcpServer();
    // Written in parts that no limit is a multiple of: pieces of a line are whole all the same.
    const part = 'head -c 10000 /dev/zero | tr "\\0" x; sleep 0.1';
    const script = `for i in 1 2 3 4; do ${part}; done; echo; echo; echo end`;
    await pier.ok('run', '--name', 'long', ...syslog(server.address), 'alpine', 'sh', '-c', script);
    await until(() => server.lines.length === 4);
    assert.deepEqual(
      server.lines.map((line) => line.length - line.indexOf(': ') - 2),
      [16_384, 16_384, 7232, 3],
    );
  });

  it('does not start if nobody is there, and reads nothing back if it is told so', async () => {
    const failed = 'failed to create task for container: failed to initialize logging driver: ';
    const refused = await pier.cli('run', '--rm', ...syslog('tcp://127.0.0.1:1'), 'alpine', 'true');
    assert.equal(
      refused.stderr.split('\n')[0],
      `pier: Error response from daemon: ${failed}dial tcp 127.0.0.1:1: connect: connection refused`,
    );
    assert.equal(refused.exitCode, 125);
    const noJournal = await pier.cli('run', '--rm', '--log-driver', 'journald', 'alpine', 'true');
    assert.match(noJournal.stderr, /journald is not enabled on this host/);
    await pier.ok('run', '--name', 'blind', ...syslog('udp://127.0.0.1:9', 'cache-disabled=true'), 'alpine', 'echo', 'hi');
    assert.match((await pier.cli('logs', 'blind')).stderr, /configured logging driver does not support reading/);
    const bad: readonly (readonly [option: string, words: string])[] = [
      ['syslog-address=foo', "unsupported scheme: ''"],
      ['syslog-address=foo://bar', "unsupported scheme: 'foo'"],
      ['syslog-address=unix:///nope', 'stat /nope: no such file or directory'],
      ['syslog-facility=zz', 'invalid syslog facility'],
      ['syslog-format=zz', 'Invalid syslog format'],
      ['cache-disabled=zz', 'invalid value for option cache-disabled: zz'],
      ['x=y', "unknown log opt 'x' for syslog log driver"],
    ];
    for (const [option, words] of bad) {
      const { stderr } = await pier.cli('create', '--log-driver', 'syslog', '--log-opt', option, 'alpine');
      assert.equal(stderr, `Error response from daemon: ${words}\n`);
    }
  });
});
