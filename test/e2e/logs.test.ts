// docker logs: every flag, and nothing lost or invented.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients } from '../harness/fixture.ts';
import { until } from '../harness/until.ts';

describeWithClients('logs', (pier) => {
  it('gives back both outputs, apart', async () => {
    await pier.ok('run', '--name', 'two', 'alpine', 'sh', '-c', 'echo out; echo err >&2; printf "no line feed"');
    const result = await pier.cli('logs', 'two');
    assert.deepEqual(result, { exitCode: 0, stdout: 'out\nno line feed', stderr: 'err\n' });
  });

  it('keeps bytes as they were, long lines too', { skip: IS_PEER && 'dockerd keeps text only' }, async () => {
    const script = "head -c 100000 /dev/zero | tr '\\0' x; echo; printf 'a\\tb\\r\\n\\001\\377end\\n'";
    await pier.ok('run', '--name', 'bytes', 'alpine', 'sh', '-c', script);
    const response = await pier.daemon.api('GET', '/containers/bytes/logs?stdout=1');
    // oxlint-disable-next-line no-control-regex -- frames of stdout begin with the byte 1
    const text = response.body.toString('latin1').replaceAll(/\x01\0\0\0[^]{4}/g, '');
    assert.equal(text, `${'x'.repeat(100_000)}\na\tb\r\n\x01\xffend\n`);
  });

  it('-n gives the last lines', async () => {
    await pier.ok('run', '--name', 'ten', 'alpine', 'sh', '-c', 'for i in $(seq 10); do echo $i; done');
    assert.equal(await pier.ok('logs', '-n', '3', 'ten'), '8\n9\n10');
    assert.equal(await pier.ok('logs', '--tail', '0', 'ten'), '');
    assert.equal(await pier.ok('logs', '--tail', 'all', 'ten'), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].join('\n'));
    assert.equal(await pier.ok('logs', '--tail', '100', 'ten'), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].join('\n'));
  });

  it('-t puts the time before each line', async () => {
    const before = Date.now();
    await pier.ok('run', '--name', 'timed', 'alpine', 'sh', '-c', 'echo a; echo b');
    const lines = (await pier.ok('logs', '-t', 'timed')).split('\n');
    assert.equal(lines.length, 2);
    const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z) a$/.exec(lines[0] ?? '');
    assert.ok(match, lines[0]);
    const at = Date.parse(match[1] ?? '');
    assert.ok(at >= before - 1000 && at <= Date.now() + 1000);
  });

  it('--since and --until cut by time', async () => {
    await pier.ok('run', '--name', 'cut', 'alpine', 'sh', '-c', 'for i in 1 2 3; do echo $i; sleep 1.1; done');
    const times = (await pier.ok('logs', '-t', 'cut')).split('\n').map((line) => line.split(' ')[0] ?? '');
    const [first = '', second = '', third = ''] = times;
    assert.equal(await pier.ok('logs', '--since', second, 'cut'), '2\n3');
    assert.equal(await pier.ok('logs', '--until', second, 'cut'), '1\n2');
    assert.equal(await pier.ok('logs', '--since', String(Math.floor(Date.parse(third) / 1000) + 1), 'cut'), '');
    assert.equal(await pier.ok('logs', '--since', '10m', 'cut'), '1\n2\n3');
    assert.equal(await pier.ok('logs', '--since', first, '--until', second, '-n', '2', 'cut'), '2');
  });

  it('-f follows to the end and no further', async () => {
    await pier.ok('run', '-d', '--name', 'going', 'alpine', 'sh', '-c', 'for i in 1 2 3 4; do echo $i; sleep 0.3; done');
    assert.equal(await pier.ok('logs', '-f', 'going'), '1\n2\n3\n4');
    assert.equal(await pier.ok('logs', '-f', 'going'), '1\n2\n3\n4');
    await pier.ok(
      'run',
      '-d',
      '--name',
      'tail',
      'alpine',
      'sh',
      '-c',
      'echo old1; echo old2; until [ -e /go ]; do sleep 0.1; done; echo new',
    );
    await until(async () => (await pier.ok('logs', 'tail')).includes('old2'));
    const follower = pier.background('logs', '-f', '-n', '1', 'tail');
    let seen = '';
    follower.stdout?.on('data', (data: Buffer) => (seen += data.toString()));
    await until(() => Promise.resolve(seen === 'old2\n'));
    // Before the word is given: the follower may be gone when the exec's client is back.
    const closed = once(follower, 'close');
    await pier.ok('exec', 'tail', 'touch', '/go');
    await closed;
    assert.equal(seen, 'old2\nnew\n');
  });

  it('-f shows a line as soon as it is written', async () => {
    await pier.ok('run', '-d', '-i', '--name', 'live', 'alpine', 'sh', '-c', 'echo first; sleep 1000');
    const follower = pier.background('logs', '-f', 'live');
    assert.ok(follower.stdout);
    const [data] = (await once(follower.stdout, 'data', { signal: AbortSignal.timeout(10_000) })) as [Buffer];
    assert.equal(data.toString(), 'first\n');
    follower.kill('SIGTERM');
  });

  it('a second run of the container adds to its log', async () => {
    await pier.ok('run', '--name', 'again', 'alpine', 'echo', 'line');
    await pier.ok('start', '-a', 'again');
    assert.equal(await pier.ok('logs', 'again'), 'line\nline');
  });

  it('is empty before the first start', async () => {
    await pier.ok('create', '--name', 'fresh', 'alpine', 'echo', 'never');
    assert.deepEqual(await pier.cli('logs', 'fresh'), { exitCode: 0, stdout: '', stderr: '' });
  });

  it('has all of 20 MB', async () => {
    await pier.ok('run', '-d', '--name', 'big', '--network', 'none', 'alpine', 'sh', '-c', 'seq 2500000');
    await pier.ok('wait', 'big');
    const { stdout } = await pier.cliWith({ timeoutMs: 60_000 }, 'logs', 'big');
    const lines = stdout.split('\n');
    assert.equal(lines.length, 2_500_001);
    const wrong = lines.slice(0, -1).findIndex((line, i) => line !== String(i + 1));
    assert.equal(wrong, -1);
  });

  it('survives the death of the daemon without a gap', { skip: IS_PEER && 'a peer is not killed' }, async () => {
    await pier.ok(
      'run',
      '-d',
      '--name',
      'steady',
      'alpine',
      'sh',
      '-c',
      'i=0; while [ $i -lt 60 ]; do i=$((i+1)); echo $i; sleep 0.05; done',
    );
    await pier.daemon.killAndRestart();
    assert.equal(await pier.ok('logs', '-f', 'steady'), Array.from({ length: 60 }, (_, i) => i + 1).join('\n'));
  });

  it('answers for no such container in words', async () => {
    const result = await pier.cli('logs', 'missing');
    assert.deepEqual(result, { exitCode: 1, stdout: '', stderr: 'Error response from daemon: No such container: missing\n' });
  });
});
