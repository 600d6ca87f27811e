import { isDigest } from '../base/digest.ts';
import type { Digest } from '../base/digest.ts';
import { PierError } from '../base/errors.ts';
import type { SavedImage } from './image-archive-writer.ts';
import type { ImageCatalog } from './image-catalog.ts';
import { findImage, nameKey } from './image-finder.ts';
import { parseReference, repositoryOf } from './reference.ts';

/**
 * What to save for a list of references: by id an image without names, by `name:tag` with that name, by name alone every
 * image of that repository with its tags there.
 *
 * @throws {PierError} As {@linkcode findImage}; `NotFound`, reason `image.reference-not-found`, facts `{ reference }`, for a
 * name with a tag or digest that no image has.
 */
export function selectForSave(catalog: ImageCatalog, references: readonly string[]): readonly SavedImage[] {
  const selected = new Map<Digest, SavedImage>();
  for (const text of references) {
    for (const { image, names } of selectOne(catalog, text)) {
      const before = selected.get(image.id)?.names ?? [];
      selected.set(image.id, { image, names: [...new Set([...before, ...names])] });
    }
  }
  return [...selected.values()];
}

function selectOne(catalog: ImageCatalog, text: string): readonly SavedImage[] {
  if (isDigest(text) || /^[a-f0-9]{64}$/.test(text)) return [{ image: findImage(catalog, text), names: [] }];
  const reference = parseReference(text);
  if (reference.tag === undefined && reference.digest === undefined) {
    const repository = repositoryOf(reference);
    const isIn = (tag: string): boolean => repositoryOf(parseReference(tag)) === repository;
    const tagged = catalog.all().flatMap((image) => {
      const names = image.tags.filter(isIn);
      return names.length === 0 ? [] : [{ image, names }];
    });
    return tagged.length > 0 ? tagged : [{ image: findImage(catalog, text), names: [] }];
  }
  const key = nameKey(reference);
  const image = catalog.getByName(key);
  if (image !== undefined) return [{ image, names: reference.digest === undefined ? [key] : [] }];
  if (text.startsWith('sha256:')) return [{ image: findImage(catalog, text), names: [] }];
  throw new PierError('NotFound', `Cannot save image "${text}": no image has this name`, {
    reason: 'image.reference-not-found',
    facts: { reference: text },
  });
}
