import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import type { Pack } from 'tar-stream';
import { hexOf } from '../base/digest.ts';
import type { Digest } from '../base/digest.ts';
import { PierError } from '../base/errors.ts';
import type { BlobInfo, BlobStore } from '../store/index.ts';
import type { Descriptor, Image } from './image.ts';
import { familiarName, familiarOf, parseReference } from './reference.ts';

/** An image to write and the names to write with it. */
export interface SavedImage {
  readonly image: Image;
  /** Full references with a tag, in the order they were asked for. */
  readonly names: readonly string[];
}

const EPOCH = new Date(0);

/**
 * A tar that is an OCI layout and a docker-archive at once, as dockerd 28 writes it: blobs first, in the order of their
 * digests, then the documents. Blobs are the stored bytes.
 *
 * @param onEnd Called once, when the last byte was read or the stream was destroyed.
 * @throws {PierError} `DataLoss` if a blob is missing.
 */
export async function writeImageArchive(saved: readonly SavedImage[], blobs: BlobStore, onEnd: () => void): Promise<Readable> {
  const contents = await Promise.all(
    [...blobsOf(saved)].map(async ([digest, createdAt]) => ({ info: await require(blobs, digest), createdAt })),
  );
  const archive = pack();
  const filling = fill(archive, contents, saved, blobs).catch((error: unknown) => {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
  });
  const output = Readable.from(archive, { objectMode: false, highWaterMark: 256 * 1024 });
  // Not every reader takes everything; whoever stops must not leave a blob open.
  output.once('close', () => {
    archive.destroy(null);
    void filling.finally(onEnd);
  });
  return output;
}

/** Every blob once, in the order of their digests, with the time of the image it came from. */
function blobsOf(saved: readonly SavedImage[]): ReadonlyMap<Digest, Date> {
  const times = new Map<Digest, Date>();
  for (const { image } of saved) {
    const createdAt = new Date(Math.max(0, Date.parse(image.createdAt)));
    for (const digest of [image.id, ...image.layers.map((layer) => layer.digest)]) times.set(digest, times.get(digest) ?? createdAt);
    times.set(image.manifest.digest, EPOCH);
  }
  return new Map([...times].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

async function require(blobs: BlobStore, digest: Digest): Promise<BlobInfo> {
  const info = await blobs.stat(digest);
  if (info === undefined) throw new PierError('DataLoss', `Cannot save image: blob "${digest}" is missing`);
  return info;
}

async function fill(
  archive: Pack,
  contents: readonly { readonly info: BlobInfo; readonly createdAt: Date }[],
  saved: readonly SavedImage[],
  blobs: BlobStore,
): Promise<void> {
  const newest = new Date(Math.max(0, ...contents.map((item) => item.createdAt.getTime())));
  for (const name of ['blobs/', 'blobs/sha256/']) archive.entry({ name, type: 'directory', mode: 0o755, mtime: newest });
  for (const { info, createdAt } of contents) {
    await writeBlob(archive, `blobs/sha256/${hexOf(info.digest)}`, await blobs.open(info.digest), info.sizeBytes, createdAt);
  }
  const repositories = repositoriesOf(saved);
  writeText(archive, 'index.json', JSON.stringify(indexOf(saved)));
  writeText(archive, 'manifest.json', `${JSON.stringify(manifestItemsOf(saved))}\n`);
  writeText(archive, 'oci-layout', '{"imageLayoutVersion": "1.0.0"}');
  if (Object.keys(repositories).length > 0) writeText(archive, 'repositories', `${JSON.stringify(repositories)}\n`);
  archive.finalize();
}

async function writeBlob(archive: Pack, name: string, content: Readable, size: number, mtime: Date): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const entry = archive.entry({ name, size, mtime, mode: 0o644 }, (error) => (error == null ? resolve() : reject(error)));
  // Both tell of a reader that left, perhaps before the promise is waited for.
  promise.catch(() => undefined);
  entry.on('error', () => undefined);
  try {
    for await (const chunk of content as AsyncIterable<Buffer>) {
      if (entry.destroyed) break;
      if (!entry.write(chunk)) await drained(entry);
    }
    entry.end(undefined);
    await promise;
  } finally {
    content.destroy();
  }
}

async function drained(entry: ReturnType<Pack['entry']>): Promise<void> {
  if (entry.destroyed) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  entry.once('drain', resolve).once('close', resolve);
  await promise;
  entry.off('drain', resolve).off('close', resolve);
}

function writeText(archive: Pack, name: string, text: string): void {
  archive.entry({ name, mode: 0o644, mtime: EPOCH }, text);
}

function indexOf(saved: readonly SavedImage[]): object {
  const manifests = saved.flatMap(({ image, names }) => {
    const plain = wire(image.manifest);
    if (names.length === 0) return [plain];
    return names.map((name) => ({
      ...plain,
      annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': parseReference(name).tag },
    }));
  });
  return { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests };
}

function manifestItemsOf(saved: readonly SavedImage[]): readonly object[] {
  const ids = new Set(saved.map(({ image }) => image.id));
  return saved.map((item) => {
    const { parentId } = item.image;
    // Whoever loads it could not find a parent that is not in here.
    return { ...manifestItemOf(item), ...(parentId !== undefined && ids.has(parentId) ? { Parent: parentId } : {}) };
  });
}

function manifestItemOf({ image, names }: SavedImage): object {
  const sources = image.layers.map(
    (layer, i) => [image.diffIds[i] ?? '', { mediaType: layer.mediaType, size: layer.sizeBytes, digest: layer.digest }] as const,
  );
  return {
    Config: `blobs/sha256/${hexOf(image.id)}`,
    RepoTags: names.length === 0 ? null : names.map(familiarOf),
    Layers: image.layers.map((layer) => `blobs/sha256/${hexOf(layer.digest)}`),
    ...(sources.length === 0 ? {} : { LayerSources: sortedRecord(new Map(sources)) }),
  };
}

/** Name and tag to the top layer, for readers older than manifest.json. */
function repositoriesOf(saved: readonly SavedImage[]): Readonly<Record<string, Readonly<Record<string, string>>>> {
  const byName = new Map<string, Map<string, string>>();
  for (const { image, names } of saved) {
    const top = image.layers.at(-1);
    if (top === undefined) continue;
    for (const reference of names.map(parseReference)) {
      const name = familiarName(reference);
      byName.set(name, (byName.get(name) ?? new Map<string, string>()).set(reference.tag ?? '', hexOf(top.digest)));
    }
  }
  return sortedRecord(new Map([...byName].map(([name, tags]) => [name, sortedRecord(tags)])));
}

function sortedRecord<T>(members: ReadonlyMap<string, T>): Readonly<Record<string, T>> {
  return Object.fromEntries([...members].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function wire(descriptor: Descriptor): object {
  return { mediaType: descriptor.mediaType, digest: descriptor.digest, size: descriptor.sizeBytes };
}
