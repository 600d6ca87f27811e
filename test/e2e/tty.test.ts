// Terminals: detach and come back, two people at one shell, sizes, and a daemon that dies in between.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients } from '../harness/fixture.ts';
import { hijack } from '../harness/http.ts';
import { until } from '../harness/until.ts';

const CTRL_P = '\x10';
const CTRL_Q = '\x11';

describeWithClients('terminals', (pier) => {
  it('detach keys leave the container running, attach comes back to the same shell', async () => {
    const first = pier.tty('run', '-ti', '--name', 'shell', 'alpine');
    await first.until('/ # ');
    await first.command('mark=here; echo set-$?', /\nset-0\r/);
    first.write(CTRL_P);
    first.write(CTRL_Q);
    assert.equal(await first.exited(), 0);
    assert.equal(await pier.ok('inspect', '--format', '{{.State.Status}}', 'shell'), 'running');

    await using second = pier.tty('attach', 'shell');
    second.write('\n');
    await second.until('/ # ');
    await second.command('echo mark-is-$mark', /\nmark-is-here\r/);
    second.write('exit 5\n');
    assert.equal(await second.exited(), 5);
  });

  it('--detach-keys chooses other keys, and ctrl-p alone goes through', async () => {
    await using shell = pier.tty('run', '-ti', '--detach-keys', 'ctrl-x,x', '--name', 'keys', 'alpine', 'cat', '-v');
    shell.write(`${CTRL_P}${CTRL_Q}a\n`);
    // The terminal itself takes ctrl-q (XON).
    await shell.until('^Pa');
    shell.write('\x18x');
    await shell.exited();
    assert.equal(await pier.ok('inspect', '--format', '{{.State.Running}}', 'keys'), 'true');
  });

  it('two clients at one terminal see the same', async () => {
    await using first = pier.tty('run', '-ti', '--name', 'both', 'alpine');
    await first.until('/ # ');
    await using second = pier.tty('attach', 'both');
    second.write('\n');
    await second.until('/ # ');
    first.write('echo from-$((1+1))-first\n');
    await Promise.all([first.until(/\nfrom-2-first\r/), second.until(/\nfrom-2-first\r/)]);
    second.write('echo from-$((2+2))-second\n');
    await Promise.all([first.until(/\nfrom-4-second\r/), second.until(/\nfrom-4-second\r/)]);
  });

  it('the terminal has the size of the window, and follows it', async () => {
    await using shell = pier.tty('run', '-ti', '--name', 'sized', 'alpine');
    await shell.until('/ # ');
    await shell.command('stty size', /\n24 80\r/);
    await shell.resize(40, 132);
    await until(async () => {
      shell.write('stty size\n');
      return /\n40 132\r/.test(await shell.until(/\n\d+ \d+\r/));
    });
  });

  it('an exec has a terminal and size of its own', async () => {
    await pier.ok('run', '-d', '--name', 'host', 'alpine', 'sleep', '1000');
    await using shell = pier.tty('exec', '-it', 'host', 'sh');
    await shell.until('/ # ');
    await shell.command('stty size', /\n24 80\r/);
    await shell.resize(30, 100);
    await until(async () => {
      shell.write('stty size\n');
      return /\n30 100\r/.test(await shell.until(/\n\d+ \d+\r/));
    });
    shell.write('exit 6\n');
    assert.equal(await shell.exited(), 6);
  });

  it('ctrl-c reaches the process through the terminal', async () => {
    await using shell = pier.tty(
      'run',
      '-ti',
      '--name',
      'interrupted',
      'alpine',
      'sh',
      '-c',
      'trap "echo caught; exit 9" INT; echo ready; while :; do sleep 0.1; done',
    );
    await shell.until('ready');
    shell.write('\x03');
    await shell.until('caught');
    assert.equal(await shell.exited(), 9);
  });

  it('a client killed outright leaves the shell alive', async () => {
    const first = pier.tty('run', '-ti', '--name', 'survivor', 'alpine');
    await first.until('/ # ');
    await first.killClient();
    await first.exited();
    assert.equal(await pier.ok('inspect', '--format', '{{.State.Status}}', 'survivor'), 'running');
    await using second = pier.tty('attach', 'survivor');
    second.write('\n');
    await second.until('/ # ');
    await second.command('echo alive-$((3+4))', /\nalive-7\r/);
  });

  it('a terminal survives the death of the daemon', { skip: IS_PEER && 'a peer is not killed' }, async () => {
    await using first = pier.tty('run', '-ti', '--name', 'adopted', 'alpine');
    await first.until('/ # ');
    await first.command('mark=before; echo set-$((1+1))', /\nset-2\r/);
    await pier.daemon.killAndRestart();
    await using second = pier.tty('attach', 'adopted');
    second.write('\n');
    await second.until('/ # ');
    await second.command('echo $mark-and-after', /\nbefore-and-after\r/);
    await second.resize(33, 111);
    await until(async () => {
      second.write('stty size\n');
      return /\n33 111\r/.test(await second.until(/\n\d+ \d+\r/));
    });
    second.write('exit 8\n');
    assert.equal(await second.exited(), 8);
  });

  it('a tty is one raw stream over the API', async () => {
    const { Id } = await pier.daemon.json<{ Id: string }>('POST', '/containers/create?name=raw', {
      status: 201,
      json: { Image: 'alpine', Cmd: ['sh', '-c', 'echo out; echo err >&2'], Tty: true },
    });
    const client = await hijack(pier.daemon.socket, `/v1.51/containers/${Id}/attach?stream=1&stdout=1&stderr=1`);
    assert.equal(client.headers['content-type'], 'application/vnd.docker.raw-stream');
    await pier.daemon.api('POST', `/containers/${Id}/start`);
    assert.equal((await client.ended).toString(), 'out\r\nerr\r\n');
  });

  it('a client without a terminal is refused -t with input', async () => {
    const result = await pier.cliWith({ input: 'x' }, 'run', '-ti', 'alpine');
    assert.equal(result.exitCode, 1);
    assert.match(result.stderr, /the input device is not a TTY/);
  });
});
