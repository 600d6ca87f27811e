import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { it } from 'node:test';
import { digestOf } from '../base/digest.ts';
import { openDatabase } from '../store/index.ts';
import { filterImages } from './image-filter.ts';
import { ImageCatalog } from './image-catalog.ts';
import { EMPTY_RUN_CONFIG } from './image-config.ts';
import { HOST_PLATFORM } from '../base/platform.ts';
import { IMAGE_SCHEMA } from './image-schema.ts';
import type { Image } from './image.ts';

function imageOf(number: number): Image {
  const id = digestOf(`image ${number}`);
  return {
    id,
    platform: HOST_PLATFORM,
    createdAt: new Date(number * 1000).toISOString(),
    author: '',
    comment: '',
    runConfig: { ...EMPTY_RUN_CONFIG, labels: { number: String(number) } },
    history: [],
    manifest: { mediaType: 'm', digest: digestOf(`manifest ${number}`), sizeBytes: 1 },
    layers: [],
    diffIds: [],
    chainId: undefined,
    sizeBytes: 0,
    tags: [],
    repoDigests: [],
    lastTaggedAt: undefined,
    parentId: undefined,
    dockerVersion: '',
  };
}

async function withCatalog(work: (open: () => ImageCatalog) => void): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), 'pier-catalog-'));
  try {
    using database = openDatabase(join(root, 'pier.db'), [IMAGE_SCHEMA]);
    work(() => new ImageCatalog(database));
  } finally {
    await rm(root, { recursive: true });
  }
}

it('all() of 300 images takes a millisecond at most, newest first', async () => {
  await withCatalog((open) => {
    const catalog = open();
    catalog.change((edit) => {
      for (let i = 0; i < 300; i++) {
        edit.add(imageOf(i));
        edit.tag(`docker.io/library/app:v${i}`, imageOf(i).id);
      }
    });
    assert.deepEqual(
      catalog.all().map((image) => image.runConfig.labels['number']),
      Array.from({ length: 300 }, (_, i) => String(299 - i)),
    );
    const times = Array.from({ length: 51 }, () => {
      const start = performance.now();
      filterImages(catalog.all(), { labels: ['number'], dangling: false }, catalog.parents(), () => imageOf(0));
      return performance.now() - start;
    }).toSorted((a, b) => a - b);
    assert.ok((times[25] ?? Infinity) <= 1, `median ${times[25]} ms`);
    assert.deepEqual(open().all(), catalog.all());
  });
});

it('change() that throws changes nothing, in rows or in memory', async () => {
  await withCatalog((open) => {
    const catalog = open();
    catalog.change((edit) => {
      edit.add(imageOf(1));
      edit.tag('docker.io/library/app:v1', imageOf(1).id);
    });
    const before = catalog.all();
    assert.throws(
      () =>
        catalog.change((edit) => {
          edit.add(imageOf(2));
          edit.tag('docker.io/library/app:v1', imageOf(2).id);
          assert.deepEqual(edit.get(imageOf(1).id)?.tags, [], 'reads see what the change did so far');
          throw new Error('no');
        }),
      /no/,
    );
    assert.deepEqual(catalog.all(), before);
    assert.deepEqual(open().all(), before);
    assert.equal(catalog.getByName('docker.io/library/app:v1')?.id, imageOf(1).id);
  });
});

it('addDigestReference() files an image under a digest, and untag() takes it away', async () => {
  await withCatalog((open) => {
    const catalog = open();
    const name = `docker.io/library/app@${digestOf('manifest')}`;
    catalog.change((edit) => {
      edit.add(imageOf(1));
      edit.addDigestReference(name, imageOf(1).id);
    });
    assert.deepEqual(open().getByName(name)?.repoDigests, [name]);
    catalog.change((edit) => {
      edit.untag(name);
      edit.remove(imageOf(1).id);
    });
    assert.deepEqual(open().all(), []);
    assert.equal(catalog.getByName(name), undefined);
  });
});
