// Files that run and create read and write, and output that nobody takes: Docker's rules, texts and exit codes.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { describeWithClients, type Fixture } from '../harness/fixture.ts';

let directory = '';
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pt-files-'));
});
after(() => rm(directory, { recursive: true }));

async function file(name: string, content: string | Buffer): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

/** The first line of what a client says of an error, with its exit code. */
async function refusal(pier: Fixture, ...args: string[]): Promise<string> {
  const { stderr, exitCode } = await pier.cli(...args);
  return `${exitCode} ${stderr.split('\n')[0]?.replace(/^docker: /, 'pier: ')}`;
}

/** Starts a client, reads a little of what it prints and goes away. */
async function leave(pier: Fixture, ...args: string[]): Promise<{ exitCode: number; stderr: string }> {
  const child = pier.background(...args);
  assert.ok(child.stdout && child.stderr);
  let stderr = '';
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  await once(child.stdout, 'data');
  child.stdout.destroy();
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  return { exitCode: signal === 'SIGPIPE' ? 141 : (code ?? -1), stderr };
}

describeWithClients('files of run', (pier) => {
  it('--cidfile is there with a container only', async () => {
    const taken = await file('taken', 'x');
    const found = `container ID file found, make sure the other container isn't running or delete ${taken}`;
    assert.equal(await refusal(pier, 'create', '--cidfile', taken, 'alpine'), `1 ${found}`);
    assert.equal(await refusal(pier, 'run', '--cidfile', taken, 'alpine'), `125 pier: ${found}`);
    const nowhere = 'failed to create the container ID file: open /nowhere/id: no such file or directory';
    assert.equal(await refusal(pier, 'create', '--cidfile', '/nowhere/id', 'alpine'), `1 ${nowhere}`);
    assert.equal(await refusal(pier, 'run', '--cidfile', '/nowhere/id', 'alpine'), `127 pier: ${nowhere}`);
    const path = join(directory, 'id');
    assert.match(await refusal(pier, 'create', '--cidfile', path, '--log-opt', 'bogus=1', 'alpine'), /^1 .*unknown log opt/);
    assert.equal(existsSync(path), false);
    assert.equal(await pier.ok('ps', '-aq'), '');
    assert.match(await refusal(pier, 'run', '--rm', '--cidfile', path, 'alpine', 'nosuch'), /^127 /);
    assert.equal(existsSync(path), true, 'there was a container');
    await rm(path);
  });

  it('--env-file and --label-file are read as Docker reads them', async () => {
    const env = await file('env', '\uFEFF# comment\nA=1\n  B=2 x\nNOT_SET_HERE\n\nC=\nD="q"\r\n');
    assert.equal(
      await pier.ok('run', '--rm', '--env-file', env, 'alpine', 'sh', '-c', 'env | grep "^[ABCDN]" | sort'),
      'A=1\nB=2 x\nC=\nD="q"',
    );
    const labels = await file('labels', 'l1=a\nalone\n#x\nl3=4 5\n');
    await pier.ok('create', '--name', 'labelled', '--label-file', labels, '-l', 'z', '-l', 'y=1=2', 'alpine');
    assert.equal(await pier.ok('inspect', '-f', '{{json .Config.Labels}}', 'labelled'), '{"l1":"a","l3":"4 5","y":"1=2","z":""}');
    const bad: readonly (readonly [content: string | Buffer, problem: string])[] = [
      ['=x\n', "no variable name on line '=x'"],
      ['ok=1\n D = 3\n', "variable 'D ' contains whitespaces"],
      [Buffer.from([0x41, 0x0a, 0xff, 0xfe, 0x3d, 0x31, 0x0a]), 'invalid utf8 bytes at line 2: [255 254 61 49]'],
      [`A=${'x'.repeat(70_000)}`, 'bufio.Scanner: token too long'],
    ];
    for (const [content, problem] of bad) {
      const path = await file('bad', content);
      assert.equal(await refusal(pier, 'create', '--env-file', path, 'alpine'), `125 pier: invalid env file (${path}): ${problem}`);
      assert.equal(await refusal(pier, 'exec', '--env-file', path, 'labelled', 'env'), `1 invalid env file (${path}): ${problem}`);
    }
    assert.equal(await refusal(pier, 'create', '--env-file', '/nowhere', 'alpine'), '125 pier: open /nowhere: no such file or directory');
    assert.equal(
      await refusal(pier, 'create', '--env-file', '/tmp', 'alpine'),
      '125 pier: invalid env file (/tmp): read /tmp: is a directory',
    );
  });

  it('variables and labels without names are refused', async () => {
    const cases: readonly (readonly [flag: string, value: string, problem: string])[] = [
      ['-e, --env', '=b', 'invalid environment variable: =b'],
      ['-l, --label', '=x', "invalid label '=x': empty name"],
      ['-l, --label', 'a b=c', "label 'a b' contains whitespaces"],
    ];
    for (const [flag, value, problem] of cases) {
      const expected = `125 invalid argument "${value}" for "${flag}" flag: ${problem}`;
      assert.equal(await refusal(pier, 'create', flag.slice(0, 2), value, 'alpine'), expected);
    }
  });

  it('a broken pipe is an error while signals are passed on, and else the end', async () => {
    const talk = ['alpine', 'seq', '1000000'];
    const error = { exitCode: 1, stderr: 'write /dev/stdout: broken pipe\n' };
    assert.deepEqual(await leave(pier, 'run', '--rm', ...talk), error);
    assert.deepEqual(await leave(pier, 'run', '--rm', '--sig-proxy=false', ...talk), { exitCode: 141, stderr: '' });
    await pier.ok('create', '--name', 'talker', ...talk);
    assert.deepEqual(await leave(pier, 'start', '-a', 'talker'), error);
    await pier.ok('wait', 'talker');
    assert.deepEqual(await leave(pier, 'logs', 'talker'), { exitCode: 141, stderr: '' });
  });
});
