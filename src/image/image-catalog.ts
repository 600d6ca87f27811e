import { parseDigest } from '../base/digest.ts';
import type { Digest } from '../base/digest.ts';
import { parseNs, timestamp } from '../base/timestamp.ts';
import type { Database } from '../store/index.ts';
import { EMPTY_RUN_CONFIG } from './image-config.ts';
import type { Image } from './image.ts';

/** What a row's `document` column holds: an image without its id and what changes. */
type ImageDocument = Omit<Image, 'id' | 'parentId' | 'tags' | 'repoDigests' | 'lastTaggedAt'>;

/** The changes that one transaction makes. Reads see what it did so far. */
export interface CatalogEdit {
  get(id: Digest): Image | undefined;
  /** Tells whether other images have it as their parent. */
  hasChildren(id: Digest): boolean;
  /** Adds an image without names. Adding one that is there changes nothing. Its parent must be there. */
  add(image: Image): void;
  /** Makes an image the parent of another. Both must be there. */
  setParent(id: Digest, parentId: Digest): void;
  /**
   * Gives a name to an image; takes it from the one that had it.
   *
   * @param reference Full form with a tag.
   * @returns The id of the image that lost the name.
   */
  tag(reference: string, id: Digest): Digest | undefined;
  /** @param reference Full form with a digest. */
  addDigestReference(reference: string, id: Digest): void;
  /** Takes a name away, tag or digest. */
  untag(reference: string): void;
  /** Forgets an image, which must have neither names nor children left. */
  remove(id: Digest): void;
}

/**
 * All images with their names: rows in the database, values in memory.
 *
 * Order of a change: rows in one transaction, then memory; both without waiting, so nobody sees half of it.
 */
export class ImageCatalog {
  readonly #database: Database;
  readonly #images = new Map<Digest, Image>();
  /** Full references, tags and digests alike, to image ids. */
  readonly #names = new Map<string, Digest>();
  /** Newest first; `undefined` when a change made it stale. */
  #sorted: readonly Image[] | undefined;

  /** Reads all rows. The tables of `IMAGE_SCHEMA` must be there. */
  constructor(database: Database) {
    this.#database = database;
    const handle = database.handle;
    const tags = readNames(handle.prepare('SELECT reference, image_id FROM image_tag ORDER BY reference').all());
    const digests = readNames(handle.prepare('SELECT reference, image_id FROM image_digest_reference ORDER BY reference').all());
    for (const row of handle.prepare('SELECT id, last_tagged_at, parent_id, document FROM image').all()) {
      const id = parseDigest(String(row['id']));
      const parentId = row['parent_id'] === null ? undefined : parseDigest(String(row['parent_id']));
      const lastTaggedAt = row['last_tagged_at'] === null ? undefined : String(row['last_tagged_at']);
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only Draft.add writes this column, from the same type
      const document = JSON.parse(String(row['document'])) as ImageDocument;
      this.#images.set(id, {
        ...restored(document),
        id,
        parentId,
        lastTaggedAt,
        tags: tags.byImage.get(id) ?? [],
        repoDigests: digests.byImage.get(id) ?? [],
      });
    }
    for (const [reference, id] of [...tags.ids, ...digests.ids]) this.#names.set(reference, id);
  }

  get(id: Digest): Image | undefined {
    return this.#images.get(id);
  }

  /** @param reference Full form, with a tag or a digest. */
  getByName(reference: string): Image | undefined {
    const id = this.#names.get(reference);
    return id === undefined ? undefined : this.#images.get(id);
  }

  /** Images whose id begins with hexadecimal digits. */
  findByPrefix(hexPrefix: string): readonly Image[] {
    return this.all().filter((image) => image.id.startsWith(hexPrefix, 'sha256:'.length));
  }

  /** Ids of the images that others have as their parent. */
  parents(): ReadonlySet<Digest> {
    return new Set(this.all().flatMap(({ parentId }) => (parentId === undefined ? [] : [parentId])));
  }

  /** All images, newest first. */
  all(): readonly Image[] {
    this.#sorted ??= sortNewestFirst([...this.#images.values()]);
    return this.#sorted;
  }

  /** Runs `work` in a transaction. If it throws, nothing has changed. Not reentrant. */
  change<T>(work: (edit: CatalogEdit) => T): T {
    // A transaction may be tried twice: each try begins with a draft of its own.
    let draft = new Draft(this.#database, this.#images, this.#names);
    const result = this.#database.transaction(() => {
      draft = new Draft(this.#database, this.#images, this.#names);
      return work(draft);
    });
    for (const [id, image] of draft.images) {
      if (image === undefined) this.#images.delete(id);
      else this.#images.set(id, image);
    }
    for (const [reference, id] of draft.names) {
      if (id === undefined) this.#names.delete(reference);
      else this.#names.set(reference, id);
    }
    this.#sorted = undefined;
    return result;
  }
}

/** Rows written so far and the values that memory will get once they are committed. */
class Draft implements CatalogEdit {
  readonly images = new Map<Digest, Image | undefined>();
  readonly names = new Map<string, Digest | undefined>();
  readonly #database: Database;
  readonly #baseImages: ReadonlyMap<Digest, Image>;
  readonly #baseNames: ReadonlyMap<string, Digest>;

  constructor(database: Database, images: ReadonlyMap<Digest, Image>, names: ReadonlyMap<string, Digest>) {
    this.#database = database;
    this.#baseImages = images;
    this.#baseNames = names;
  }

  get(id: Digest): Image | undefined {
    return this.images.has(id) ? this.images.get(id) : this.#baseImages.get(id);
  }

  hasChildren(id: Digest): boolean {
    const isChild = (image: Image | undefined): boolean => image?.parentId === id;
    if ([...this.images.values()].some(isChild)) return true;
    return [...this.#baseImages].some(([key, image]) => !this.images.has(key) && isChild(image));
  }

  add(image: Image): void {
    if (this.get(image.id) !== undefined) return;
    const { id, parentId, tags: _tags, repoDigests: _repoDigests, lastTaggedAt: _lastTaggedAt, ...document } = image;
    const { os, architecture, variant } = image.platform;
    this.#database.handle
      .prepare('INSERT INTO image (id, os, architecture, variant, created_at, document, parent_id) VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(id, os, architecture, variant, image.createdAt, JSON.stringify(document satisfies ImageDocument), parentId ?? null);
    this.images.set(id, { ...image, tags: [], repoDigests: [], lastTaggedAt: undefined });
  }

  setParent(id: Digest, parentId: Digest): void {
    this.#database.handle.prepare('UPDATE image SET parent_id = ? WHERE id = ?').run(parentId, id);
    this.#update(id, (image) => ({ ...image, parentId }));
  }

  tag(reference: string, id: Digest): Digest | undefined {
    const previous = this.#idOf(reference);
    const lastTaggedAt = timestamp();
    if (previous !== undefined && previous !== id) this.untag(reference);
    const handle = this.#database.handle;
    handle.prepare('INSERT OR REPLACE INTO image_tag (reference, image_id) VALUES (?, ?)').run(reference, id);
    handle.prepare('UPDATE image SET last_tagged_at = ? WHERE id = ?').run(lastTaggedAt, id);
    this.names.set(reference, id);
    this.#update(id, (image) => ({ ...image, lastTaggedAt, tags: withName(image.tags, reference) }));
    return previous === id ? undefined : previous;
  }

  addDigestReference(reference: string, id: Digest): void {
    const previous = this.#idOf(reference);
    if (previous !== undefined && previous !== id) this.untag(reference);
    this.#database.handle.prepare('INSERT OR REPLACE INTO image_digest_reference (reference, image_id) VALUES (?, ?)').run(reference, id);
    this.names.set(reference, id);
    this.#update(id, (image) => ({ ...image, repoDigests: withName(image.repoDigests, reference) }));
  }

  untag(reference: string): void {
    const id = this.#idOf(reference);
    if (id === undefined) return;
    this.#database.handle.prepare('DELETE FROM image_tag WHERE reference = ?').run(reference);
    this.#database.handle.prepare('DELETE FROM image_digest_reference WHERE reference = ?').run(reference);
    this.names.set(reference, undefined);
    this.#update(id, (image) => ({
      ...image,
      tags: image.tags.filter((tag) => tag !== reference),
      repoDigests: image.repoDigests.filter((name) => name !== reference),
    }));
  }

  remove(id: Digest): void {
    this.#database.handle.prepare('DELETE FROM image WHERE id = ?').run(id);
    this.images.set(id, undefined);
  }

  #idOf(reference: string): Digest | undefined {
    return this.names.has(reference) ? this.names.get(reference) : this.#baseNames.get(reference);
  }

  #update(id: Digest, change: (image: Image) => Image): void {
    const image = this.get(id);
    if (image !== undefined) this.images.set(id, change(image));
  }
}

/** JSON has no `undefined`; members that had it come back. */
function restored(document: ImageDocument): ImageDocument {
  return {
    ...document,
    // Rows of earlier versions have none.
    dockerVersion: document.dockerVersion ?? '',
    runConfig: { ...EMPTY_RUN_CONFIG, ...document.runConfig },
    history: document.history.map((entry) => ({ ...entry, createdAt: entry.createdAt })),
    chainId: document.chainId,
  };
}

function withName(names: readonly string[], name: string): readonly string[] {
  return names.includes(name) ? names : [...names, name].toSorted();
}

function sortNewestFirst(images: readonly Image[]): readonly Image[] {
  const keyed = images.map((image) => ({ image, ns: parseNs(image.createdAt) ?? 0n }));
  keyed.sort((a, b) => (a.ns === b.ns ? (a.image.id < b.image.id ? -1 : 1) : a.ns < b.ns ? 1 : -1));
  return keyed.map((item) => item.image);
}

function readNames(rows: readonly Record<string, unknown>[]): {
  readonly byImage: ReadonlyMap<string, readonly string[]>;
  readonly ids: readonly (readonly [string, Digest])[];
} {
  const ids = rows.map((row) => [String(row['reference']), parseDigest(String(row['image_id']))] as const);
  const byImage = new Map<string, string[]>();
  for (const [reference, id] of ids) byImage.set(id, [...(byImage.get(id) ?? []), reference]);
  return { byImage, ids };
}
