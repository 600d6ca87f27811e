// What lists and shows containers: every filter of ps, and what is refused.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, it } from 'node:test';
import { describeWithClients } from '../harness/fixture.ts';

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

    it('-q with a format is told so, and wins', async () => {
      const { stdout, stderr } = await pier.cli('ps', '-q', '--format', '{{.Names}}');
      assert.match(stdout, /^[0-9a-f]{12}\n$/);
      assert.equal(stderr, 'WARNING: Ignoring custom format, because both --format and --quiet are set.\n');
    });
  },
  { keepContainers: true },
);
