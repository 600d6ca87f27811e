// The session of the README, row by row, as a person types it: with Docker's own CLI and again with pier's.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { IS_PEER } from '../harness/daemon.ts';
import { diskUsageBytes } from '../harness/disk-usage.ts';
import { busyboxArchive, describeWithClients } from '../harness/fixture.ts';
import { SHARED } from '../harness/images.ts';

const BUSYBOX = 'sha256:db287cb6be81219cd18c1d82b70908f5d33eb028568b456f78eedff2ff2930e4';

describeWithClients(
  'a session',
  (pier) => {
    let directory = '';
    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'pt-session-'));
    });
    after(() => rm(directory, { recursive: true, force: true }));

    it('imports Alpine and loads busybox', async () => {
      // dockerd's image of a bare file system runs nothing until it is told what; pier's runs its shell.
      const change = IS_PEER ? ['--change', 'CMD ["/bin/sh"]'] : [];
      const id = await pier.ok('import', ...change, SHARED.alpineTar, 'alpine');
      assert.match(id, /^sha256:[0-9a-f]{64}$/);
      const loaded = await pier.cliWith({ input: busyboxArchive() }, 'load');
      assert.equal(loaded.exitCode, 0, loaded.stderr);
      assert.match(loaded.stdout, /Loaded image: busybox:1\.37\.0-glibc/);

      const lines = (await pier.ok('images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}')).split('\n');
      assert.deepEqual(lines.toSorted(), [`alpine:latest ${id}`, `busybox:1.37.0-glibc ${BUSYBOX}`]);
      assert.equal(await pier.ok('run', '--rm', 'busybox:1.37.0-glibc', 'echo', 'from busybox'), 'from busybox');
    });

    it('run -ti gives a shell on a tty', async () => {
      await using shell = pier.tty('run', '-ti', '--name', 'C1', 'alpine');
      await shell.until('/ # ');
      await shell.command('cat /etc/alpine-release', /\n3\.20\.3\r/);
      await shell.command('apk --version', /\napk-tools 2\.\d+\.\d+/);
      await shell.command('tty', /\n\/dev\/pts\/0\r/);
      await shell.command('echo kept > /root/made-in-C1; echo done-$?', /\ndone-0\r/);

      assert.match(await pier.ok('ps', '--format', '{{.Names}} {{.Image}} {{.Status}}'), /^C1 alpine Up /);
      shell.write('exit 7\n');
      assert.equal(await shell.exited(), 7);
    });

    it('ps shows what runs, ps -a everything', async () => {
      await pier.ok('run', '-d', '--name', 'testdemo', 'alpine', 'sleep', '1000');
      assert.deepEqual((await pier.ok('ps', '--format', '{{.Names}}')).split('\n'), ['testdemo']);
      const all = (await pier.ok('ps', '-a', '--format', '{{.Names}}\t{{.Command}}\t{{.Status}}')).split('\n');
      assert.equal(all.length, 2);
      assert.match(all[0] ?? '', /^testdemo\t"sleep 1000"\tUp /);
      assert.match(all[1] ?? '', /^C1\t"\/bin\/sh"\tExited \(7\) /);
      const [header = '', row = ''] = (await pier.ok('ps')).split('\n');
      assert.match(header, /^CONTAINER ID {3}IMAGE {5}COMMAND {8}CREATED +STATUS +PORTS {5}NAMES$/);
      assert.match(row, /^[0-9a-f]{12} {3}alpine {4}"sleep 1000" {3}/);
    });

    it('exec -it gives a second shell in a running container', async () => {
      await using shell = pier.tty('exec', '-it', 'testdemo', 'sh');
      await shell.until('/ # ');
      // The shell and the container's own process see each other.
      await shell.command("ps -o pid,args | grep 'sleep 1000'", /\n +1 sleep 1000\r/);
      shell.write('exit\n');
      assert.equal(await shell.exited(), 0);
      assert.equal(await pier.ok('inspect', '--format', '{{.State.Running}}', 'testdemo'), 'true');
    });

    it('start wakes a stopped container, its files still there', async () => {
      assert.equal(await pier.ok('start', 'C1'), 'C1');
      assert.equal(await pier.ok('exec', 'C1', 'cat', '/root/made-in-C1'), 'kept');
    });

    it('export and import carry files into a new image', async () => {
      const file = join(directory, 'test.tar');
      await pier.ok('export', 'C1', '-o', file);
      assert.ok(existsSync(file));
      assert.match(await pier.ok('import', file, 'monimage'), /^sha256:/);
      assert.equal(await pier.ok('run', '--rm', 'monimage', 'cat', '/root/made-in-C1'), 'kept');
    });

    it('rm removes a stopped container and refuses a running one', async () => {
      const refused = await pier.cli('rm', 'testdemo');
      assert.equal(refused.exitCode, 1);
      assert.match(
        refused.stderr,
        /^Error response from daemon: cannot remove container "testdemo": container is running: stop the container before removing or force remove\n$/,
      );
      await pier.ok('stop', '-t', '1', 'C1');
      assert.equal(await pier.ok('rm', 'C1'), 'C1');
      assert.equal(await pier.ok('ps', '-aq', '--filter', 'name=C1'), '');
    });

    it('rm -f removes running containers, one and all', async () => {
      assert.equal(await pier.ok('rm', '-f', 'testdemo'), 'testdemo');
      for (let i = 0; i < 3; i++) await pier.ok('run', '-d', 'alpine', 'sleep', '1000');
      const ids = (await pier.ok('ps', '-aq')).split('\n');
      assert.equal(ids.length, 3);
      assert.deepEqual((await pier.ok('rm', '-f', ...ids)).split('\n'), ids);
      assert.equal(await pier.ok('ps', '-aq'), '');
    });

    it('20 containers from one image share one copy of its layers', { skip: IS_PEER && 'a peer keeps its files elsewhere' }, async () => {
      const bytesBefore = await diskUsageBytes(pier.daemon.root);
      for (let i = 0; i < 20; i++) await pier.ok('run', '-d', '--network', 'none', 'alpine', 'sleep', '1000');
      assert.equal((await pier.ok('ps', '-q')).split('\n').length, 20);
      const grown = (await diskUsageBytes(pier.daemon.root)) - bytesBefore;
      // Alpine unpacked is 7.8 MB; twenty containers that write nothing need directories and small files only.
      assert.ok(grown < 4_000_000, `20 containers took ${grown} bytes`);
      await pier.ok('rm', '-f', ...(await pier.ok('ps', '-aq')).split('\n'));
    });

    it('image prune -a takes every image without a container', async () => {
      await pier.ok('create', '--name', 'holder', 'monimage', 'true');
      const output = await pier.ok('image', 'prune', '-a', '-f');
      assert.match(output, /^Deleted Images:\nuntagged: /);
      assert.match(output, /Total reclaimed space: \d/);
      assert.equal(await pier.ok('images', '--format', '{{.Repository}}'), 'monimage');
      await pier.ok('rm', 'holder');
      await pier.ok('image', 'prune', '-af');
      assert.equal(await pier.ok('images', '-q'), '');
    });
  },
  { images: [], keepContainers: true },
);
