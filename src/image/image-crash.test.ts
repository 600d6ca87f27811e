import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { PassThrough } from 'node:stream';
import { it } from 'node:test';
import { digestOf } from '../base/digest.ts';
import { bytesOf, dockerArchive, openTestImages, openTestImagesOn, streamOf, tarOf } from './image-fixtures.contract.ts';

const skip = process.getuid?.() === 0 ? false : 'unpacking layers needs root';
const BASE = await tarOf({ 'etc/base': 'base\n' });
const TOP = await tarOf({ 'etc/top': 'top\n' });

/** Acts on the image `app:v1` that is there before, in a process that dies at a failpoint. */
const CHILD = `
  const [root, verb] = process.argv.slice(2);
  const { dockerArchive, openTestImagesOn, streamOf, tarOf } = await import(${JSON.stringify(new URL('image-fixtures.contract.ts', import.meta.url).href)});
  const { images } = await openTestImagesOn(root);
  const layers = [await tarOf({ 'etc/base': 'base\\n' }), await tarOf({ 'etc/new': 'new\\n' })];
  if (verb === 'load') await images.load(streamOf(await tarOf(dockerArchive(layers, ['new:v1']))));
  if (verb === 'import') await images.import(streamOf(layers[1]), { reference: 'new:v1' });
  if (verb === 'tag') await images.tag('app:v1', 'new:v1');
  if (verb === 'remove') await images.remove('app:v1');
`;

/** Failpoints, and whether what the process was doing is done when it dies there. */
const PLACES: readonly (readonly [place: string, isDone: boolean])[] = [
  ['image.load.spooled', false],
  ['image.load.unpacked', false],
  ['image.load.committed', true],
  ['image.import.unpacked', false],
  ['image.import.committed', true],
  ['image.tag.committed', true],
  ['image.remove.committed', true],
  ['image.remove.flushed', true],
];

for (const [place, isDone] of PLACES) {
  it(`kill at ${place} leaves the images ${isDone ? 'after' : 'before'} the change, and nothing else`, { skip }, async () => {
    const verb = place.split('.')[1] ?? '';
    const root = await mkdtemp(join(tmpdir(), 'pier-images-'));
    const before = await openTestImagesOn(root);
    await before.images.load(streamOf(await tarOf(dockerArchive([BASE, TOP], ['app:v1']))));
    await before.close();

    // A file rather than `node -e`, whose flags the store's worker threads would inherit.
    const script = join(root, 'child.mjs');
    await writeFile(script, CHILD);
    assert.equal(await runChild([script, root, verb], place), 'SIGKILL');

    await using after = await openTestImagesOn(root);
    const tags = after.images
      .list()
      .flatMap((image) => image.tags)
      .toSorted();
    const expected = [...(verb === 'remove' && isDone ? [] : ['app:v1']), ...(verb !== 'remove' && isDone ? ['new:v1'] : [])];
    assert.deepEqual(
      tags,
      expected.map((tag) => `docker.io/library/${tag}`),
    );
    const images = after.images.list();
    assert.deepEqual(
      (await after.blobs.list()).toSorted(),
      [...new Set(images.flatMap((image) => [image.id, image.manifest.digest, ...image.layers.map((layer) => layer.digest)]))].toSorted(),
    );
    for (const image of images) if (image.chainId !== undefined) after.layers.stat(image.chainId);
    assert.equal(after.layers.list().length, new Set(images.flatMap((image) => image.diffIds)).size);
  });
}

it('remove() during a load keeps what the load brings, and frees the rest at its end', { skip }, async () => {
  await using test = await openTestImages();
  await test.images.load(streamOf(await tarOf(dockerArchive([BASE, TOP], ['app:v1']))));
  const archive = await tarOf(dockerArchive([BASE], ['new:v1']));
  const slow = new PassThrough();
  slow.write(archive.subarray(0, archive.length - 2048));
  const loading = test.images.load(slow);
  while ((await test.blobs.list()).length === 3) await new Promise((resolve) => void setTimeout(resolve, 5));
  await test.images.remove('app:v1');
  slow.end(archive.subarray(archive.length - 2048));
  await loading;
  assert.deepEqual(
    test.layers.list().map((layer) => layer.chainId),
    [digestOf(BASE)],
  );
  assert.equal((await bytesOf(await test.images.save(['new:v1']))).length > BASE.length, true);
});

function runChild(args: readonly string[], place: string): Promise<NodeJS.Signals | null> {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals | null>();
  const env = { ...process.env, PIER_FAILPOINTS: `${place}=kill` };
  const child = execFile(process.execPath, args, { env }, () => undefined);
  child.once('exit', (_code, signal) => resolve(signal));
  return promise;
}
