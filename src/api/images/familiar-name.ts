/** A reference as people write it: `docker.io/library/alpine:latest` → `alpine:latest`. */
export function familiarName(reference: string): string {
  return reference.replace(/^docker\.io\/(?:library\/(?=[^/]+$))?/, '');
}
