import { dockerError } from '../errors.ts';

const MAX_PORT = 65_535;

/**
 * Reads `PORT[/PROTOCOL]` and `FIRST-LAST[/PROTOCOL]`, the values of the filters `publish` and `expose`.
 *
 * @returns All ports of all terms: `80/tcp`. A protocol that is none matches nothing.
 * @throws {PierError} `InvalidArgument` in Docker's words.
 */
export function portsOfFilter(key: string, terms: readonly string[]): ReadonlySet<string> {
  const ports = new Set<string>();
  for (const term of terms) {
    if (term.includes(':')) throw dockerError('InvalidArgument', `filter for '${key}' should not contain ':': ${term}`);
    const [range = '', protocol = ''] = term.split('/');
    const [first, last] = parseRange(range, (problem) =>
      dockerError('InvalidArgument', `error while looking up for ${key} ${term}: ${problem}`),
    );
    const name = protocol === '' ? 'tcp' : protocol;
    for (let port = first; port <= last; port++) ports.add(`${port}/${name}`);
  }
  return ports;
}

function parseRange(text: string, failure: (problem: string) => Error): readonly [number, number] {
  if (text === '') throw failure('Empty string specified for ports.');
  const [low = '', high = low] = text.split('-');
  const first = parsePort(low, failure);
  const last = parsePort(high, failure);
  if (last < first) throw failure(`Invalid range specified for the Port: ${text}`);
  return [first, last];
}

function parsePort(text: string, failure: (problem: string) => Error): number {
  if (!/^\d+$/.test(text)) throw failure(`strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`);
  if (Number(text) > MAX_PORT) throw failure(`strconv.ParseUint: parsing ${JSON.stringify(text)}: value out of range`);
  return Number(text);
}
