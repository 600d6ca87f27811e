import { createHash } from 'node:crypto';
import { PierError } from './errors.ts';

declare const brand: unique symbol;

/** The name of a blob: `sha256:` and 64 lower-case hexadecimal digits. OCI image-spec, descriptor.md, "Digests". */
export type Digest = string & { readonly [brand]: 'Digest' };

/** Tells whether text is a well-formed sha256 digest. */
export function isDigest(text: string): text is Digest {
  return /^sha256:[0-9a-f]{64}$/.test(text);
}

/**
 * Checks a digest that came from outside.
 *
 * @param text For example `sha256:e3b0c442…`.
 * @throws {PierError} `InvalidArgument` if it is not a well-formed sha256 digest.
 */
export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new PierError('InvalidArgument', `Cannot parse digest "${text}": expected "sha256:" and 64 hexadecimal digits`);
}

/** The digest of bytes or of UTF-8 text. */
export function digestOf(content: Uint8Array | string): Digest {
  return parseDigest(`sha256:${createHash('sha256').update(content).digest('hex')}`);
}

/** The 64 hexadecimal digits of a digest, without the algorithm. */
export function hexOf(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
