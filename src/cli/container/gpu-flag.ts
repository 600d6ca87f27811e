import type { DeviceRequestConfig } from '../../wire/index.ts';
import { ValueError } from '../flag-value-parser.ts';

/**
 * One value of `--gpus`: `all`, a number, or fields of CSV such as `"device=0,1",capabilities=utility`.
 *
 * @throws {ValueError} In Docker's words.
 */
export function parseGpus(text: string): DeviceRequestConfig {
  const fields = splitCsv(text);
  let count: number | undefined;
  let driver = '';
  let deviceIds: readonly string[] | null = null;
  let capabilities: readonly string[] = ['gpu'];
  let options: Record<string, string> = {};
  const seen = new Set<string>();
  for (const field of fields) {
    const split = field.indexOf('=');
    const key = split === -1 ? field : field.slice(0, split);
    const value = field.slice(split + 1);
    if (seen.has(key)) throw new ValueError(`gpu request key '${key}' can be specified only once`);
    seen.add(key);
    if (split === -1) {
      seen.add('count');
      count = parseCount(key);
    } else if (key === 'driver') driver = value;
    else if (key === 'count') count = parseCount(value);
    else if (key === 'device') deviceIds = value.split(',');
    else if (key === 'capabilities') capabilities = [...value.split(','), 'gpu'];
    else if (key === 'options') options = Object.fromEntries(splitCsv(value).map(keyValue));
    else throw new ValueError(`unexpected key '${key}' in '${field}'`);
  }
  return {
    Driver: driver,
    Count: count ?? (deviceIds === null ? 1 : 0),
    DeviceIDs: deviceIds,
    Capabilities: [capabilities],
    Options: options,
  };
}

/** Tells whether a device is named as in a file of a vendor's: `vendor.com/class=name`. */
export function isCdiDevice(text: string): boolean {
  return /^[A-Za-z][\w.-]*[A-Za-z0-9]\/[A-Za-z](?:[\w-]*[A-Za-z0-9])?=[A-Za-z0-9](?:[\w.:-]*[A-Za-z0-9])?$/.test(text);
}

function parseCount(text: string): number {
  if (text === 'all') return -1;
  if (/^[+-]?\d+$/.test(text)) return Number(text);
  throw new ValueError(`invalid count (${text}): value must be either "all" or an integer: invalid syntax`);
}

function keyValue(item: string): [string, string] {
  const split = item.indexOf('=');
  return split === -1 ? [item, ''] : [item.slice(0, split), item.slice(split + 1)];
}

/** One line of CSV as Go's reader takes it: a field in quotes may have commas, and quotes twice. */
function splitCsv(text: string): readonly string[] {
  if (text === '') throw new ValueError('EOF');
  const fields: string[] = [];
  for (let at = 0; at <= text.length;) {
    if (text[at] !== '"') {
      const comma = text.indexOf(',', at);
      const end = comma === -1 ? text.length : comma;
      const field = text.slice(at, end);
      if (field.includes('"'))
        throw new ValueError(`parse error on line 1, column ${text.indexOf('"', at) + 1}: bare " in non-quoted-field`);
      fields.push(field);
      at = end + 1;
      continue;
    }
    const match = /^"((?:[^"]|"")*)"(?:,|$)/s.exec(text.slice(at));
    if (match === null) throw new ValueError(`parse error on line 1, column ${text.length + 1}: extraneous or missing " in quoted-field`);
    fields.push((match[1] ?? '').replaceAll('""', '"'));
    at += match[0].length;
    if (!match[0].endsWith(',')) break;
  }
  return fields;
}
