/** How many digits of an id tables show. */
const SHORT_ID_LENGTH = 12;

/** Shortens a text to a number of characters, of which the last is then `…`. */
export function ellipsis(text: string, length: number): string {
  const chars = Array.from(text);
  return chars.length <= length ? text : `${chars.slice(0, Math.max(length - 1, 0)).join('')}…`;
}

/** The first twelve digits of an id, the `sha256:` before it left out. */
export function shortId(id: string): string {
  return id.slice(id.indexOf(':') + 1).slice(0, SHORT_ID_LENGTH);
}
