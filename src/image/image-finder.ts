import { isDigest } from '../base/digest.ts';
import { PierError } from '../base/errors.ts';
import type { ImageCatalog } from './image-catalog.ts';
import type { Image } from './image.ts';
import { formatFamiliar, formatReference, parseReference, repositoryOf, withDefaultTag } from './reference.ts';
import type { Reference } from './reference.ts';

/**
 * Finds an image as Docker does: by full id, then by name, then by the beginning of its id.
 *
 * @throws {PierError} `NotFound` reason `image.not-found`, `InvalidArgument` reason `image.bad-reference`, `Conflict` reason
 * `image.ambiguous-id`; all with facts `{ reference }`.
 */
export function findImage(catalog: ImageCatalog, text: string): Image {
  const id = /^[a-f0-9]{64}$/.test(text) ? `sha256:${text}` : text;
  if (isDigest(id)) return catalog.get(id) ?? fail(text);
  const reference = withDefaultTag(parseReference(text));
  const named = catalog.getByName(nameKey(reference));
  if (named !== undefined) return named;
  const prefix = /^(?:sha256:)?([a-f0-9]+)$/.exec(text)?.[1];
  const found = prefix === undefined ? [] : catalog.findByPrefix(prefix);
  if (found.length > 1) {
    throw new PierError('Conflict', `Cannot find image "${text}": ${found.length} ids begin so`, {
      reason: 'image.ambiguous-id',
      facts: { reference: formatFamiliar(reference) },
    });
  }
  return found[0] ?? fail(formatFamiliar(reference));
}

/** Tells whether text that found an image did so as its id, whole or in part, and not as one of its names. */
export function isIdOf(image: Image, text: string): boolean {
  return image.id.startsWith(text) || image.id.startsWith(text, 'sha256:'.length);
}

/** What a reference is filed under: a digest counts, and a tag beside it does not. */
export function nameKey(reference: Reference): string {
  return reference.digest === undefined ? formatReference(reference) : `${repositoryOf(reference)}@${reference.digest}`;
}

function fail(reference: string): never {
  throw new PierError('NotFound', `Cannot find image "${reference}"`, { reason: 'image.not-found', facts: { reference } });
}
