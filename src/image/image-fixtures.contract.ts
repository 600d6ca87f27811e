import { access, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { pack } from 'tar-stream';
import type { Header } from 'tar-stream';
import { digestOf, hexOf } from '../base/digest.ts';
import type { Digest } from '../base/digest.ts';
import { LAYER_SCHEMA, openBlobStore, openDatabase, openOverlayLayerStore } from '../store/index.ts';
import type { BlobStore, LayerStore } from '../store/index.ts';
import { IMAGE_SCHEMA } from './image-schema.ts';
import type { ImageEvent, ImageService, ImageUser } from './image-service.ts';
import { openImageService } from './open-image-service.ts';
import type { ImageServiceConfig } from './open-image-service.ts';

const SHARED = fileURLToPath(new URL('../../../shared/images/', import.meta.url));

/** Images on a root of their own. Dispose of it to remove the root. */
export interface TestImages extends AsyncDisposable {
  readonly images: ImageService;
  readonly blobs: BlobStore;
  readonly layers: LayerStore;
  readonly events: ImageEvent[];
  /** Who uses which image; for tests to fill. */
  readonly users: Map<Digest, ImageUser[]>;
  /** Closes everything; the root stays. */
  close(): Promise<void>;
  /** Closes everything and opens it again on the same root. */
  reopen(): Promise<TestImages>;
}

/** Opens images on a root of their own, over the real stores. */
export async function openTestImages(limits: ImageServiceConfig['limits'] = {}): Promise<TestImages> {
  const root = await mkdtemp(join(tmpdir(), 'pier-images-'));
  return openTestImagesOn(root, limits);
}

/** Opens images on a root that exists already. */
export async function openTestImagesOn(root: string, limits: ImageServiceConfig['limits'] = {}): Promise<TestImages> {
  const database = openDatabase(join(root, 'pier.db'), [IMAGE_SCHEMA, LAYER_SCHEMA]);
  const blobs = await openBlobStore(root);
  const layers = await openOverlayLayerStore({ root, database });
  const events: ImageEvent[] = [];
  const users = new Map<Digest, ImageUser[]>();
  const usersOf = (id: Digest): readonly ImageUser[] => users.get(id) ?? [];
  const images = await openImageService({ database, blobs, layers, usersOf, onEvent: (event: ImageEvent) => events.push(event), limits });
  const close = async (): Promise<void> => {
    await images[Symbol.asyncDispose]();
    await layers[Symbol.asyncDispose]();
    database[Symbol.dispose]();
  };
  return {
    images,
    blobs,
    layers,
    events,
    users,
    close,
    reopen: async () => {
      await close();
      return openTestImagesOn(root, limits);
    },
    [Symbol.asyncDispose]: async () => {
      await close();
      await rm(root, { recursive: true, force: true });
    },
  };
}

/** Entries of a tar by name: content of a file, or a header for anything else. */
export type TarEntries = Readonly<Record<string, string | Buffer | Partial<Header>>>;

/** A tar in memory. */
export async function tarOf(entries: TarEntries): Promise<Buffer> {
  const tar = pack();
  for (const [name, entry] of Object.entries(entries)) {
    if (typeof entry === 'string' || Buffer.isBuffer(entry)) tar.entry({ name, mtime: new Date(0) }, entry);
    else tar.entry({ name, mtime: new Date(0), ...entry });
  }
  tar.finalize();
  return bytesOf(Readable.from(tar));
}

/** All bytes of a stream. */
export async function bytesOf(stream: Readable): Promise<Buffer> {
  return Buffer.concat(await stream.toArray());
}

/** A stream of bytes in pieces of a size. */
export function streamOf(content: Uint8Array, pieceBytes: number = 64 * 1024): Readable {
  const pieces = Array.from({ length: Math.ceil(content.length / pieceBytes) }, (_, i) =>
    content.subarray(i * pieceBytes, (i + 1) * pieceBytes),
  );
  return Readable.from(pieces, { objectMode: false });
}

/** The config of an image with these layers. */
export function configOf(layers: readonly Buffer[], more: object = {}): Buffer {
  const rootfs = { type: 'layers', diff_ids: layers.map((layer) => digestOf(layer)) };
  return Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', created: '2020-01-01T00:00:00Z', config: {}, rootfs, ...more }));
}

/** A docker-archive of one image, layers uncompressed, as Docker before 25 wrote it. */
export function dockerArchive(layers: readonly Buffer[], tags: readonly string[], more: object = {}): TarEntries {
  const config = configOf(layers, more);
  const files = layers.map((layer, i) => [`layer${i}/layer.tar`, layer] as const);
  const manifest = [{ Config: `${hexOf(digestOf(config))}.json`, RepoTags: tags, Layers: files.map(([name]) => name) }];
  return { ...Object.fromEntries(files), [`${hexOf(digestOf(config))}.json`]: config, 'manifest.json': JSON.stringify(manifest) };
}

/** An entry under `blobs/`, and the descriptor that names it. */
export function ociBlob(
  content: Buffer,
  mediaType: string,
  more: object = {},
): { readonly entry: TarEntries; readonly descriptor: object } {
  const digest = digestOf(content);
  return { entry: { [`blobs/sha256/${hexOf(digest)}`]: content }, descriptor: { mediaType, digest, size: content.length, ...more } };
}

/** An OCI image manifest with its blobs; the layers are uncompressed. */
export function ociImage(
  layers: readonly Buffer[],
  config: object = {},
  more: object = {},
): { readonly entry: TarEntries; readonly descriptor: object } {
  const configBlob = ociBlob(configOf(layers, config), 'application/vnd.oci.image.config.v1+json');
  const layerBlobs = layers.map((layer) => ociBlob(layer, 'application/vnd.oci.image.layer.v1.tar'));
  const manifest = { schemaVersion: 2, config: configBlob.descriptor, layers: layerBlobs.map((blob) => blob.descriptor) };
  const blob = ociBlob(Buffer.from(JSON.stringify(manifest)), 'application/vnd.oci.image.manifest.v1+json', more);
  return { descriptor: blob.descriptor, entry: Object.assign({}, configBlob.entry, ...layerBlobs.map((layer) => layer.entry), blob.entry) };
}

/** An OCI layout whose index.json lists these. */
export function ociLayout(...images: readonly { readonly entry: TarEntries; readonly descriptor: object }[]): TarEntries {
  return {
    'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
    'index.json': JSON.stringify({ schemaVersion: 2, manifests: images.map((image) => image.descriptor) }),
    ...Object.assign({}, ...images.map((image) => image.entry)),
  };
}

/** A file of the images that lie beside the project; `undefined` where they do not, which fails under CI. */
export async function sharedImage(name: string): Promise<Buffer | undefined> {
  if (!(await isThere(name))) return undefined;
  return readFile(join(SHARED, name));
}

/** A tar of a directory of the images beside the project, one level of `blobs/` deep as an OCI layout is. */
export async function sharedLayout(name: string): Promise<Buffer | undefined> {
  if (!(await isThere(name))) return undefined;
  const files = (await readdir(join(SHARED, name), { recursive: true, withFileTypes: true })).filter((item) => item.isFile());
  const entries = files.map(async (item) => {
    const path = join(item.parentPath, item.name);
    return [`./${path.slice(join(SHARED, name).length + 1)}`, await readFile(path)] as const;
  });
  return tarOf(Object.fromEntries(await Promise.all(entries)));
}

async function isThere(name: string): Promise<boolean> {
  try {
    await access(join(SHARED, name));
    return true;
  } catch (error) {
    if (process.env['CI'] === 'true') throw new Error(`Cannot test without the shared image "${name}"`, { cause: error });
    return false;
  }
}
