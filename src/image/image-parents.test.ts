import assert from 'node:assert/strict';
import { it } from 'node:test';
import { digestOf } from '../base/digest.ts';
import { PierError } from '../base/errors.ts';
import { chainIdsOf } from './chain-id.ts';
import { bytesOf, dockerArchive, openTestImages, streamOf, tarOf } from './image-fixtures.contract.ts';
import type { TarEntries, TestImages } from './image-fixtures.contract.ts';
import type { Image } from './image.ts';

const skip = process.getuid?.() === 0 ? false : 'unpacking layers needs root';
const LAYERS = await Promise.all(['one', 'two', 'three'].map((name) => tarOf({ [name]: name })));
const CHAIN = chainIdsOf(LAYERS.map((layer) => digestOf(layer)));

/** An archive of images that were made one from another, each by one more step; all but the last without a name. */
async function familyArchive(tag: string, changed: object = {}): Promise<Buffer> {
  const entries: Record<string, TarEntries[string]> = {};
  const items: object[] = [];
  let parent: object = {};
  for (let count = 1; count <= LAYERS.length; count++) {
    const history = LAYERS.slice(0, count).map((_, i) => ({ created_by: `step ${i}` }));
    const { 'manifest.json': manifest, ...files } = dockerArchive(LAYERS.slice(0, count), count === LAYERS.length ? [tag] : [], {
      history,
    });
    assert.ok(typeof manifest === 'string');
    const [item] = JSON.parse(manifest) as [{ readonly Config: string }];
    items.push({ ...item, ...parent, ...changed });
    parent = { Parent: `sha256:${item.Config.replace('.json', '')}` };
    Object.assign(entries, files);
  }
  return tarOf({ ...entries, 'manifest.json': JSON.stringify(items) });
}

/** The images of such an archive, oldest first. */
async function loadFamily(test: TestImages): Promise<readonly [Image, Image, Image]> {
  const [first, second, third] = (await test.images.load(streamOf(await familyArchive('app:v1')))).map(({ image }) => image);
  assert.ok(first !== undefined && second !== undefined && third !== undefined);
  return [first, second, third];
}

function idsOf(images: readonly Image[]): readonly string[] {
  return images.map((image) => image.id).toSorted();
}

it('load() takes over who was made from whom, and it survives a restart', { skip }, async () => {
  await using before = await openTestImages();
  const [first, second, third] = await loadFamily(before);
  await using test = await before.reopen();
  assert.deepEqual(
    [first, second, third].map((image) => test.images.get(image.id).parentId),
    [undefined, first.id, second.id],
  );
  assert.deepEqual(
    test.images.history('app:v1').map((line) => [line.id, line.createdBy, line.tags]),
    [
      [third.id, 'step 2', ['app:v1']],
      [second.id, 'step 1', []],
      [first.id, 'step 0', []],
    ],
  );
});

it('load() does not believe a parent that is no step of the image, nor one that is not in the archive', { skip }, async () => {
  await using test = await openTestImages();
  const [first, , third] = await loadFamily(test);
  for (const [Parent, expected] of [
    [digestOf('elsewhere'), [undefined, undefined, undefined]],
    [third.id, [undefined, undefined, undefined]],
    [first.id, [undefined, first.id, undefined]],
  ] as const) {
    await using other = await openTestImages();
    const loaded = await other.images.load(streamOf(await familyArchive('app:v1', { Parent })));
    assert.deepEqual(
      loaded.map(({ image }) => image.parentId),
      expected,
    );
  }
});

it('list() tells the images in between from those that dangle', { skip }, async () => {
  await using test = await openTestImages();
  const [first, second, third] = await loadFamily(test);
  assert.deepEqual(idsOf(test.images.list()), idsOf([first, second, third]));
  assert.deepEqual(idsOf(test.images.list({ hidesIntermediate: true })), [third.id]);
  assert.deepEqual(test.images.list({ dangling: true }), []);
  assert.deepEqual((await test.images.prune()).removed, []);
  await test.images.tag(second.id, 'mid:1');
  assert.deepEqual(idsOf(test.images.list({ hidesIntermediate: true })), idsOf([second, third]));
});

it('remove() refuses what others were made from, even by force', { skip }, async () => {
  await using test = await openTestImages();
  const [first, second] = await loadFamily(test);
  for (const { id } of [first, second]) {
    await assert.rejects(test.images.remove(id, { force: true }), (error) => {
      assert.ok(error instanceof PierError && error.code === 'Conflict');
      assert.deepEqual([error.reason, { ...error.facts }], ['image.has-children', { imageId: id }]);
      return true;
    });
  }
  await test.images.tag(first.id, 'base:1');
  assert.deepEqual(await test.images.remove('base:1'), [{ untagged: 'base:1' }], 'its name goes, the image stays');
  assert.equal(test.images.list().length, 3);
});

it('remove() takes the parents along that nobody needs, each followed by its layers', { skip }, async () => {
  await using test = await openTestImages();
  const [first, second, third] = await loadFamily(test);
  assert.deepEqual(await test.images.remove('app:v1'), [
    { untagged: 'app:v1' },
    { deleted: third.id },
    { deleted: CHAIN[2] },
    { deleted: second.id },
    { deleted: CHAIN[1] },
    { deleted: first.id },
    { deleted: CHAIN[0] },
  ]);
  assert.deepEqual(await test.blobs.list(), []);
});

it('remove() keeps parents that are asked to stay, have a name or a user', { skip }, async () => {
  await using test = await openTestImages();
  const [first, second, third] = await loadFamily(test);
  assert.deepEqual(await test.images.remove('app:v1', { noPrune: true }), [
    { untagged: 'app:v1' },
    { deleted: third.id },
    { deleted: CHAIN[2] },
  ]);
  test.users.set(first.id, [{ containerId: 'c'.repeat(64), isRunning: false }]);
  assert.deepEqual(await test.images.remove(second.id), [{ deleted: second.id }, { deleted: CHAIN[1] }]);
  assert.deepEqual(idsOf(test.images.list()), [first.id]);
});

it('save() writes a parent that is in the same archive, and no other', { skip }, async () => {
  await using test = await openTestImages();
  const [first, second, third] = await loadFamily(test);
  const parentsIn = async (...references: string[]): Promise<readonly unknown[]> => {
    await using other = await openTestImages();
    const loaded = await other.images.load(streamOf(await bytesOf(await test.images.save(references))));
    return loaded.map(({ image }) => image.parentId);
  };
  assert.deepEqual(await parentsIn(third.id, second.id, first.id), [second.id, first.id, undefined]);
  assert.deepEqual(await parentsIn(third.id, first.id), [undefined, undefined]);
});
