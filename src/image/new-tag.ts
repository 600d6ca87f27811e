import { PierError } from '../base/errors.ts';
import { familiarName, parseReference, withDefaultTag } from './reference.ts';
import type { Reference } from './reference.ts';

/**
 * Parses a name that is to be given to an image: one with a tag, `latest` unless written.
 *
 * @throws {PierError} `InvalidArgument`; reason `image.bad-reference`, or `image.digest-reference` for a name with a digest,
 * or `image.ambiguous-name` for one that would be taken for a digest (`sha256:…`); facts `{ reference }`.
 */
export function parseNewTag(text: string): Reference {
  const reference = parseReference(text);
  if (reference.digest !== undefined) {
    throw new PierError('InvalidArgument', `Cannot tag image "${text}": a digest cannot be chosen`, {
      reason: 'image.digest-reference',
      facts: { reference: text },
    });
  }
  if (familiarName(reference) === 'sha256') {
    throw new PierError('InvalidArgument', `Cannot tag image "${text}": it would read as a digest`, {
      reason: 'image.ambiguous-name',
      facts: { reference: text },
    });
  }
  return withDefaultTag(reference);
}
