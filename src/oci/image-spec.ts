/**
 * The documents of the OCI image specification and their Docker ancestors, read from bytes that nobody vouches for.
 *
 * ```
 * index ──► manifest ──► config (what to run, which trees)
 *                   └──► layers (compressed tars)
 * ```
 *
 * Every function checks all that it returns. What it does not return is ignored, as the specification asks.
 *
 * @module
 */
import { isDigest } from '../base/digest.ts';
import type { Digest } from '../base/digest.ts';
import { PierError } from '../base/errors.ts';

/** Media types that pier reads and writes. */
export const MEDIA_TYPES = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
  layerGzip: 'application/vnd.oci.image.layer.v1.tar+gzip',
  layerZstd: 'application/vnd.oci.image.layer.v1.tar+zstd',
  dockerIndex: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
} as const;

/** Documents above this are refused unread. Bytes. */
export const MAX_DOCUMENT_BYTES: number = 16 * 1024 * 1024;

/** What a descriptor says its target runs on; empty strings where it does not say. */
export interface OciPlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string;
}

/** A content descriptor. image-spec, descriptor.md. */
export interface OciDescriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
  readonly annotations: Readonly<Record<string, string>>;
  readonly platform: OciPlatform | undefined;
}

/** image-spec, manifest.md. */
export interface OciManifest {
  readonly config: OciDescriptor;
  readonly layers: readonly OciDescriptor[];
}

/** image-spec, image-index.md. */
export interface OciIndex {
  readonly manifests: readonly OciDescriptor[];
}

/** A value of a parsed document with the place it came from, for error messages. */
class Value {
  readonly #raw: unknown;
  readonly #path: string;

  constructor(raw: unknown, path: string) {
    this.#raw = raw;
    this.#path = path;
  }

  /** A member of an object; absent and `null` alike read as missing. Only own members count. */
  get(name: string): Value {
    const members = this.#members();
    return new Value(Object.hasOwn(members, name) ? members[name] : undefined, `${this.#path}.${name}`);
  }

  get isMissing(): boolean {
    return this.#raw === undefined || this.#raw === null;
  }

  get isText(): boolean {
    return typeof this.#raw === 'string';
  }

  text(): string {
    if (this.isMissing) return '';
    if (typeof this.#raw !== 'string') throw this.bad('text');
    // These end up in arguments and paths of system calls, where a zero byte would cut them short.
    if (this.#raw.includes('\0')) throw this.bad('text without zero bytes');
    return this.#raw;
  }

  optionalText(): string | undefined {
    return this.isMissing ? undefined : this.text();
  }

  count(): number {
    if (this.isMissing) return 0;
    if (typeof this.#raw !== 'number' || !Number.isInteger(this.#raw)) throw this.bad('a whole number');
    return this.#raw;
  }

  flag(): boolean {
    if (this.isMissing) return false;
    if (typeof this.#raw !== 'boolean') throw this.bad('true or false');
    return this.#raw;
  }

  list(): readonly Value[] {
    if (this.isMissing) return [];
    if (!Array.isArray(this.#raw)) throw this.bad('a list');
    return this.#raw.map((item: unknown, i) => new Value(item, `${this.#path}[${i}]`));
  }

  texts(): readonly string[] {
    return this.list().map((item) => item.text());
  }

  /** Member names of an object, sorted. */
  names(): readonly string[] {
    return Object.keys(this.#members()).toSorted();
  }

  record(): Readonly<Record<string, string>> {
    return Object.fromEntries(Object.keys(this.#members()).map((name) => [name, this.get(name).text()]));
  }

  digest(): Digest {
    const text = this.text();
    if (!isDigest(text)) throw this.bad('a sha256 digest');
    return text;
  }

  bad(expected: string): PierError {
    return new PierError('InvalidArgument', `Cannot read ${this.#path}: expected ${expected}`);
  }

  #members(): Readonly<Record<string, unknown>> {
    if (this.isMissing) return {};
    if (typeof this.#raw !== 'object' || Array.isArray(this.#raw)) throw this.bad('an object');
    return { ...this.#raw };
  }
}

export type { Value as DocumentValue };

/**
 * Parses bounded JSON.
 *
 * @param name What the document is called in error messages.
 * @throws {PierError} `InvalidArgument` if it is too long or not JSON.
 */
export function parseDocument(content: Uint8Array, name: string): Value {
  if (content.byteLength > MAX_DOCUMENT_BYTES) {
    throw new PierError('InvalidArgument', `Cannot read ${name}: ${content.byteLength} bytes are more than ${MAX_DOCUMENT_BYTES}`);
  }
  try {
    return new Value(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content)), name);
  } catch (error) {
    throw new PierError('InvalidArgument', `Cannot read ${name}: it is not JSON`, { cause: error });
  }
}

/** @throws {PierError} `InvalidArgument`. */
export function parseDescriptor(value: Value): OciDescriptor {
  const sizeBytes = value.get('size').count();
  if (sizeBytes < 0) throw value.get('size').bad('a size');
  const platform = value.get('platform');
  return {
    mediaType: value.get('mediaType').text(),
    digest: value.get('digest').digest(),
    sizeBytes,
    annotations: value.get('annotations').record(),
    platform: platform.isMissing
      ? undefined
      : { os: platform.get('os').text(), architecture: platform.get('architecture').text(), variant: platform.get('variant').text() },
  };
}

/** @throws {PierError} `InvalidArgument`, also for what is not the manifest of a container image. */
export function parseManifest(content: Uint8Array, name: string): OciManifest {
  const document = parseDocument(content, name);
  if (document.get('schemaVersion').count() !== 2) throw document.get('schemaVersion').bad('2');
  const config = parseDescriptor(document.get('config'));
  if (config.mediaType !== MEDIA_TYPES.config && config.mediaType !== MEDIA_TYPES.dockerConfig) {
    throw document.get('config').bad(`the config of a container image, found "${config.mediaType}"`);
  }
  return { config, layers: document.get('layers').list().map(parseDescriptor) };
}

/** @throws {PierError} `InvalidArgument`. */
export function parseIndex(content: Uint8Array, name: string): OciIndex {
  const document = parseDocument(content, name);
  if (document.get('schemaVersion').count() !== 2) throw document.get('schemaVersion').bad('2');
  return { manifests: document.get('manifests').list().map(parseDescriptor) };
}

/** Tells whether a descriptor's target is an index. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.index || mediaType === MEDIA_TYPES.dockerIndex;
}

/** Tells whether a descriptor's target is a manifest. */
export function isManifestType(mediaType: string): boolean {
  return mediaType === MEDIA_TYPES.manifest || mediaType === MEDIA_TYPES.dockerManifest;
}

/**
 * Tells whether a manifest holds statements about another image instead of an image: BuildKit puts provenance beside
 * the images it makes.
 */
export function isAttestation(descriptor: OciDescriptor): boolean {
  return descriptor.annotations['vnd.docker.reference.type'] === 'attestation-manifest' || descriptor.platform?.os === 'unknown';
}
