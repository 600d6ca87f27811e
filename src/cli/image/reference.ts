import { CommandError } from '../command-error.ts';

/** A reference as it was typed, taken apart. */
export interface TypedReference {
  /** `alpine`, `ghcr.io/a/b`. */
  readonly name: string;
  readonly tag?: string;
  readonly digest?: string;
}

const NAME_PART = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*';
const DOMAIN = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?';
const REFERENCE = new RegExp(
  `^((?:${DOMAIN}/)?${NAME_PART}(?:/${NAME_PART})*)(?::(\\w[\\w.-]{0,127}))?(?:@([A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?$`,
);

/**
 * Takes an image reference apart, and refuses what Docker refuses before it asks the daemon.
 *
 * @throws {CommandError} In Docker's words.
 */
export function parseTypedReference(text: string): TypedReference {
  if (/^[0-9a-f]{64}$/.test(text)) {
    throw new CommandError(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const match = REFERENCE.exec(text);
  if (match !== null) {
    const [, name = '', tag, digest] = match;
    return { name, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
  }
  const { domain, path } = splitDomain(text);
  const [remote = ''] = path.split(/[:@]/);
  if (remote !== remote.toLowerCase()) {
    const full = domain === undefined && !remote.includes('/') ? `library/${remote}` : remote;
    throw new CommandError(`invalid reference format: repository name (${full}) must be lowercase`);
  }
  throw new CommandError('invalid reference format');
}

/** A first part with a dot or a port, and `localhost`, is a registry. */
function splitDomain(text: string): { readonly domain: string | undefined; readonly path: string } {
  const slash = text.indexOf('/');
  const first = slash === -1 ? '' : text.slice(0, slash);
  const isDomain = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  return isDomain ? { domain: first, path: text.slice(slash + 1) } : { domain: undefined, path: text };
}
