// What lists and shows containers: every filter of ps, and what is refused.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { pierClient } from '../harness/clients.ts';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients, missingMaterial, useDaemon } from '../harness/fixture.ts';
import { startOnTty } from '../harness/tty-session.ts';
import { until } from '../harness/until.ts';

describeWithClients(
  'listing',
  (pier) => {
    before(async () => {
      await pier.ok('create', '--name', 'one', '-l', 'kind=a', '-v', '/etc:/host-etc:ro', 'alpine', 'sleep', '1000');
      await pier.ok('run', '-d', '--name', 'two', '-l', 'kind=b', '--network', 'none', 'alpine', 'sleep', '1000');
      await pier.cli('run', '--name', 'three', '--network', 'host', 'alpine', 'sh', '-c', 'exit 3');
    });

    const names = async (...filters: string[]): Promise<string> =>
      (await pier.ok('ps', '-a', '--format', '{{.Names}}', ...filters.flatMap((filter) => ['--filter', filter]))).replaceAll('\n', ' ');

    it('name is a regular expression of Go’s', async () => {
      assert.equal(await names('name=o'), 'two one');
      assert.equal(await names('name=^/?o'), 'one');
      assert.equal(await names('name=^(one|three)$'), 'three one');
      assert.equal(await names('name=(?i)ONE'), 'one');
      assert.equal(await names('name=[[:alpha:]]{4,}'), 'three');
      assert.equal(await names('name=one', 'name=two'), 'two one');
      // Neither JavaScript's syntax nor a broken one matches anything but itself.
      assert.equal(await names('name=o(?=n)'), '');
      assert.equal(await names('name=(one'), '');
    });

    // With a backtracking engine this took the daemon away from everybody, for longer than anybody waits.
    it('a pattern that explodes elsewhere is answered at once', async () => {
      const name = `long-${'a'.repeat(40)}-`;
      await pier.ok('create', '--name', `${name}end`, 'alpine', 'true');
      assert.equal(await names('name=^long-(a+)+$'), '');
      assert.equal(await names('name=^long-(a|a)*(a|a)*-end$'), `${name}end`);
      await pier.ok('rm', `${name}end`);
    });

    it('id is the beginning of one id', async () => {
      const id = await pier.ok('inspect', '-f', '{{.Id}}', 'two');
      assert.equal(await names(`id=${id}`), 'two');
      assert.equal(await names(`id=${id.slice(0, 12)}`), 'two');
      assert.equal(await names(`id=${id.slice(1, 12)}`), '');
      assert.equal(await names('id=two'), '');
      assert.equal(await names('id='), '');
    });

    it('volume, network, expose, publish, health, is-task', async () => {
      assert.equal(await names('volume=/etc'), 'one');
      assert.equal(await names('volume=/host-etc'), 'one');
      assert.equal(await names('volume=/nowhere'), '');
      assert.equal(await names('network=host'), 'three');
      assert.equal(await names('network=none'), 'two');
      assert.equal(await names('publish=80'), '');
      assert.equal(await names('expose=1-65535/udp'), '');
      assert.equal(await names('health=none'), 'three two one');
      assert.equal(await names('is-task=false'), 'three two one');
      assert.equal(await names('is-task=true'), '');
    });

    it('expose asks what the image exposes', async () => {
      const archive = join(pier.daemon.directory, 'one.tar');
      await pier.ok('export', '-o', archive, 'one');
      await pier.ok('import', '-c', 'EXPOSE 8080/tcp', archive, 'exposing');
      await pier.ok('create', '--name', 'open', 'exposing', 'true');
      assert.equal(await names('expose=8000-9000'), 'open');
      assert.equal(await names('expose=8080/udp'), '');
      assert.equal(await names('publish=8080'), '');
      await pier.ok('rm', 'open');
    });

    it('filters that make no sense are refused in Docker’s words', async () => {
      const cases: readonly (readonly [string, string])[] = [
      ['colour=red', "invalid filter 'colour'"],
      ['=red', 'invalid filter'],
      ['status=odd', "invalid filter 'status=odd': invalid value for state (odd): must be one of created, running, paused, restarting, removing, exited, dead"],
      ['exited=x', 'invalid filter \'exited=x\': strconv.Atoi: parsing "x": invalid syntax'],
      ['is-task=perhaps', "invalid filter 'is-task=[perhaps]'"],
      ['publish=x', 'error while looking up for publish x: strconv.ParseUint: parsing "x": invalid syntax'],
      ['publish=80:80', "filter for 'publish' should not contain ':': 80:80"],
      ['expose=90-80', 'error while looking up for expose 90-80: Invalid range specified for the Port: 90-80'],
      ['expose=70000', 'error while looking up for expose 70000: strconv.ParseUint: parsing "70000": value out of range'],
      ['before=nobody', 'No such container: nobody'],
    ]; // prettier-ignore
      for (const [filter, message] of cases) {
        const { exitCode, stderr } = await pier.cli('ps', '--filter', filter);
        assert.deepEqual([exitCode, stderr], [1, `Error response from daemon: ${message}\n`]);
      }
    });

    it('exited and status alone show what their state allows', async () => {
      assert.equal(await pier.ok('ps', '--filter', 'exited=3', '--format', '{{.Names}}'), '');
      assert.equal(await pier.ok('ps', '-a', '--filter', 'exited=3', '--format', '{{.Names}}'), 'three');
      assert.equal(await pier.ok('ps', '--filter', 'status=exited', '--format', '{{.Names}}'), 'three');
    });

    it('top takes options of ps, and refuses those that would show other processes', async () => {
      assert.match(await pier.ok('top', 'two', '-o', 'pid,comm'), /^PID +COMMAND\n\d+ +sleep$/);
      assert.match(await pier.ok('top', 'two', 'aux'), /^USER +PID .*COMMAND\nroot .* sleep 1000$/);
      const refused = async (...args: string[]): Promise<string> => (await pier.cli('top', 'two', ...args)).stderr.trimEnd();
      assert.equal(await refused('-o', 'pid,ppid=PID'), 'Error response from daemon: specifying "pid,ppid=PID" is not allowed');
      assert.equal(await refused('-o', 'comm'), "Error response from daemon: Couldn't find PID field in ps output");
      assert.equal(await refused('--nonsense'), 'Error response from daemon: error: unknown gnu long option');
    });

    it('port has nothing to tell of a container that publishes none', async () => {
      assert.equal(await pier.ok('port', 'two'), '');
      const { exitCode, stderr } = await pier.cli('port', 'two', '80');
      assert.deepEqual([exitCode, stderr], [1, "Error: No public port '80' published for two\n"]);
      assert.match(
        (await pier.cli('port', 'two', 'x')).stderr,
        /^Error: invalid port \(x\): strconv\.ParseUint: parsing "x": invalid syntax\n/,
      );
    });

    it('info tells what the kernel and the machine have', { skip: IS_PEER && 'it is about pier’s programs' }, async () => {
      const info = async (field: string): Promise<string> => await pier.ok('info', '-f', `{{json .${field}}}`);
      const memory = '/sys/fs/cgroup/memory';
      assert.equal(await info('OomKillDisable'), String(existsSync(`${memory}/memory.oom_control`)));
      const init = execFileSync('tini-static', ['--version'], { encoding: 'utf8' });
      assert.ok(init.includes(JSON.parse(await info('InitCommit.ID')) as string), init);
      const conmon = execFileSync('conmon', ['--version'], { encoding: 'utf8' });
      assert.ok(conmon.includes((JSON.parse(await info('ContainerdCommit.ID')) as string).replace('conmon ', '')), conmon);
      assert.ok(Number(await info('NFd')) > 10);
      const events = pier.background('events');
      try {
        await until(async () => (await info('NEventsListener')) === '1');
      } finally {
        events.kill('SIGKILL');
      }
    });

    it('-q with a format is told so, and wins', async () => {
      const { stdout, stderr } = await pier.cli('ps', '-q', '--format', '{{.Names}}');
      assert.match(stdout, /^[0-9a-f]{12}\n$/);
      assert.equal(stderr, 'WARNING: Ignoring custom format, because both --format and --quiet are set.\n');
    });
  },
  { keepContainers: true },
);

describe('errors on a terminal', { skip: missingMaterial() }, () => {
  const pier = useDaemon({ images: [] });

  it('are red, with what to do next; NO_COLOR takes the colour away, a pipe all of it', async () => {
    const seen = async (env: Readonly<Record<string, string>>): Promise<string> => {
      await using session = startOnTty(pierClient(), ['rm', 'nobody'], { host: pier.daemon.host, env });
      assert.equal(await session.exited(), 1);
      return session.output.replaceAll('\r\n', '\n');
    };
    const text = 'Error response from daemon: No such container: nobody\n';
    const coloured = await seen({ NO_COLOR: '' });
    assert.ok(coloured.startsWith(`\u001B[31m${text.trimEnd()}\u001B[0m\n\n\u001B[2m`) && coloured.includes('pier ps -a'), coloured);
    const plain = await seen({ NO_COLOR: '1' });
    assert.ok(plain.startsWith(`${text}\n`) && plain.includes('pier ps -a') && !plain.includes('\u001B'), plain);
    assert.equal((await pier.cli('rm', 'nobody')).stderr, text);
  });
});
