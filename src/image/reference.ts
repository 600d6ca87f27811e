/**
 * Names of images, as Docker's users write them and as the store keeps them.
 *
 * ```
 * alpine ─────────────┐
 * library/alpine ─────┼── parse ──► docker.io/library/alpine ──familiar──► alpine
 * index.docker.io/… ──┘
 * ```
 *
 * The grammar is that of github.com/distribution/reference.
 *
 * @module
 */
import { PierError } from '../base/errors.ts';

/** A parsed name: always with a domain and a full path; tag and digest as far as they were written. */
export interface Reference {
  /** `docker.io`, `localhost:5000`, …. */
  readonly domain: string;
  /** `library/alpine`, …. */
  readonly path: string;
  readonly tag: string | undefined;
  /** With its algorithm. */
  readonly digest: string | undefined;
}

/** What is wrong with a name; the fact `detail` of an `image.bad-reference` error. */
export type ReferenceDefect =
  | 'empty'
  | 'format'
  | 'uppercase' // The fact `name` holds the offending repository path, where it is known.
  | 'identifier' // 64 hexadecimal digits are an id, never a name.
  | 'too-long'
  | 'digest-algorithm'
  | 'digest-length'
  | 'digest-format';

const DEFAULT_DOMAIN = 'docker.io';
const LEGACY_DOMAIN = 'index.docker.io';
const OFFICIAL_PREFIX = 'library/';
const MAX_PATH_LENGTH = 255;
/** Longer text is refused unread: the expressions below may backtrack over what they match. */
const MAX_TEXT_LENGTH = 2048;

const ALPHANUMERIC = '[a-z0-9]+';
const COMPONENT = `${ALPHANUMERIC}(?:(?:[._]|__|-+)${ALPHANUMERIC})*`;
const PATH = `${COMPONENT}(?:/${COMPONENT})*`;
const DOMAIN_COMPONENT = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const HOST = `(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[[a-fA-F0-9:]+\\])`;
const DOMAIN = `${HOST}(?::[0-9]+)?`;
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';

const REFERENCE = new RegExp(`^(${DOMAIN})/(${PATH})(?::(${TAG}))?(?:@(${DIGEST}))?$`);
const IDENTIFIER = /^[a-f0-9]{64}$/;

/** Hexadecimal digits of each registered digest algorithm. */
const DIGEST_LENGTHS: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/**
 * Parses a name as a user writes it. No tag is added; see {@linkcode withDefaultTag}.
 *
 * @throws {PierError} `InvalidArgument`, reason `image.bad-reference`, facts `{ reference, detail, name? }` where `detail`
 * is a {@linkcode ReferenceDefect}. Nothing else is ever thrown.
 */
export function parseReference(text: string): Reference {
  if (text === '') throw badReference(text, 'empty');
  if (text.length > MAX_TEXT_LENGTH) throw badReference(text.slice(0, MAX_TEXT_LENGTH), 'too-long');
  if (IDENTIFIER.test(text)) throw badReference(text, 'identifier');
  const { domain, remainder } = splitDomain(text);
  const name = remainder.split(':', 1)[0] ?? '';
  if (name.toLowerCase() !== name) throw badReference(text, 'uppercase', name);

  const full = `${domain}/${remainder}`;
  const match = REFERENCE.exec(full);
  if (match === null) throw badReference(text, REFERENCE.test(full.toLowerCase()) ? 'uppercase' : 'format');
  const path = match[2] ?? '';
  if (path.length > MAX_PATH_LENGTH) throw badReference(text, 'too-long');
  const digest = match[4];
  if (digest !== undefined) checkDigest(text, digest);
  return { domain: match[1] ?? '', path, tag: match[3], digest };
}

/** The same name with the tag `latest` if it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag === undefined && reference.digest === undefined ? { ...reference, tag: 'latest' } : reference;
}

/** The full form: `docker.io/library/alpine:latest`. */
export function formatReference(reference: Reference): string {
  return `${reference.domain}/${reference.path}${suffixOf(reference)}`;
}

/** Domain and path only: `docker.io/library/alpine`. */
export function repositoryOf(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** The short form of the name alone, as `docker images` shows it: `alpine`, `localhost:5000/app`. */
export function familiarName(reference: Reference): string {
  if (reference.domain !== DEFAULT_DOMAIN) return `${reference.domain}/${reference.path}`;
  const official = reference.path.startsWith(OFFICIAL_PREFIX) ? reference.path.slice(OFFICIAL_PREFIX.length) : '/';
  return official.includes('/') ? reference.path : official;
}

/** The short form with tag and digest: `alpine:latest`. */
export function formatFamiliar(reference: Reference): string {
  return `${familiarName(reference)}${suffixOf(reference)}`;
}

/**
 * The short form of a full name out of the store.
 *
 * @param full For example one of an image's `tags`.
 */
export function familiarOf(full: string): string {
  return formatFamiliar(parseReference(full));
}

function suffixOf(reference: Reference): string {
  const tag = reference.tag === undefined ? '' : `:${reference.tag}`;
  return reference.digest === undefined ? tag : `${tag}@${reference.digest}`;
}

function splitDomain(text: string): { readonly domain: string; readonly remainder: string } {
  const slash = text.indexOf('/');
  if (slash === -1) return { domain: DEFAULT_DOMAIN, remainder: OFFICIAL_PREFIX + text };
  const first = text.slice(0, slash);
  const rest = text.slice(slash + 1);
  if (first === LEGACY_DOMAIN || first === DEFAULT_DOMAIN)
    return { domain: DEFAULT_DOMAIN, remainder: rest.includes('/') ? rest : OFFICIAL_PREFIX + rest };
  // Upper case cannot be a path component, so it must be a host name.
  if (first === 'localhost' || /[.:]/.test(first) || first.toLowerCase() !== first) return { domain: first, remainder: rest };
  return { domain: DEFAULT_DOMAIN, remainder: text };
}

function checkDigest(text: string, digest: string): void {
  const colon = digest.indexOf(':');
  const length = DIGEST_LENGTHS[digest.slice(0, colon)];
  const hex = digest.slice(colon + 1);
  if (length === undefined) throw badReference(text, 'digest-algorithm');
  if (hex.length !== length) throw badReference(text, 'digest-length');
  if (!/^[0-9a-f]+$/.test(hex)) throw badReference(text, 'digest-format');
}

function badReference(reference: string, detail: ReferenceDefect, name?: string): PierError {
  const facts = { reference, detail, ...(name === undefined ? {} : { name }) };
  return new PierError('InvalidArgument', `Cannot parse image reference "${reference}": ${DEFECT_TEXT[detail]}`, {
    reason: 'image.bad-reference',
    facts,
  });
}

const DEFECT_TEXT: Readonly<Record<ReferenceDefect, string>> = {
  empty: 'it is empty',
  format: 'expected [DOMAIN/]PATH[:TAG][@DIGEST]',
  uppercase: 'the repository name has capital letters',
  identifier: '64 hexadecimal digits are an id, not a name',
  'too-long': 'the repository name is longer than 255 characters',
  'digest-algorithm': 'the digest algorithm is unknown',
  'digest-length': 'the digest has the wrong length',
  'digest-format': 'the digest has capital letters',
};
