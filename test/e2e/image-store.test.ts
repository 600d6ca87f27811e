// What the API and the command lines tell of images, their layers and their disk.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { it } from 'node:test';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { pack } from 'tar-stream';
import { IS_PEER } from '../harness/daemon.ts';
import { fileTar } from '../crash/small-images.ts';
import { describeWithClients, type Fixture } from '../harness/fixture.ts';
import { SHARED } from '../harness/images.ts';

interface Summary {
  readonly Id: string;
  readonly RepoTags: readonly string[] | null;
  readonly RepoDigests: readonly string[] | null;
  readonly SharedSize: number;
  readonly Size: number;
  readonly Containers: number;
}

interface Usage {
  readonly LayersSize: number;
  readonly Images: readonly Summary[] | null;
  readonly Containers: readonly { readonly SizeRw?: number }[] | null;
  readonly Volumes: readonly unknown[] | null;
  readonly BuildCache: readonly unknown[] | null;
}

/** Bytes of the files under a directory, as a layer's size counts them: no directories, hard links once. */
async function contentBytes(directory: string): Promise<number> {
  const { stdout } = await promisify(execFile)('find', [directory, '!', '-type', 'd', '-printf', '%i %s\\n']);
  const sizes = new Map(
    stdout
      .trim()
      .split('\n')
      .map((line) => line.split(' ') as [string, string]),
  );
  return [...sizes.values()].reduce((sum, size) => sum + Number(size), 0);
}

/** Makes an image of one file out of so many bytes. */
async function importFile(pier: Fixture, name: string, bytes: number): Promise<void> {
  const archive = pack();
  archive.entry({ name: 'file' }, Buffer.alloc(bytes, bytes % 251));
  archive.finalize();
  const { exitCode, stderr } = await pier.cliWith({ input: Readable.from(archive, { objectMode: false }) }, 'import', '-', name);
  assert.equal(exitCode, 0, stderr);
}

/** An archive of an image, and of the nameless one that it was made from. */
async function familyArchive(): Promise<Buffer> {
  const archive = pack();
  const layers = await Promise.all(['one', 'two'].map((marker) => fileTar(marker)));
  const diffIds = layers.map((layer) => `sha256:${hash('sha256', layer)}`);
  for (const [i, layer] of layers.entries()) archive.entry({ name: `${i}.tar` }, layer);
  const configs = [1, 2].map((count) => {
    const history = ['one', 'two'].slice(0, count).map((name) => ({ created_by: name }));
    return JSON.stringify({ os: 'linux', architecture: 'amd64', history, rootfs: { type: 'layers', diff_ids: diffIds.slice(0, count) } });
  });
  for (const [i, config] of configs.entries()) archive.entry({ name: `${i}.json` }, config);
  const parent = `sha256:${hash('sha256', configs[0] ?? '')}`;
  const manifest = [
    { Config: '0.json', RepoTags: null, Layers: ['0.tar'] },
    { Config: '1.json', RepoTags: ['family:child'], Layers: ['0.tar', '1.tar'], Parent: parent },
  ];
  archive.entry({ name: 'manifest.json' }, JSON.stringify(manifest));
  archive.finalize();
  return await buffer(Readable.from(archive, { objectMode: false }));
}

describeWithClients(
  'image store',
  (pier) => {
    it('inspect shows where the layers lie, and the sizes are those on the disk', async () => {
      const [id, upper, size] = (
        await pier.ok('image', 'inspect', '-f', '{{.Id}} {{.GraphDriver.Data.UpperDir}} {{.Size}}', 'alpine')
      ).split(' ');
      assert.equal(await contentBytes(upper ?? ''), Number(size));
      const again = await pier.cliWith({ input: createReadStream(SHARED.alpineTar) }, 'import', '-c', 'LABEL twin=yes', '-', 'twin');
      assert.equal(again.exitCode, 0, again.stderr);
      const usage = await pier.daemon.json<Usage>('GET', '/system/df');
      assert.equal(usage.LayersSize, Number(size), 'a layer of two images counts once');
      assert.deepEqual(
        usage.Images?.map((image) => [image.SharedSize, image.Size]),
        [
          [Number(size), Number(size)],
          [Number(size), Number(size)],
        ],
      );
      assert.ok(usage.Images?.some((image) => image.Id === id));
    });

    it('listings tell shared sizes and containers when they are asked to', async () => {
      await pier.ok('create', '--name', 'user', 'twin', 'true');
      const plain = await pier.daemon.json<readonly Summary[]>('GET', '/images/json', { version: 'v1.43' });
      assert.deepEqual(
        plain.map((image) => [image.SharedSize, image.Containers, image.RepoDigests]),
        [
          [-1, -1, []],
          [-1, -1, []],
        ],
      );
      const asked = await pier.daemon.json<readonly Summary[]>('GET', '/images/json?shared-size=1', { version: 'v1.51' });
      assert.deepEqual(
        asked.map((image) => [image.RepoTags?.[0], image.SharedSize === image.Size, image.Containers]),
        [
          ['twin:latest', true, 1],
          ['alpine:latest', true, 0],
        ],
      );
      const old = await pier.daemon.json<readonly Summary[]>('GET', '/images/json', { version: 'v1.41' });
      assert.deepEqual(
        old.map((image) => image.RepoDigests),
        [null, null],
      );
    });

    it('system df answers for the types that were asked for', async () => {
      await pier.ok('run', '--name', 'writer', 'alpine', 'sh', '-c', 'head -c 300000 /dev/zero > /data');
      const usage = await pier.daemon.json<Usage>('GET', '/system/df?type=container&type=volume');
      assert.deepEqual([usage.Images, usage.BuildCache, usage.LayersSize], [null, null, 0]);
      assert.ok(usage.Volumes !== null);
      assert.deepEqual(
        usage.Containers?.map((container) => container.SizeRw),
        [300_000],
      );
      const { status, body } = await pier.daemon.api('GET', '/system/df?type=nonsense');
      assert.deepEqual([status, JSON.parse(body.toString())], [400, { message: 'unknown object type: nonsense' }]);
      const listed = await pier.ok('system', 'df', '--format', '{{.Type}} {{.TotalCount}} {{.Active}} {{.Size}}');
      assert.match(listed, /^Images 2 1 7\.798MB\nContainers 1 0 300kB\n/);
    });

    it('system df --verbose lists every image once, and each container', async () => {
      await pier.ok('tag', 'twin', 'twin:again');
      await pier.ok('create', '--name', 'user', 'twin', 'true');
      const text = await pier.ok('system', 'df', '-v');
      assert.match(text, /^Images space usage:\n\nREPOSITORY +TAG +IMAGE ID +CREATED +SIZE +SHARED SIZE +UNIQUE SIZE +CONTAINERS\n/);
      assert.match(text, /^twin +again +[0-9a-f]{12} .* 7\.8MB +7\.798MB +0B +1$/m);
      assert.doesNotMatch(text, /^twin +latest/m);
      assert.match(text, /^[0-9a-f]{12} +twin +"true" +0 +0B +.* Created +user$/m);
      assert.match(text, /\nBuild cache usage: 0B\n\nCACHE ID +CACHE TYPE +SIZE +CREATED +LAST USED +USAGE +SHARED$/);
      assert.equal(await pier.ok('system', 'df', '-v', '--format', '{{range .Containers}}{{.Names}} {{.Size}}{{end}}'), 'user 0B');
      const json = JSON.parse(await pier.ok('system', 'df', '-v', '--format', 'json')) as { Images: { Tag: string }[]; Volumes: unknown[] };
      assert.deepEqual([json.Images.map((image) => image.Tag), json.Volumes], [['again', 'latest'], []]);
      await pier.ok('rmi', 'twin:again');
    });

    it('system prune asks first, then takes what nobody uses, and tells truly what that freed', async () => {
      await importFile(pier, 'moving', 50_000);
      await importFile(pier, 'moving', 70_000);
      await pier.ok('run', '--name', 'writer', 'alpine', 'sh', '-c', 'head -c 300000 /dev/zero > /data');
      const asked = await pier.cliWith({ input: 'n\n' }, 'system', 'prune', '--filter', 'label!=keep');
      assert.equal(
        asked.stdout,
        'WARNING! This will remove:\n  - all stopped containers\n  - all networks not used by at least one container\n' +
          '  - all dangling images\n  - unused build cache\n\n  Items to be pruned will be filtered with:\n  - label!=keep\n\n' +
          'Are you sure you want to continue? [y/N] ',
      );
      assert.equal((await pier.ok('ps', '-aq')).length, 12, 'no is no');
      const before = await pier.daemon.json<Usage>('GET', '/system/df');
      const pruned = await pier.cliWith({ input: 'y\n' }, 'system', 'prune');
      assert.match(
        pruned.stdout,
        /\[y\/N\] Deleted Containers:\n[0-9a-f]{64}\n\nDeleted Images:\ndeleted: sha256:[0-9a-f]{64}\ndeleted: sha256:[0-9a-f]{64}\n\nTotal reclaimed space: 350kB\n$/,
      );
      const left = await pier.daemon.json<Usage>('GET', '/system/df');
      assert.equal(before.LayersSize - left.LayersSize, 50_000);
      const all = await pier.ok('system', 'prune', '-af', '--volumes');
      assert.match(all, /^Deleted Images:\nuntagged: /);
      assert.match(all, /\nTotal reclaimed space: 7\.868MB$/);
      const none = await pier.daemon.json<Usage>('GET', '/system/df');
      assert.deepEqual([none.LayersSize, none.Images, none.Containers], [0, [], []]);
      const refused = await pier.cli('system', 'prune', '--volumes', '--filter', 'until=1h');
      assert.deepEqual([refused.exitCode, refused.stderr], [1, 'ERROR: The "until" filter is not supported with "--volumes"\n']);
    });

    it('an image that others were made from is hidden, protected, and goes with the last of them', async () => {
      const loaded = await pier.cliWith({ input: await familyArchive() }, 'load');
      assert.equal(loaded.exitCode, 0, loaded.stderr);
      const [child, parent] = (await pier.ok('history', '-q', '--no-trunc', 'family:child')).split('\n');
      assert.equal(await pier.ok('image', 'inspect', '-f', '{{.Parent}}', 'family:child'), parent);
      const ids = async (...args: string[]): Promise<readonly string[]> =>
        (await pier.ok('images', '-q', '--no-trunc', ...args)).split('\n').filter((id) => id === child || id === parent);
      assert.deepEqual(await ids(), [child]);
      assert.deepEqual(new Set(await ids('-a')), new Set([child, parent]));
      assert.deepEqual(await ids('-f', 'dangling=true'), []);
      const refused = await pier.cli('rmi', '-f', parent ?? '');
      assert.equal(
        refused.stderr,
        `Error response from daemon: conflict: unable to delete ${parent?.slice(7, 19)} (cannot be forced) - image has dependent child images\n`,
      );
      const removed = (await pier.ok('rmi', 'family:child')).split('\n');
      assert.deepEqual([removed[0], removed[1], removed[3]], ['Untagged: family:child', `Deleted: ${child}`, `Deleted: ${parent}`]);
      assert.equal(removed.length, 5, 'each with its layer');
    });

    it('a pattern that is none is refused', { skip: IS_PEER && 'nothing of pier' }, async () => {
      const { exitCode, stderr } = await pier.cli('images', '--filter', 'reference=[');
      assert.deepEqual([exitCode, stderr], [1, 'Error response from daemon: syntax error in pattern\n']);
    });
  },
  { images: ['alpine'] },
);
