// docker run --log-driver, --log-opt: how much of a log is kept, who may read it, and that rotation loses nothing.
import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients, missingMaterial, useDaemon, type Fixture } from '../harness/fixture.ts';
import { until } from '../harness/until.ts';

/** Numbers, in bursts, until there is a file `/stop`. */
const COUNT = 'i=0; while [ ! -e /stop ]; do echo line $i; i=$((i+1)); [ $((i%100)) = 0 ] && sleep 0.03; done; true';

/** All lines up to the last of some output, the first `from` left out. */
function linesTo(output: string, from = 0): string {
  const last = Number(/line (\d+)\n?$/.exec(output)?.[1]);
  return Array.from({ length: last + 1 - from }, (_, i) => `line ${from + i}`).join('\n');
}

async function filesOf(pier: Fixture, name: string): Promise<string[]> {
  const id = await pier.ok('inspect', '-f', '{{.Id}}', name);
  const names = await readdir(join(pier.daemon.root, 'containers', id));
  return names.filter((file) => file.startsWith('ctr.log')).toSorted();
}

/** Waits until a log has been rotated so often. */
async function rotated(pier: Fixture, name: string, times: number): Promise<void> {
  await until(async () => (await filesOf(pier, name)).some((file) => Number(/\.(\d+)/.exec(file)?.[1] ?? 0) > times));
}

const limits = (...options: readonly string[]): string[] => options.flatMap((option) => ['--log-opt', option]);

describeWithClients('log drivers', (pier) => {
  it('max-size and max-file keep so much', { skip: IS_PEER && 'looks at files of pier' }, async () => {
    await pier.ok('run', '-d', '--name', 'small', ...limits('max-size=10k', 'max-file=3'), 'alpine', 'sh', '-c', COUNT);
    await rotated(pier, 'small', 5);
    await pier.ok('exec', 'small', 'touch', '/stop');
    await pier.ok('wait', 'small');
    const kept = await pier.ok('logs', 'small');
    const first = Number(/^line (\d+)/.exec(kept)?.[1]);
    assert.ok(first > 0);
    assert.equal(kept, linesTo(kept, first), 'the newest, none missing');
    assert.equal(await pier.ok('logs', '-n', '150', 'small'), kept.split('\n').slice(-150).join('\n'));
    // One more while the oldest is being taken away, or the next is prepared.
    assert.ok((await filesOf(pier, 'small')).length <= 6, (await filesOf(pier, 'small')).join(' '));
  });

  it('compressed files are read as others, also after the death of the daemon', { skip: IS_PEER && 'looks at files of pier' }, async () => {
    const options = limits('max-size=10k', 'max-file=500', 'compress=true');
    await pier.ok('run', '-d', '--name', 'packed', ...options, 'alpine', 'sh', '-c', COUNT);
    const packedFiles = async (): Promise<number> => (await filesOf(pier, 'packed')).filter((file) => file.endsWith('.gz')).length;
    await until(async () => (await packedFiles()) > 2);
    await pier.daemon.killAndRestart();
    const before = await packedFiles();
    await until(async () => (await packedFiles()) > before + 2);
    const follower = pier.cli('logs', '-f', 'packed');
    await pier.ok('exec', 'packed', 'touch', '/stop');
    await pier.ok('wait', 'packed');
    const all = await pier.ok('logs', 'packed');
    assert.equal(all, linesTo(all));
    assert.equal((await follower).stdout, `${all}\n`);
    const tail = all.split('\n').slice(200);
    assert.equal(await pier.ok('logs', '-n', String(tail.length), 'packed'), tail.join('\n'));
    const [since = ''] = (await pier.ok('logs', '-t', '-n', '300', 'packed')).split(' ');
    assert.equal(await pier.ok('logs', '--since', since, 'packed'), all.split('\n').slice(-300).join('\n'));
  });

  it(
    'who follows or is attached gets every line once, however often the log is rotated',
    { skip: IS_PEER && 'looks at files' },
    async () => {
      const attached = pier.cli('run', '--name', 'turns', ...limits('max-size=10k', 'max-file=1'), 'alpine', 'sh', '-c', COUNT);
      await until(async () => (await pier.cli('exec', 'turns', 'true')).exitCode === 0);
      const follower = pier.cli('logs', '-f', 'turns');
      await rotated(pier, 'turns', 6);
      await pier.ok('exec', 'turns', 'touch', '/stop');
      const { stdout: heard } = await attached;
      assert.equal(heard, `${linesTo(heard)}\n`);
      const { stdout: followed } = await follower;
      assert.ok(followed.length > 0 && heard.endsWith(followed));
    },
  );

  it('none keeps nothing that can be read, and attach works', async () => {
    assert.equal(await pier.ok('run', '--name', 'secret', '--log-driver', 'none', 'alpine', 'echo', 'heard'), 'heard');
    const refusal = 'Error response from daemon: configured logging driver does not support reading\n';
    assert.deepEqual(await pier.cli('logs', 'secret'), { exitCode: 1, stdout: '', stderr: refusal });
    assert.deepEqual(await pier.cli('logs', '-f', 'secret'), { exitCode: 1, stdout: '', stderr: refusal });
    assert.equal(await pier.ok('inspect', '-f', '{{json .HostConfig.LogConfig}} {{.LogPath}}', 'secret'), '{"Type":"none","Config":{}} ');
    assert.match(
      (await pier.cli('create', '--log-driver', 'none', '--log-opt', 'a=b', 'alpine')).stderr,
      /invalid logging opts for driver none/,
    );
  });

  it('local reads back', async () => {
    await pier.ok('run', '--name', 'near', '--log-driver', 'local', 'alpine', 'sh', '-c', 'echo a; echo b >&2');
    assert.deepEqual(await pier.cli('logs', 'near'), { exitCode: 0, stdout: 'a\n', stderr: 'b\n' });
    assert.equal(await pier.ok('inspect', '-f', '{{json .HostConfig.LogConfig}} {{.LogPath}}', 'near'), '{"Type":"local","Config":{}} ');
  });

  it('--details shows what labels, env and tag choose', async () => {
    const options = ['labels=a,b,none', 'labels-regex=^com\\.', 'env=X', 'tag={{.Name}}/{{(.ExtraAttributes nil).X}}'];
    const labels = ['-l', 'a=1', '-l', 'b=2 3', '-l', 'com.x=é!', '-l', 'other=4', '-e', 'X=y z', '-e', 'Y=1'];
    await pier.ok('run', '--name', 'marked', ...labels, ...options.flatMap((option) => ['--log-opt', option]), 'alpine', 'echo', 'hi');
    const details = 'X=y+z,a=1,b=2+3,com.x=%C3%A9%21,tag=marked%2Fy+z';
    assert.equal(await pier.ok('logs', '--details', 'marked'), `${details} hi`);
    assert.match(await pier.ok('logs', '--details', '-t', 'marked'), /^\S+Z X=y\S+ hi$/);
    await pier.ok('run', '--name', 'plain', 'alpine', 'echo', 'hi');
    assert.equal((await pier.cli('logs', '--details', 'plain')).stdout, ' hi\n');
  });

  const refusals: readonly (readonly [options: readonly string[], words: string])[] = [
    [['--log-driver', 'bogus'], 'error looking up logging plugin bogus: plugin "bogus" not found'],
    [['--log-opt', 'bogus=1'], "unknown log opt 'bogus' for json-file log driver"],
    [['--log-driver', 'local', '--log-opt', 'tag=1'], "unknown log opt 'tag' for log driver local"],
    [['--log-opt', 'mode=foo'], 'logger: logging mode not supported: foo'],
    [['--log-opt', 'max-buffer-size=1m'], "logger: max-buffer-size option is only supported with 'mode=non-blocking'"],
    [['--log-opt', 'mode=non-blocking', '--log-opt', 'max-buffer-size=x'], "error parsing option max-buffer-size: invalid size: 'x'"],
  ];
  it('refuses what is no driver or option when the container is made', async () => {
    for (const [options, words] of refusals) {
      const { stderr, exitCode } = await pier.cli('create', '--name', 'wrong', ...options, 'alpine', 'true');
      assert.equal(stderr.split('\n')[0]?.replace(/^(docker|pier): /, ''), `Error response from daemon: ${words}`);
      assert.equal(exitCode, 1);
    }
    assert.equal(await pier.ok('ps', '-aq'), '');
  });

  const failures: readonly (readonly [options: readonly string[], words: string])[] = [
    [['max-size=abc'], "invalid size: 'abc'"],
    [['max-size=0'], 'max-size must be a positive number'],
    [['max-size=10k', 'max-file=0'], 'max-file cannot be less than 1'],
    [['max-size=1m', 'max-file=x'], 'strconv.Atoi: parsing "x": invalid syntax'],
    [['compress=true'], 'compress cannot be true when max-file is less than 2 or max-size is not set'],
    [['tag={{.Bogus}}'], `template: log-tag:1:2: executing "log-tag" at <.Bogus>: can't evaluate field Bogus in type *logger.Info`],
    [['labels-regex=('], 'error parsing regexp: missing closing ): `(`'],
  ];
  it('refuses values that make no sense when the container starts', async () => {
    for (const [options, words] of failures) {
      const given = options.flatMap((option) => ['--log-opt', option]);
      const { stderr, exitCode } = await pier.cli('run', '--rm', ...given, 'alpine', 'true');
      const prefix = 'failed to create task for container: failed to initialize logging driver: ';
      assert.equal(stderr.split('\n')[0]?.replace(/^(docker|pier): /, ''), `Error response from daemon: ${prefix}${words}`);
      assert.equal(exitCode, 125);
    }
  });
});

describe("a daemon's own log driver", { skip: missingMaterial() || (IS_PEER && 'needs a daemon with flags') }, () => {
  const pier = useDaemon({ args: ['--log-driver', 'local', '--log-opt', 'max-size=1m', '--log-opt', 'max-file=3'] });

  it('counts for containers that name none', async () => {
    const configOf = async (...options: string[]): Promise<string> => {
      const id = await pier.ok('create', ...options, 'alpine', 'true');
      return await pier.ok('inspect', '-f', '{{.HostConfig.LogConfig.Type}} {{json .HostConfig.LogConfig.Config}}', id);
    };
    assert.equal(await configOf(), 'local {"max-file":"3","max-size":"1m"}');
    assert.equal(await configOf('--log-opt', 'max-size=2m'), 'local {"max-file":"3","max-size":"2m"}');
    assert.equal(await configOf('--log-driver', 'json-file'), 'json-file {}');
    assert.equal(await pier.ok('info', '-f', '{{.LoggingDriver}}'), 'local');
  });
});
