import { PierError } from '../base/errors.ts';

/** Filter terms by key, in the order of appearance. */
export type Filters = ReadonlyMap<string, readonly string[]>;

/**
 * Reads the query parameter `filters`, in either syntax: `{"label":{"a=b":true}}` (since API 1.22) or `{"label":["a=b"]}`.
 *
 * @param text The decoded parameter; `undefined` or empty for no filters.
 * @throws {PierError} `InvalidArgument`, reason `api.bad-filters`, facts `{ text }`.
 */
export function decodeFilters(text: string | undefined): Filters {
  const filters = new Map<string, readonly string[]>();
  if (text === undefined || text === '') return filters;
  const parsed = parseObject(text);
  if (parsed === undefined) throw badFilters(text);
  for (const [key, value] of Object.entries(parsed)) {
    const terms = termsOf(value);
    if (terms === undefined) throw badFilters(text);
    filters.set(key, terms);
  }
  return filters;
}

/** Writes filters as clients send them: `{"label":{"a=b":true}}`; empty for no filters. */
export function encodeFilters(filters: Filters): string {
  if (filters.size === 0) return '';
  const object: Record<string, Record<string, boolean>> = {};
  for (const [key, terms] of filters) object[key] = Object.fromEntries(terms.map((term) => [term, true]));
  return JSON.stringify(object);
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const parsed: unknown = JSON.parse(text);
    if (parsed === null) return {};
    return isRecord(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function termsOf(value: unknown): readonly string[] | undefined {
  if (value === null) return [];
  if (Array.isArray(value)) return value.every((term): term is string => typeof term === 'string') ? value : undefined;
  if (!isRecord(value)) return undefined;
  return Object.values(value).every((flag) => typeof flag === 'boolean') ? Object.keys(value) : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function badFilters(text: string): PierError {
  return new PierError('InvalidArgument', `Cannot parse filters "${text}": not a JSON object of lists or sets`, {
    reason: 'api.bad-filters',
    facts: { text },
  });
}
