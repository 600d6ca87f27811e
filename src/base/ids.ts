import { randomBytes } from 'node:crypto';

/** A new random object id as Docker writes them: 64 hexadecimal digits, never all decimal in its first twelve. */
export function newId(): string {
  for (;;) {
    const id = randomBytes(32).toString('hex');
    // A short id of digits only would be taken for a number by clients (moby does the same).
    if (!/^[0-9]{12}/.test(id)) return id;
  }
}

/** The first twelve digits of an id, as people write it. A `sha256:` prefix is dropped first. */
export function shortId(id: string): string {
  return id.replace(/^sha256:/, '').slice(0, 12);
}
