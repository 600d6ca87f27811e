// Images without a registry: load, save, import, export, tag, rmi, history, prune.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';
import { createZstdCompress, gunzipSync } from 'node:zlib';
import { IS_PEER } from '../harness/daemon.ts';
import { busyboxArchive, describeWithClients } from '../harness/fixture.ts';
import { SHARED } from '../harness/images.ts';

const exec = promisify(execFile);
const BUSYBOX = 'busybox:1.37.0-glibc';
const BUSYBOX_ID = 'sha256:db287cb6be81219cd18c1d82b70908f5d33eb028568b456f78eedff2ff2930e4';
const BUSYBOX_LAYER = '436a1b1fd078ee8e117111472724c2827077657189af7a781829d0825d48d2ab';

describeWithClients(
  'images',
  (pier) => {
    let directory = '';
    before(async () => {
      directory = await mkdtemp(join(tmpdir(), 'pt-images-'));
    });
    after(() => rm(directory, { recursive: true, force: true }));

    it('load keeps the official id, names and configuration', async () => {
      const { Id, RepoTags, Config } = await pier.daemon.json<{ Id: string; RepoTags: string[]; Config: { Cmd: string[] } }>(
        'GET',
        `/images/${BUSYBOX}/json`,
      );
      assert.deepEqual([Id, RepoTags, Config.Cmd], [BUSYBOX_ID, [BUSYBOX], ['sh']]);
      assert.equal(
        await pier.ok('run', '--rm', BUSYBOX, 'cat', '/etc/passwd'),
        await pier.ok('run', '--rm', BUSYBOX_ID, 'cat', '/etc/passwd'),
      );
    });

    it('save and load make the round trip, whatever the compression', async () => {
      const file = join(directory, 'saved.tar');
      await pier.ok('save', '-o', file, BUSYBOX, 'alpine');
      const alpine = await pier.ok('inspect', '--format', '{{.Id}}', 'alpine');
      for (const pack of ['cat', 'gzip -c', 'zstd']) {
        await pier.ok('rmi', BUSYBOX, 'alpine');
        assert.equal(await pier.ok('images', '-q'), '');
        const input =
          pack === 'zstd'
            ? createReadStream(file).pipe(createZstdCompress())
            : (await exec('sh', ['-c', `${pack} "$0"`, file], { encoding: 'buffer', maxBuffer: 64 << 20 })).stdout;
        const result = await pier.cliWith({ input }, 'load');
        assert.equal(result.exitCode, 0, result.stderr);
        assert.deepEqual(result.stdout.trim().split('\n').toSorted(), ['Loaded image: alpine:latest', `Loaded image: ${BUSYBOX}`]);
        assert.equal(await pier.ok('inspect', '--format', '{{.Id}}', BUSYBOX), BUSYBOX_ID);
        assert.equal(await pier.ok('inspect', '--format', '{{.Id}}', 'alpine'), alpine);
      }
      assert.equal(await pier.ok('run', '--rm', 'alpine', 'cat', '/etc/alpine-release'), '3.20.3');
    });

    it(
      'what save writes is an OCI layout with the very blobs that came in',
      { skip: IS_PEER && 'dockerd 28 writes layers anew' },
      async () => {
        const target = join(directory, 'layout');
        await mkdir(target);
        await pier.ok('save', '-o', join(directory, 'layout.tar'), BUSYBOX);
        await exec('tar', ['-xf', join(directory, 'layout.tar'), '-C', target]);
        const blobs = await readdir(join(target, 'blobs', 'sha256'));
        for (const name of blobs)
          assert.equal(
            createHash('sha256')
              .update(await readFile(join(target, 'blobs', 'sha256', name)))
              .digest('hex'),
            name,
          );
        assert.ok(blobs.includes(BUSYBOX_LAYER), 'the layer is byte for byte the one that was loaded');
        const [manifest] = JSON.parse(await readFile(join(target, 'manifest.json'), 'utf8')) as [{ Config: string; RepoTags: string[] }];
        assert.deepEqual([manifest.Config, manifest.RepoTags], [`blobs/sha256/${BUSYBOX_ID.slice(7)}`, [BUSYBOX]]);
      },
    );

    it('import takes a stream, a name, a message and changes', async () => {
      const input = gunzipSync(await readFile(SHARED.alpineTar));
      const result = await pier.cliWith(
        { input },
        'import',
        '-m',
        'by hand',
        '-c',
        'ENV A=b',
        '-c',
        'WORKDIR /srv',
        '-c',
        'ENTRYPOINT ["/bin/echo"]',
        '-c',
        'CMD ["hi"]',
        '-',
        'mine:v1',
      );
      assert.match(result.stdout, /^sha256:[0-9a-f]{64}\n$/);
      assert.equal(await pier.ok('run', '--rm', 'mine:v1'), 'hi');
      assert.equal(await pier.ok('run', '--rm', '--entrypoint', '/bin/sh', 'mine:v1', '-c', 'echo $A; pwd'), 'b\n/srv');
      assert.match(await pier.ok('history', '--no-trunc', '--format', '{{.Comment}}', 'mine:v1'), /^by hand$/);
      await pier.ok('rmi', 'mine:v1');
    });

    it('tag gives another name, rmi takes names first', async () => {
      await pier.ok('tag', 'alpine', 'example.com/team/app:v2');
      const listed = await pier.ok('images', '--format', '{{.Repository}}:{{.Tag}}');
      assert.deepEqual(listed.split('\n').toSorted(), ['alpine:latest', BUSYBOX, 'example.com/team/app:v2'].toSorted());
      assert.equal(await pier.ok('rmi', 'example.com/team/app:v2'), 'Untagged: example.com/team/app:v2');
      const gone = await pier.cli('rmi', 'example.com/team/app:v2');
      assert.equal(gone.exitCode, 1);
      assert.match(gone.stderr, /No such image: example\.com\/team\/app:v2/);
      const bad = await pier.cli('tag', 'alpine', 'UPPER');
      assert.equal(bad.exitCode, 1);
      assert.match(bad.stderr, /must be lowercase/);
    });

    it('rmi is refused while a container needs the image', async () => {
      await pier.ok('run', '-d', '--name', 'user', 'alpine', 'sleep', '1000');
      const refused = await pier.cli('rmi', 'alpine');
      assert.equal(refused.exitCode, 1);
      assert.match(
        refused.stderr,
        /conflict: unable to remove repository reference "alpine" \(must force\) - container [0-9a-f]{12} is using its referenced image [0-9a-f]{12}/,
      );
      const id = await pier.ok('inspect', '--format', '{{.Id}}', 'alpine');
      const byId = await pier.cli('rmi', '-f', id);
      assert.match(
        byId.stderr,
        /conflict: unable to delete [0-9a-f]{12} \(cannot be forced\) - image is being used by running container [0-9a-f]{12}/,
      );
      await pier.ok('rm', '-f', 'user');
    });

    it('an image removed and loaded again is the same', async () => {
      await pier.ok('rmi', BUSYBOX);
      const result = await pier.cliWith({ input: busyboxArchive() }, 'load', '-q');
      assert.match(result.stdout, /Loaded image: busybox:1\.37\.0-glibc/);
    });

    it('history and inspect tell how it was made', async () => {
      const lines = (await pier.ok('history', '--no-trunc', '--format', '{{.ID}} {{.Size}} {{.CreatedBy}}', BUSYBOX)).split('\n');
      assert.match(lines[0] ?? '', new RegExp(`^${BUSYBOX_ID} `));
      assert.match(await pier.ok('images', '--format', '{{.Repository}} {{.ID}} {{.Size}}'), /^busybox db287cb6be81 \d\.\d+MB$/m);
      assert.equal(
        await pier.ok('image', 'inspect', '--format', '{{.Os}}/{{.Architecture}} {{len .RootFS.Layers}}', BUSYBOX),
        'linux/amd64 1',
      );
    });

    it('images filters', async () => {
      const names = async (...args: string[]): Promise<string> => await pier.ok('images', '--format', '{{.Repository}}', ...args);
      assert.equal(await names('--filter', 'reference=busy*'), 'busybox');
      assert.equal(await names('alpine'), 'alpine');
      assert.equal(await names('--filter', 'dangling=true'), '');
      assert.equal(await names('--filter', `before=alpine`, 'busybox'), 'busybox');
    });

    it('export carries files, owners and modes', async () => {
      await pier.ok(
        'run',
        '--name',
        'source',
        'alpine',
        'sh',
        '-c',
        'mkdir /made && echo text > /made/file && chmod 640 /made/file && chown 12:34 /made/file && ln -s file /made/link && rm /etc/motd',
      );
      const file = join(directory, 'export.tar');
      await pier.ok('export', '-o', file, 'source');
      const { stdout } = await exec('tar', ['-tvf', file, '--numeric-owner']);
      assert.match(stdout, /^-rw-r----- 12\/34 +5 .* made\/file$/m);
      assert.match(stdout, /^lrwxrwxrwx .* made\/link -> file$/m);
      assert.doesNotMatch(stdout, /etc\/motd$/m);
      assert.match(stdout, / bin\/busybox$/m);
    });

    it('image prune takes dangling images only, -a the unused', async () => {
      await pier.cliWith({ input: createReadStream(join(directory, 'export.tar')) }, 'import', '-', 'moving');
      await pier.cliWith({ input: createReadStream(SHARED.alpineTar) }, 'import', '-', 'moving');
      assert.equal((await pier.ok('images', '-q', '--filter', 'dangling=true')).split('\n').length, 1);
      assert.match(await pier.ok('image', 'prune', '-f'), /^Deleted Images:\ndeleted: sha256:/);
      assert.equal((await pier.ok('images', '-q')).split('\n').length, 3);
      await pier.ok('rmi', 'moving');
    });

    it('tar, gzip and the like are told apart by what they are', async () => {
      const garbage = await pier.cliWith({ input: 'this is no archive at all' }, 'load');
      assert.equal(garbage.exitCode, 1);
      assert.notEqual(garbage.stderr, '');
      const imported = await pier.cliWith({ input: 'neither is this' }, 'import', '-', 'nothing');
      assert.equal(imported.exitCode, 1);
      assert.doesNotMatch(await pier.ok('images', '--format', '{{.Repository}}'), /nothing/);
    });
  },
  { images: ['alpine', 'busybox'] },
);
