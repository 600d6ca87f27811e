// What the API and the command lines tell of images, their layers and their disk.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { it } from 'node:test';
import { promisify } from 'node:util';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients } from '../harness/fixture.ts';
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

    it('a pattern that is none is refused', { skip: IS_PEER && 'nothing of pier' }, async () => {
      const { exitCode, stderr } = await pier.cli('images', '--filter', 'reference=[');
      assert.deepEqual([exitCode, stderr], [1, 'Error response from daemon: syntax error in pattern\n']);
    });
  },
  { images: ['alpine'] },
);
