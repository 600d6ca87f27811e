import { isDigest } from '../base/digest.ts';
import type { Digest } from '../base/digest.ts';
import { PierError } from '../base/errors.ts';
import type { Platform } from '../base/platform.ts';
import {
  MAX_DOCUMENT_BYTES,
  MEDIA_TYPES,
  isAttestation,
  isIndexType,
  isManifestType,
  parseDocument,
  parseIndex,
  parseManifest,
} from '../oci/index.ts';
import type { DocumentValue, OciDescriptor } from '../oci/index.ts';
import type { BlobInfo, BlobStore } from '../store/index.ts';
import { normalisePath } from './archive-reader.ts';
import type { ArchiveContents } from './archive-reader.ts';
import { platformRank } from './platform-rank.ts';
import type { Descriptor } from './image.ts';
import { formatReference, parseReference } from './reference.ts';

/** One image that an archive describes. Its blobs are stored; nothing is unpacked yet. */
export interface ArchiveImage {
  readonly config: BlobInfo;
  /** The manifest that came with it; `undefined` if the archive has none (docker-archive). */
  readonly manifest: Descriptor | undefined;
  /** Bottom first. The media type is empty where the archive does not tell. */
  readonly layers: readonly Descriptor[];
  /** Full references, each with a tag or a digest. */
  readonly names: readonly string[];
  /** The image of this archive that it was made from, if it says so. */
  readonly parentId: Digest | undefined;
}

/**
 * Finds the images of an archive. `manifest.json` says which there are, as in every archive that Docker wrote; an archive
 * without one is an OCI layout, of which the host's platform is taken.
 *
 * @throws {PierError} `InvalidArgument` if the archive is neither, or contradicts itself; `DataLoss` if a blob is missing.
 */
export async function findArchiveImages(contents: ArchiveContents, blobs: BlobStore, host?: Platform): Promise<readonly ArchiveImage[]> {
  const layout = new OciLayout(contents, blobs, host);
  const manifestList = contents.documents.get('manifest.json');
  if (manifestList !== undefined) return findDockerImages(manifestList, contents, await layout.candidates());
  if (!contents.documents.has('index.json')) {
    const isAncient = contents.documents.has('repositories') || [...contents.files.keys()].some((path) => path.endsWith('/layer.tar'));
    const kind = isAncient ? ': it is of a form that only Docker before 1.10 wrote; save it anew with a later one' : '';
    throw new PierError('InvalidArgument', `Cannot load archive: it has neither manifest.json nor index.json${kind}`);
  }
  return layout.images();
}

function findDockerImages(manifestList: Buffer, contents: ArchiveContents, candidates: readonly ArchiveImage[]): readonly ArchiveImage[] {
  return parseDocument(manifestList, 'manifest.json')
    .list()
    .map((item) => {
      const config = fileAt(contents, item.get('Config'));
      const layers = item
        .get('Layers')
        .list()
        .map((path) => fileAt(contents, path));
      const names = item.get('RepoTags').list().map(tagOf);
      // Docker writes a layout beside its manifest.json. Its manifest is kept, so that the image goes on being pushed under the same digest.
      const twin = candidates.find((image) => image.config.digest === config.digest && sameBlobs(image.layers, layers));
      return {
        config,
        manifest: twin?.manifest,
        layers: twin?.layers ?? layers.map((layer) => ({ ...layer, mediaType: '' })),
        names,
        parentId: parentOf(item.get('Parent')),
      };
    });
}

function parentOf(value: DocumentValue): Digest | undefined {
  return value.text() === '' ? undefined : value.digest();
}

function sameBlobs(a: readonly BlobInfo[], b: readonly BlobInfo[]): boolean {
  return a.length === b.length && a.every((blob, i) => blob.digest === b[i]?.digest);
}

/** The file that a path of manifest.json means, through links: old Docker wrote a layer that repeats as a link. */
function fileAt(contents: ArchiveContents, value: DocumentValue): BlobInfo {
  let path = normalisePath(value.text());
  for (let hops = 0; hops < 16; hops++) {
    const info = contents.files.get(path);
    if (info !== undefined) return info;
    const target = contents.links.get(path);
    if (target === undefined) break;
    path = target;
  }
  throw new PierError('DataLoss', `Cannot load archive: "${value.text()}" is not in it`);
}

function tagOf(value: DocumentValue): string {
  const reference = parseReference(value.text());
  if (reference.tag === undefined || reference.digest !== undefined) throw value.bad('NAME:TAG');
  return formatReference(reference);
}

/** An OCI image layout inside an archive. image-spec, image-layout.md. */
class OciLayout {
  readonly #contents: ArchiveContents;
  readonly #blobs: BlobStore;
  readonly #host: Platform | undefined;

  constructor(contents: ArchiveContents, blobs: BlobStore, host: Platform | undefined) {
    this.#contents = contents;
    this.#blobs = blobs;
    this.#host = host;
  }

  /** The images to load: one for each name, and each that has no name. */
  async images(): Promise<readonly ArchiveImage[]> {
    const chosen = this.#choose(this.#index());
    const images = new Map<Digest, ArchiveImage>();
    for (const entry of chosen) {
      const manifest = await this.#resolve(entry, 0);
      if (manifest === undefined) continue;
      const image = await this.#read(manifest);
      const names = namesOf(entry);
      const before = images.get(image.config.digest);
      images.set(image.config.digest, { ...(before ?? image), names: [...new Set([...(before?.names ?? []), ...names])] });
    }
    if (images.size === 0) throw new PierError('InvalidArgument', 'Cannot load archive: it has no image for this machine');
    return [...images.values()];
  }

  /** Images that the layout describes readably, for finding one again. An archive without a layout has none. */
  async candidates(): Promise<readonly ArchiveImage[]> {
    if (!this.#contents.documents.has('index.json')) return [];
    const found: ArchiveImage[] = [];
    for (const entry of this.#index()) {
      if (isManifestType(entry.mediaType) && this.#has(entry.digest)) found.push(await this.#read(entry));
    }
    return found;
  }

  #index(): readonly OciDescriptor[] {
    return parseIndex(this.#contents.documents.get('index.json') ?? Buffer.alloc(0), 'index.json').manifests;
  }

  /** Of several entries with one name, those for this machine, if any is. */
  #choose(entries: readonly OciDescriptor[]): readonly OciDescriptor[] {
    const candidates = entries.filter(
      (entry) => !isAttestation(entry) && (isManifestType(entry.mediaType) || isIndexType(entry.mediaType)),
    );
    const groups = Map.groupBy(candidates, (entry) => namesOf(entry).join());
    return [...groups.values()].flatMap((group) => {
      const ranked = group.filter((entry) => this.#rank(entry) !== undefined);
      if (group.length === 1 || ranked.length === 0) return group;
      const best = Math.min(...ranked.map((entry) => this.#rank(entry) ?? 0));
      return ranked.filter((entry) => this.#rank(entry) === best);
    });
  }

  /** Follows indexes down to one manifest; `undefined` if none is for this machine. */
  async #resolve(entry: OciDescriptor, depth: number): Promise<OciDescriptor | undefined> {
    if (isManifestType(entry.mediaType)) return entry;
    if (depth === 4) throw new PierError('InvalidArgument', `Cannot load archive: index "${entry.digest}" is nested too deeply`);
    const nested = parseIndex(await this.#document(entry.digest), `index "${entry.digest}"`).manifests;
    const chosen = this.#choose(nested.map((item) => ({ ...item, annotations: attestationOnly(item) })));
    const [best] = chosen;
    // An index of one image is loaded whatever it is for, as a manifest is.
    if (best === undefined || (chosen.length > 1 && this.#rank(best) === undefined)) return undefined;
    return this.#resolve(best, depth + 1);
  }

  async #read(manifest: OciDescriptor): Promise<ArchiveImage> {
    const content = await this.#document(manifest.digest);
    const { config, layers } = parseManifest(content, `manifest "${manifest.digest}"`);
    const described = layers.map((layer) => ({ mediaType: layer.mediaType, ...this.#require(layer.digest) }));
    const descriptor = { mediaType: manifest.mediaType || MEDIA_TYPES.manifest, digest: manifest.digest, sizeBytes: content.length };
    return { config: this.#require(config.digest), manifest: descriptor, layers: described, names: [], parentId: undefined };
  }

  #rank(entry: OciDescriptor): number | undefined {
    return entry.platform === undefined ? 0 : platformRank(entry.platform, this.#host);
  }

  #has(digest: Digest): boolean {
    return this.#contents.files.has(pathOf(digest));
  }

  #require(digest: Digest): BlobInfo {
    const info = this.#contents.files.get(pathOf(digest));
    if (info === undefined) throw new PierError('DataLoss', `Cannot load archive: blob "${digest}" is not in it`);
    return info;
  }

  async #document(digest: Digest): Promise<Buffer> {
    if (this.#require(digest).sizeBytes > MAX_DOCUMENT_BYTES) {
      throw new PierError('InvalidArgument', `Cannot load archive: document "${digest}" has more than ${MAX_DOCUMENT_BYTES} bytes`);
    }
    return this.#blobs.read(digest);
  }
}

function pathOf(digest: Digest): string {
  return `blobs/${digest.replace(':', '/')}`;
}

/** Names belong to the entries of index.json; inside an index the same annotation says something else. */
function attestationOnly(entry: OciDescriptor): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(entry.annotations).filter(([name]) => name === 'vnd.docker.reference.type'));
}

/**
 * The names that an entry of index.json carries: containerd's annotation, or else the specification's own where it holds a
 * whole name. Many tools write only a tag there, which names nothing.
 */
function namesOf(entry: OciDescriptor): readonly string[] {
  const plain = entry.annotations['org.opencontainers.image.ref.name'] ?? '';
  const text = entry.annotations['io.containerd.image.name'] ?? (/[:/@]/.test(plain) ? plain : undefined);
  if (text === undefined || text === '') return [];
  const reference = parseReference(text);
  if (reference.digest !== undefined) return isDigest(reference.digest) ? [formatReference({ ...reference, tag: undefined })] : [];
  return [formatReference({ ...reference, tag: reference.tag ?? 'latest' })];
}
