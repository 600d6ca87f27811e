import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { it } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { digestOf, hexOf } from '../base/digest.ts';
import { PierError } from '../base/errors.ts';
import { dockerArchive, ociBlob, ociImage, ociLayout, openTestImages, sharedLayout, streamOf, tarOf } from './image-fixtures.contract.ts';
import type { TarEntries, TestImages } from './image-fixtures.contract.ts';

const skip = process.getuid?.() === 0 ? false : 'unpacking layers needs root';
const BASE = await tarOf({ 'etc/base': 'base\n' });
const TOP = await tarOf({ 'etc/top': 'top\n' });
const NAMED = { annotations: { 'io.containerd.image.name': 'docker.io/library/app:v1' } };

async function load(test: TestImages, entries: TarEntries): Promise<readonly string[]> {
  const loaded = await test.images.load(streamOf(await tarOf(entries), 777));
  return loaded.flatMap((item) => (item.references.length === 0 ? [item.image.id] : item.references));
}

async function assertRefused(test: TestImages, archive: Buffer, reason: string | undefined, code = 'InvalidArgument'): Promise<void> {
  await assert.rejects(test.images.load(streamOf(archive)), (error) => {
    assert.ok(error instanceof PierError, String(error));
    assert.equal(error.code, code, error.message);
    assert.equal(error.reason, reason);
    return true;
  });
  assert.deepEqual(test.images.list(), []);
  assert.deepEqual(await test.blobs.list(), []);
  assert.deepEqual(test.layers.list(), []);
  assert.deepEqual(test.events, []);
}

it('load() keeps the official id of the busybox image', { skip }, async (t) => {
  const archive = await sharedLayout('busybox-1.37.0-glibc');
  if (archive === undefined) return t.skip('the shared images are not beside the project');
  await using test = await openTestImages();
  const [loaded] = await test.images.load(streamOf(archive));
  assert.equal(loaded?.image.id, 'sha256:db287cb6be81219cd18c1d82b70908f5d33eb028568b456f78eedff2ff2930e4');
  assert.equal(loaded.image.manifest.digest, 'sha256:7a3ebe5bfd1a4a19797d20b0c0bb39d44393e9a03fd852c0865b0f540d868df0');
  assert.deepEqual(loaded.references, ['busybox:1.37.0-glibc']);
  assert.deepEqual(test.images.get('busybox:1.37.0-glibc').runConfig.command, ['sh']);
  assert.equal((await test.blobs.list()).length, 3);
  assert.deepEqual(
    test.events.map((event) => event.action),
    ['load'],
  );
});

for (const [name, compress] of [
  ['plain', (b: Buffer) => b],
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
] as const) {
  it(`load() reads a ${name} docker-archive and survives a restart`, { skip }, async () => {
    await using first = await openTestImages();
    const archive = compress(await tarOf(dockerArchive([BASE, TOP], ['app:v1', 'registry.test/app:v2'])));
    const [loaded] = await first.images.load(streamOf(archive, 100));
    assert.deepEqual(loaded?.references, ['app:v1', 'registry.test/app:v2']);
    await using test = await first.reopen();
    const image = test.images.get('app:v1');
    assert.deepEqual({ ...image, lastTaggedAt: '' }, { ...loaded.image, lastTaggedAt: '' });
    assert.equal(image.lastTaggedAt, loaded.image.lastTaggedAt);
    assert.deepEqual(image.diffIds, [digestOf(BASE), digestOf(TOP)]);
    assert.equal(image.sizeBytes, 9);
    assert.equal(test.layers.stat(image.chainId ?? digestOf('')).parent, digestOf(BASE));
  });
}

it('load() reads entries in any order, and layers that are links to others', { skip }, async () => {
  await using test = await openTestImages();
  const entries = dockerArchive([BASE, TOP, BASE], ['app:v1']);
  const linked = { ...entries, 'layer2/layer.tar': { type: 'symlink', linkname: '../layer0/layer.tar' } } as const;
  const reversed = Object.fromEntries(Object.entries(linked).toReversed());
  assert.deepEqual(await load(test, reversed), ['app:v1']);
  assert.deepEqual(
    test.images.get('app:v1').diffIds,
    [BASE, TOP, BASE].map((layer) => digestOf(layer)),
  );
});

it('load() moves a name that another image had, and says so', { skip }, async () => {
  await using test = await openTestImages();
  await load(test, dockerArchive([BASE], ['app:v1']));
  const old = test.images.get('app:v1');
  const [loaded] = await test.images.load(streamOf(await tarOf(dockerArchive([TOP], ['app:v1']))));
  assert.deepEqual(loaded?.renamed, [{ reference: 'app:v1', previousId: old.id }]);
  assert.deepEqual(test.images.get(old.id).tags, []);
});

it('load() gives an image without a name by its id, and one that is there its new names', { skip }, async () => {
  await using test = await openTestImages();
  const [id] = await load(test, dockerArchive([BASE], []));
  await load(test, dockerArchive([BASE], ['app:v1']));
  assert.equal(test.images.list().length, 1);
  assert.equal(test.images.get('app:v1').id, id);
});

it('load() takes the image for this machine out of nested indexes and leaves attestations', { skip }, async () => {
  await using test = await openTestImages();
  const wanted = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const platform = (architecture: string): object => ({ platform: { os: 'linux', architecture } });
  const images = [
    ociImage([TOP], { architecture: 's390x' }, platform('s390x')),
    ociImage([BASE], { architecture: wanted }, platform(wanted)),
    ociImage(
      [BASE],
      { author: 'attestation' },
      { platform: { os: 'unknown', architecture: 'unknown' }, annotations: { 'vnd.docker.reference.type': 'attestation-manifest' } },
    ),
  ];
  const index = JSON.stringify({ schemaVersion: 2, manifests: images.map((image) => image.descriptor) });
  const outer = ociBlob(Buffer.from(index), 'application/vnd.oci.image.index.v1+json', NAMED);
  assert.deepEqual(await load(test, { ...Object.assign({}, ...images.map((image) => image.entry)), ...ociLayout(outer) }), ['app:v1']);
  assert.deepEqual(
    test.images.list().map((image) => image.platform.architecture),
    [wanted],
  );
  assert.equal((await test.blobs.list()).length, 3, 'blobs of other platforms are swept');
});

it('load() takes the platform that is asked for, of a layout and of a docker-archive, and says if there is none', { skip }, async () => {
  const platform = (architecture: string): object => ({ platform: { os: 'linux', architecture } });
  const named = (name: string): object => ({ annotations: { 'io.containerd.image.name': `docker.io/library/${name}` } });
  const riscv = { os: 'linux', architecture: 'riscv64', variant: '' };
  const images = ['s390x', 'riscv64'].map((architecture) =>
    ociImage([BASE], { architecture }, { ...platform(architecture), ...named('app:v1') }),
  );
  const other = dockerArchive([TOP], ['other:v1'], { architecture: 's390x' });
  await using test = await openTestImages();
  const loaded = await test.images.load(streamOf(await tarOf(ociLayout(...images))), { platform: riscv });
  assert.deepEqual(
    loaded.map((item) => item.image.platform.architecture),
    ['riscv64'],
  );
  for (const archive of [ociLayout(images[0] ?? ociImage([BASE])), other]) {
    await assert.rejects(
      test.images.load(streamOf(await tarOf(archive)), { platform: riscv }),
      (error) => error instanceof PierError && error.reason === 'image.no-platform' && error.facts['platform'] === 'linux/riscv64',
    );
  }
  assert.equal(test.images.list().length, 1);
  await test.images.load(streamOf(await tarOf(other)), { platform: { ...riscv, architecture: 's390x' } });
  assert.equal(test.images.list().length, 2);
});

it('load() reads archives by xz and bzip2, and tells only of layers that it had not', { skip }, async () => {
  await using test = await openTestImages();
  const archive = await tarOf(dockerArchive([BASE, TOP], ['app:v1']));
  const told: string[] = [];
  const onProgress = ({ layer, phase }: { layer: string; phase: string }): void => {
    if (phase === 'done') told.push(layer);
  };
  for (const program of ['xz', 'bzip2']) {
    const { stdout, status } = spawnSync(program, ['--stdout'], { input: archive });
    assert.equal(status, 0);
    const [loaded] = await test.images.load(streamOf(stdout, 100), { onProgress });
    assert.deepEqual(loaded?.references, ['app:v1']);
    await assert.rejects(
      test.images.load(streamOf(stdout.subarray(0, stdout.length - 30))),
      (error) => error instanceof PierError && error.reason === 'image.bad-archive',
    );
  }
  assert.deepEqual(
    told,
    [BASE, TOP].map((layer) => hexOf(digestOf(layer)).slice(0, 12)),
  );
});

it('load() reads names only where there is a whole name', { skip }, async () => {
  await using test = await openTestImages();
  const bare = ociImage([BASE], {}, { annotations: { 'org.opencontainers.image.ref.name': 'v1' } });
  const whole = ociImage([TOP], {}, { annotations: { 'org.opencontainers.image.ref.name': 'app:v2' } });
  assert.deepEqual(
    (await load(test, ociLayout(bare, whole))).map((name) => name.slice(0, 7)),
    ['sha256:', 'app:v2'],
  );
});

const image = ociImage([BASE], {}, NAMED);
const BLOB = `blobs/sha256/${hexOf(digestOf(BASE))}`;
const { [BLOB]: _layer, ...withoutLayer } = image.entry;
const docker = dockerArchive([BASE], ['app:v1']);
const configPath = Object.keys(docker).find((name) => name.endsWith('.json') && name !== 'manifest.json') ?? '';

const HOSTILE: Readonly<Record<string, TarEntries>> = {
  'an empty archive': {},
  'a plain root file system': { 'etc/passwd': 'root' },
  'an archive of Docker before 1.10': { repositories: '{}', 'abc/layer.tar': BASE, 'abc/json': '{}', 'abc/VERSION': '1.0' },
  'a blob whose bytes do not match its name': { ...ociLayout(image), [BLOB]: 'other bytes' },
  'a missing blob': ociLayout({ ...image, entry: withoutLayer }),
  'a layer that is not the one its config names': { ...docker, 'layer0/layer.tar': TOP },
  'a layer that is not a tar': { ...docker, ...dockerArchive([randomBytes(2048)], ['x:y']) },
  'fewer layers than its config names': {
    ...docker,
    'manifest.json': JSON.stringify([{ Config: configPath, RepoTags: null, Layers: [] }]),
  },
  'a config that is not JSON': { ...docker, [configPath]: '{' },
  'a config with a number for a user': {
    ...docker,
    [configPath]: JSON.stringify({ config: { User: 1 }, rootfs: { diff_ids: [digestOf(BASE)] } }),
  },
  'a zero byte in a command': dockerArchive([BASE], ['app:v1'], { config: { Cmd: ['a\0b'] } }),
  'an image for Windows': dockerArchive([BASE], ['app:v1'], { os: 'windows' }),
  'a bad name': dockerArchive([BASE], ['../etc:v1']),
  'a name without a tag': dockerArchive([BASE], ['app']),
  'an entry outside of the archive': { ...docker, '../escape': 'x' },
  'a layer path outside of the archive': {
    ...docker,
    'manifest.json': JSON.stringify([{ Config: configPath, Layers: ['../../etc/passwd'] }]),
  },
  'links in a circle': {
    ...docker,
    'layer0/layer.tar': { type: 'symlink', linkname: '../other' },
    other: { type: 'symlink', linkname: 'layer0/layer.tar' },
  },
  'a digest that is a path': ociLayout({
    entry: {},
    descriptor: { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: 'sha256:../../../x', size: 1 },
  }),
  'a manifest of something else': ociLayout(
    ociBlob(
      Buffer.from(JSON.stringify({ schemaVersion: 2, config: { mediaType: 'application/x-helm', digest: digestOf(''), size: 0 } })),
      'application/vnd.oci.image.manifest.v1+json',
    ),
  ),
  'a good image before a bad one': {
    ...docker,
    'manifest.json': JSON.stringify([
      { Config: configPath, RepoTags: ['good:v1'], Layers: ['layer0/layer.tar'] },
      { Config: 'gone.json', RepoTags: ['bad:v1'], Layers: [] },
    ]),
  },
};

for (const [name, entries] of Object.entries(HOSTILE)) {
  it(`load() refuses ${name} and changes nothing`, { skip }, async () => {
    await using test = await openTestImages();
    await assertRefused(test, await tarOf(entries), 'image.bad-archive');
  });
}

it('load() refuses what is no tar, a truncated one, and broken gzip', { skip }, async () => {
  await using test = await openTestImages();
  const archive = await tarOf(docker);
  await assertRefused(test, randomBytes(4096), 'image.bad-archive');
  await assertRefused(test, archive.subarray(0, 1200), 'image.bad-archive');
  const zipped = gzipSync(archive);
  await assertRefused(test, zipped.subarray(0, zipped.length - 20), 'image.bad-archive');
  await assertRefused(test, Buffer.concat([zipped.subarray(0, 30), randomBytes(300)]), 'image.bad-archive');
  await assertRefused(test, Buffer.from('BZh91AY&SY'), 'image.bad-archive');
  await assertRefused(test, Buffer.from('\xfd7zXZ\0', 'latin1'), 'image.bad-archive');
});

it('load() stops a gzip bomb at its limit', { skip }, async () => {
  await using test = await openTestImages({ archiveBytes: 1_000_000 });
  await assertRefused(test, gzipSync(await tarOf({ 'blobs/x': Buffer.alloc(20_000_000) })), undefined, 'ResourceExhausted');
});

it('load() refuses a document beyond 16 MiB unread', { skip }, async () => {
  await using test = await openTestImages();
  await assertRefused(test, gzipSync(await tarOf({ 'manifest.json': Buffer.alloc(17 * 2 ** 20, 32) })), 'image.bad-archive');
});

it('load() ends when it is aborted, and leaves nothing', { skip }, async () => {
  await using test = await openTestImages();
  const abort = new AbortController();
  const stalled = new PassThrough();
  stalled.write((await tarOf(docker)).subarray(0, 600));
  setTimeout(() => abort.abort(new Error('enough')), 20);
  await assert.rejects(test.images.load(stalled, { signal: abort.signal }), /enough/);
  assert.deepEqual(await test.blobs.list(), []);
});

it('load() ends when its sender goes away', { skip }, async () => {
  await using test = await openTestImages();
  const broken = new PassThrough();
  broken.write((await tarOf(docker)).subarray(0, 600));
  setTimeout(() => broken.destroy(new Error('connection reset')), 20);
  await assert.rejects(test.images.load(broken), (error) => error instanceof PierError && error.code === 'Cancelled');
  assert.deepEqual(await test.blobs.list(), []);
});
