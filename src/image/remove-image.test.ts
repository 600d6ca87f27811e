import assert from 'node:assert/strict';
import { it } from 'node:test';
import { digestOf } from '../base/digest.ts';
import { PierError } from '../base/errors.ts';
import { chainIdsOf } from './chain-id.ts';
import { dockerArchive, openTestImages, streamOf, tarOf } from './image-fixtures.contract.ts';
import type { TestImages } from './image-fixtures.contract.ts';
import type { Image } from './image.ts';

const skip = process.getuid?.() === 0 ? false : 'unpacking layers needs root';
const BASE = await tarOf({ 'etc/base': 'base\n' });
const TOP = await tarOf({ 'etc/top': 'top\n' });
const OTHER = await tarOf({ 'etc/other': 'other\n' });
const [BASE_CHAIN, TOP_CHAIN] = chainIdsOf([digestOf(BASE), digestOf(TOP)]);

async function add(test: TestImages, layers: readonly Buffer[], tags: readonly string[], more: object = {}): Promise<Image> {
  const [loaded] = await test.images.load(streamOf(await tarOf(dockerArchive(layers, tags, more))));
  assert.ok(loaded !== undefined);
  return loaded.image;
}

function use(test: TestImages, image: Image, isRunning: boolean): void {
  test.users.set(image.id, [{ containerId: 'c'.repeat(64), isRunning }]);
}

const conflict =
  (reason: string, facts: object): ((error: unknown) => boolean) =>
  (error) => {
    assert.ok(error instanceof PierError && error.code === 'Conflict', String(error));
    assert.equal(error.reason, reason);
    assert.deepEqual({ ...error.facts }, facts);
    return true;
  };

it('remove() takes a name away while others are left, and the image with the last', { skip }, async () => {
  await using test = await openTestImages();
  const image = await add(test, [BASE, TOP], ['app:v1', 'app:v2']);
  assert.deepEqual(await test.images.remove('app:v2'), [{ untagged: 'app:v2' }]);
  assert.deepEqual(test.images.get(image.id).tags, ['docker.io/library/app:v1']);
  assert.deepEqual(await test.images.remove('app:v1'), [
    { untagged: 'app:v1' },
    { deleted: image.id },
    { deleted: TOP_CHAIN },
    { deleted: BASE_CHAIN },
  ]);
  assert.deepEqual(test.images.list(), []);
  assert.deepEqual(await test.blobs.list(), []);
  assert.deepEqual(test.layers.list(), []);
  assert.deepEqual(
    test.events.slice(1).map((event) => event.action),
    ['untag', 'untag', 'delete'],
  );
});

it('remove() keeps the layers and blobs that another image has', { skip }, async () => {
  await using test = await openTestImages();
  const image = await add(test, [BASE, TOP], ['app:v1']);
  await add(test, [BASE], ['base:v1']);
  assert.deepEqual(await test.images.remove('app:v1'), [{ untagged: 'app:v1' }, { deleted: image.id }, { deleted: TOP_CHAIN }]);
  assert.deepEqual(
    test.layers.list().map((layer) => layer.chainId),
    [BASE_CHAIN],
  );
  await using again = await test.reopen();
  assert.equal(again.images.get('base:v1').chainId, BASE_CHAIN);
  assert.equal((await again.blobs.list()).length, 3);
});

it('remove() by id or its beginning refuses several names unless forced', { skip }, async () => {
  await using test = await openTestImages();
  const image = await add(test, [BASE], ['app:v1', 'registry.test/app:v2']);
  await assert.rejects(test.images.remove(image.id.slice(7, 15)), conflict('image.several-tags', { imageId: image.id }));
  assert.deepEqual(await test.images.remove(image.id, { force: true }), [
    { untagged: 'app:v1' },
    { untagged: 'registry.test/app:v2' },
    { deleted: image.id },
    { deleted: BASE_CHAIN },
  ]);
});

it('remove() refuses what a container uses; force takes it from a stopped one, its layers stay', { skip }, async () => {
  await using test = await openTestImages();
  const image = await add(test, [BASE, TOP], ['app:v1']);
  await test.layers.prepare('container', image.chainId);
  use(test, image, false);
  const facts = { imageId: image.id, containerId: 'c'.repeat(64) };
  await assert.rejects(
    test.images.remove('app:v1'),
    conflict('image.in-use', { ...facts, reference: 'app:v1', isRunning: 'false', by: 'name' }),
  );
  await assert.rejects(
    test.images.remove(image.id),
    conflict('image.in-use', { ...facts, reference: image.id, isRunning: 'false', by: 'id' }),
  );
  assert.deepEqual(test.images.get('app:v1'), image);
  assert.deepEqual(await test.images.remove('app:v1', { force: true }), [{ untagged: 'app:v1' }, { deleted: image.id }]);
  assert.equal(test.layers.list().length, 2);
  await test.layers.remove('container');
  await test.images.sweep();
  assert.deepEqual(test.layers.list(), []);
});

it('remove() never takes an image from a running container', { skip }, async () => {
  await using test = await openTestImages();
  const image = await add(test, [BASE], ['app:v1']);
  use(test, image, true);
  const facts = { reference: image.id, imageId: image.id, containerId: 'c'.repeat(64), isRunning: 'true', by: 'id' };
  await assert.rejects(test.images.remove(image.id, { force: true }), conflict('image.in-use', facts));
  assert.deepEqual(await test.images.remove('app:v1', { force: true }), [{ untagged: 'app:v1' }]);
  assert.deepEqual(test.images.get(image.id).tags, []);
});

it('remove() says what it cannot find', { skip }, async () => {
  await using test = await openTestImages();
  await add(test, [BASE], ['app:v1']);
  for (const [text, reference] of [
    ['app', 'app:latest'],
    ['app:v2', 'app:v2'],
    ['sha256:ffff', 'sha256:ffff'],
    [`sha256:${'f'.repeat(64)}`, `sha256:${'f'.repeat(64)}`],
  ] as const) {
    await assert.rejects(test.images.remove(text), (error) => {
      assert.ok(error instanceof PierError && error.code === 'NotFound');
      assert.deepEqual({ ...error.facts }, { reference });
      return true;
    });
  }
});

it('get() prefers a name to the beginning of an id, and refuses a beginning that two share', { skip }, async () => {
  await using test = await openTestImages();
  const first = await add(test, [BASE], []);
  await test.images.tag(first.id, 'app');
  for (let i = 0; test.images.list().every((image) => image.id === first.id || image.id[7] !== first.id[7]); i++)
    await add(test, [BASE], [], { author: String(i) });
  assert.throws(
    () => test.images.get(first.id.slice(7, 8)),
    (error) => error instanceof PierError && error.reason === 'image.ambiguous-id',
  );
  assert.equal(test.images.get(first.id.slice(7, 30)).id, first.id);
  assert.equal(test.images.get(first.id.slice(0, 30)).id, first.id);
  assert.equal(test.images.get(first.id.slice(7)).id, first.id);
  const other = test.images.list().find((image) => image.id !== first.id) ?? first;
  await test.images.tag(other.id, first.id.slice(7, 19));
  assert.equal(test.images.get(first.id.slice(7, 19)).id, other.id);
});

it('tag() moves a name and refuses names that are digests', { skip }, async () => {
  await using test = await openTestImages();
  const first = await add(test, [BASE], ['app:v1']);
  const second = await add(test, [TOP], ['other:v1']);
  await test.images.tag('other:v1', 'app:v1');
  assert.equal(test.images.get('app:v1').id, second.id);
  assert.deepEqual(test.images.get(first.id).tags, []);
  const reasons: readonly (readonly [string, string])[] = [
    [`x@sha256:${'a'.repeat(64)}`, 'image.digest-reference'],
    ['sha256:abc', 'image.ambiguous-name'],
    ['X', 'image.bad-reference'],
  ];
  for (const [name, reason] of reasons) {
    await assert.rejects(test.images.tag('app:v1', name), (error) => error instanceof PierError && error.reason === reason);
  }
  await using again = await test.reopen();
  assert.equal(again.images.get('app:v1').id, second.id);
});

it('prune() takes nameless images that nobody uses, and with dangling=false all that nobody uses', { skip }, async () => {
  await using test = await openTestImages();
  const nameless = await add(test, [BASE, TOP], []);
  const used = await add(test, [BASE], ['used:v1', 'used:v2']);
  const free = await add(test, [OTHER], ['free:v1'], { config: { Labels: { keep: 'no' } } });
  use(test, used, false);
  const first = await test.images.prune();
  assert.deepEqual(first.removed, [{ deleted: nameless.id }, { deleted: TOP_CHAIN }]);
  assert.equal(first.reclaimedBytes, 4);
  assert.deepEqual((await test.images.prune({ dangling: false, notLabels: ['keep'] })).removed, []);
  assert.deepEqual((await test.images.prune({ dangling: false, until: '2019-01-01T00:00:00Z' })).removed, []);
  assert.deepEqual((await test.images.prune({ dangling: false })).removed, [
    { untagged: 'free:v1' },
    { deleted: free.id },
    { deleted: digestOf(OTHER) },
  ]);
  assert.deepEqual(
    test.images.list().map((image) => image.tags.length),
    [2],
  );
  assert.deepEqual(test.events.at(-1), { action: 'prune', id: '', name: '', attributes: { reclaimed: '6' } });
});

it('list() filters by name, label, time and name, newest first', { skip }, async () => {
  await using test = await openTestImages();
  const at = (day: number, labels: object = {}): object => ({ created: `2020-01-0${day}T00:00:00Z`, config: { Labels: labels } });
  await add(test, [BASE], ['app:v1', 'registry.test/app:v1'], at(1, { a: 'b' }));
  await add(test, [BASE], ['app:v2'], at(3, { a: 'c', d: '' }));
  await add(test, [BASE], [], at(2));
  const found = (filter: Parameters<typeof test.images.list>[0]): readonly string[] =>
    test.images
      .list(filter)
      .map((image) => `${image.createdAt.slice(9, 10)} ${image.tags.map((tag) => tag.replace('docker.io/library/', '')).join()}`);
  assert.deepEqual(found({}), ['3 app:v2', '2 ', '1 app:v1,registry.test/app:v1']);
  assert.deepEqual(found({ dangling: true }), ['2 ']);
  assert.deepEqual(found({ dangling: false }), ['3 app:v2', '1 app:v1,registry.test/app:v1']);
  assert.deepEqual(found({ references: ['app'] }), ['3 app:v2', '1 app:v1']);
  assert.deepEqual(found({ references: ['*:v[13]'] }), ['1 app:v1']);
  assert.deepEqual(found({ references: ['*/a?p'] }), ['1 registry.test/app:v1']);
  assert.deepEqual(found({ labels: ['a'] }), ['3 app:v2', '1 app:v1,registry.test/app:v1']);
  assert.deepEqual(found({ labels: ['a=c', 'd'] }), ['3 app:v2']);
  assert.deepEqual(found({ notLabels: ['a=c'] }), ['2 ', '1 app:v1,registry.test/app:v1']);
  assert.deepEqual(found({ before: 'app:v2' }), ['2 ', '1 app:v1,registry.test/app:v1']);
  assert.deepEqual(found({ since: 'app:v1' }), ['3 app:v2', '2 ']);
  assert.throws(
    () => test.images.list({ before: 'none' }),
    (error) => error instanceof PierError && error.code === 'NotFound',
  );
  assert.throws(
    () => test.images.list({ references: ['['] }),
    (error) => error instanceof PierError && error.reason === 'image.bad-pattern',
  );
});

it('openImageService() removes content that a crash left without an image', { skip }, async () => {
  await using test = await openTestImages();
  await add(test, [BASE], ['app:v1']);
  const stray = await test.blobs.ingest(TOP);
  await test.layers.unpack({ parent: BASE_CHAIN, blobPath: test.blobs.pathOf(stray.digest) });
  await using again = await test.reopen();
  assert.deepEqual(
    again.layers.list().map((layer) => layer.chainId),
    [BASE_CHAIN],
  );
  assert.equal((await again.blobs.list()).length, 3);
});
