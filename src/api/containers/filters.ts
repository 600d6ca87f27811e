import type { Filters } from '../../wire/index.ts';
import type { Container, ContainerFilter } from '../backend.ts';
import { dockerError, notSupported } from '../errors.ts';
import { parseUntil } from '../go-time.ts';
import { healthWord } from './health.ts';

/** Filter keys of `GET /containers/json`. */
export const CONTAINER_LIST_FILTERS: readonly string[] = [
  'ancestor',
  'before',
  'exited',
  'expose',
  'health',
  'id',
  'is-task',
  'isolation',
  'label',
  'name',
  'network',
  'publish',
  'since',
  'status',
  'volume',
];

/** Filter keys of `POST /containers/prune`. */
export const CONTAINER_PRUNE_FILTERS: readonly string[] = ['label', 'label!', 'until'];

const STATUSES = ['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'];
const HEALTHS = ['none', 'starting', 'healthy', 'unhealthy'];

/** Docker's filters in the engine's words. @throws {PierError} `InvalidArgument` or `NotImplemented` in Docker's words. */
export function toContainerFilter(filters: Filters): ContainerFilter {
  for (const key of ['expose', 'publish', 'volume', 'isolation']) {
    if ((filters.get(key)?.length ?? 0) > 0) throw notSupported(`the container filter "${key}"`);
  }
  checkTerms(filters, 'status', STATUSES, 'state');
  checkTerms(filters, 'health', HEALTHS, 'health');
  const exitCodes = filters.get('exited')?.map((term) => exitCode(term));
  const until = filters.get('until')?.[0];
  const before = filters.get('before')?.[0];
  const since = filters.get('since')?.[0];
  return {
    ...given('ids', filters.get('id')),
    ...given('names', filters.get('name')),
    ...given('statuses', filters.get('status')),
    ...given('labels', filters.get('label')),
    ...given('notLabels', filters.get('label!')),
    ...given('ancestors', filters.get('ancestor')),
    ...given('exitCodes', exitCodes),
    ...(before === undefined ? {} : { before }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until: parseUntil(until) }),
  };
}

/** Tells whether a container passes the filters that only this front knows. */
export function passesDialect(container: Container, filters: Filters): boolean {
  const networks = filters.get('network') ?? [];
  const healths = filters.get('health') ?? [];
  const tasks = filters.get('is-task') ?? [];
  const isOn = (term: string): boolean =>
    container.spec.networkMode === term ||
    container.endpoints.some(({ networkId, networkName }) => networkName === term || networkId.startsWith(term));
  return (
    (networks.length === 0 || networks.some(isOn)) &&
    (healths.length === 0 || healths.includes(healthWord(container))) &&
    // None belongs to a swarm.
    (tasks.length === 0 || tasks.some((term) => term === 'false' || term === '0'))
  );
}

function checkTerms(filters: Filters, key: string, allowed: readonly string[], word: string): void {
  for (const term of filters.get(key) ?? []) {
    if (allowed.includes(term)) continue;
    const text = `invalid value for ${word} (${term}): must be one of ${allowed.join(', ')}`;
    throw dockerError('InvalidArgument', `invalid filter '${key}=${term}': ${text}`);
  }
}

function exitCode(term: string): number {
  if (/^[+-]?\d+$/.test(term)) return Number(term);
  throw dockerError('InvalidArgument', `invalid filter 'exited=${term}': strconv.Atoi: parsing ${JSON.stringify(term)}: invalid syntax`);
}

function given<K extends string, T>(key: K, terms: readonly T[] | undefined): { readonly [P in K]?: readonly T[] } {
  if (terms === undefined || terms.length === 0) return {};
  const fields: { [P in K]?: readonly T[] } = {};
  fields[key] = terms;
  return fields;
}
