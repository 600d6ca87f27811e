// Several daemons on one machine, one engine per root, and roots that other versions wrote.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { PIER_COMMAND, type RunOutcome } from '../harness/clients.ts';
import { IS_PEER, startDaemon } from '../harness/daemon.ts';
import { bringIn, fixtureOf, missingMaterial } from '../harness/fixture.ts';

describe('engines', { skip: missingMaterial() || (IS_PEER && 'about pier’s own daemon') }, () => {
  it('two run side by side and know nothing of each other', async () => {
    await using one = await startDaemon();
    await using two = await startDaemon();
    await Promise.all([bringIn(one, 'alpine'), bringIn(two, 'alpine')]);
    const [a, b] = [fixtureOf(one), fixtureOf(two)];
    await a.ok('run', '-d', '--name', 'same-name', 'alpine', 'sleep', '1000');
    await b.ok('run', '-d', '--name', 'same-name', 'alpine', 'sleep', '1000');
    assert.equal((await a.ok('ps', '-q')).split('\n').length, 1);
    const format = '{{.NetworkSettings.Networks.bridge.IPAddress}}';
    assert.notEqual(await a.ok('inspect', '--format', format, 'same-name'), await b.ok('inspect', '--format', format, 'same-name'));
    await one.stop();
    assert.equal(await b.ok('exec', 'same-name', 'echo', 'still here'), 'still here');
    await one.start();
    assert.equal(await a.ok('exec', 'same-name', 'echo', 'still here'), 'still here');
  });

  it('a second one on the same root is refused with the pid of the holder', async () => {
    await using daemon = await startDaemon();
    const second = await pierDaemon(
      '--root',
      daemon.root,
      '--state',
      join(daemon.directory, 'state2'),
      '-H',
      `unix://${daemon.directory}/second.sock`,
    );
    assert.notEqual(second.exitCode, 0);
    assert.match(second.stderr, new RegExp(String.raw`\b${daemon.pid}\b`));
    assert.equal((await daemon.api('GET', '/_ping')).status, 200);
  });

  it('a root of a newer pier is refused, not damaged', async () => {
    await using daemon = await startDaemon();
    await bringIn(daemon, 'alpine');
    await daemon.stop();
    const path = join(daemon.root, 'pier.db');
    const bump = (by: number): void => {
      using database = new DatabaseSync(path);
      database.exec(`UPDATE schema_version SET version = version + ${by}`);
    };
    bump(1000);
    const before = await readFile(path);
    const refused = await pierDaemon('--root', daemon.root, '--state', daemon.state, '-H', `unix://${daemon.directory}/second.sock`);
    assert.notEqual(refused.exitCode, 0);
    assert.match(refused.stderr, /newe(r|st)/);
    assert.deepEqual(await readFile(path), before);
    bump(-1000);
    await daemon.start();
    assert.equal(await fixtureOf(daemon).ok('run', '--rm', '--network', 'none', 'alpine', 'echo', 'back'), 'back');
  });

  it('containers run on through an orderly end, and are adopted', async () => {
    await using daemon = await startDaemon();
    await bringIn(daemon, 'alpine');
    const pier = fixtureOf(daemon);
    await pier.ok('run', '-d', '--name', 'lasting', 'alpine', 'sh', '-c', 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.1; done');
    const pid = await pier.ok('inspect', '--format', '{{.State.Pid}}', 'lasting');
    await daemon.stop();
    process.kill(Number(pid), 0);
    await daemon.start();
    assert.equal(await pier.ok('inspect', '--format', '{{.State.Pid}} {{.State.Status}}', 'lasting'), `${pid} running`);
    await pier.ok('stop', '-t', '0', 'lasting');
    const lines = (await pier.ok('logs', 'lasting')).split('\n').map(Number);
    assert.deepEqual(
      lines,
      Array.from({ length: lines.length }, (_, i) => i + 1),
    );
  });

  it('a configuration file is read, and what is not known in it is refused by name', async () => {
    await using daemon = await startDaemon();
    const file = join(daemon.directory, 'daemon.json');
    await writeFile(file, '{"no-such-setting": true}');
    const refused = await pierDaemon('--config', file);
    assert.notEqual(refused.exitCode, 0);
    assert.match(refused.stderr, /no-such-setting/);
    await writeFile(file, '{"debug": tru');
    assert.notEqual((await pierDaemon('--config', file)).exitCode, 0);
    assert.notEqual((await pierDaemon('--config', join(daemon.directory, 'missing.json'))).exitCode, 0);
  });

  it('flags that it does not have are refused by name', async () => {
    const refused = await pierDaemon('--no-such-flag');
    assert.notEqual(refused.exitCode, 0);
    assert.match(refused.stderr, /--no-such-flag/);
  });
});

/** Runs `pier daemon` where it is expected to end by itself. */
function pierDaemon(...args: string[]): Promise<RunOutcome> {
  const [program = '', ...first] = PIER_COMMAND;
  return new Promise((resolve) => {
    execFile(program, [...first, 'daemon', ...args], { timeout: 20_000, killSignal: 'SIGKILL' }, (error, stdout, stderr) => {
      resolve({ exitCode: error === null ? 0 : Number(error.code ?? 137), stdout, stderr });
    });
  });
}
