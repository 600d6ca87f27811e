import type { Filters } from '../../wire/index.ts';
import type { ImageFilter } from '../backend.ts';
import { dockerError } from '../errors.ts';
import { parseUntil } from '../go-time.ts';

/** Filter keys of `GET /images/json`. */
export const IMAGE_LIST_FILTERS: readonly string[] = ['before', 'dangling', 'label', 'label!', 'reference', 'since', 'until'];

/** Filter keys of `POST /images/prune`. */
export const IMAGE_PRUNE_FILTERS: readonly string[] = ['dangling', 'label', 'label!', 'until'];

/** Docker's filters in the engine's words. @throws {PierError} `InvalidArgument` in Docker's words. */
export function toImageFilter(filters: Filters): ImageFilter {
  const dangling = danglingOf(filters);
  const before = filters.get('before')?.[0];
  const since = filters.get('since')?.[0];
  const until = filters.get('until')?.[0];
  return {
    ...(dangling === undefined ? {} : { dangling }),
    ...listOf('references', filters.get('reference')),
    ...listOf('labels', filters.get('label')),
    ...listOf('notLabels', filters.get('label!')),
    ...(before === undefined ? {} : { before }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until: parseUntil(until) }),
  };
}

function danglingOf(filters: Filters): boolean | undefined {
  const terms = filters.get('dangling');
  if (terms === undefined || terms.length === 0) return undefined;
  const isTrue = terms.some((term) => term === 'true' || term === '1');
  const isFalse = terms.some((term) => term === 'false' || term === '0');
  if (isTrue === isFalse) throw dockerError('InvalidArgument', `invalid filter 'dangling=[${terms.join(' ')}]'`);
  return isTrue;
}

function listOf<K extends string>(key: K, terms: readonly string[] | undefined): { readonly [P in K]?: readonly string[] } {
  if (terms === undefined || terms.length === 0) return {};
  const list: { [P in K]?: readonly string[] } = {};
  list[key] = terms;
  return list;
}
