import type { Filters } from '../../wire/index.ts';
import type { Backend, Container, ContainerFilter } from '../backend.ts';
import { dockerError } from '../errors.ts';
import { parseUntil } from '../go-time.ts';
import { healthWord } from './health.ts';
import { toMountPoints } from './mount-points.ts';
import { portsOfFilter } from './port-filter.ts';

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
  checkTerms(filters, 'status', STATUSES, 'state');
  checkTerms(filters, 'health', HEALTHS, 'health');
  const exitCodes = filters.get('exited')?.map((term) => exitCode(term));
  if ((filters.get('until')?.length ?? 0) > 1) throw dockerError('InvalidArgument', 'more than one until filter specified');
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

/**
 * Makes a test of the filters that only this front knows. (`isolation` is Windows's: here it passes everything, as in Docker.)
 *
 * @throws {PierError} `InvalidArgument` in Docker's words.
 */
export function dialectPredicate(filters: Filters, backend: Backend): (container: Container) => boolean {
  const networks = filters.get('network') ?? [];
  const healths = filters.get('health') ?? [];
  const volumes = filters.get('volume') ?? [];
  const isTask = booleanTerm(filters, 'is-task');
  const published = portsOfFilter('publish', filters.get('publish') ?? []);
  const exposed = portsOfFilter('expose', filters.get('expose') ?? []);
  return (container) =>
    (networks.length === 0 || networks.some((term) => isOn(container, term))) &&
    (healths.length === 0 || healths.includes(healthWord(container))) &&
    // None belongs to a swarm.
    isTask !== true &&
    (volumes.length === 0 || volumes.some((term) => mounts(container, term))) &&
    // No port is published yet; what is exposed is what the image says.
    (published.size + exposed.size === 0 || exposedPorts(backend, container).some((port) => exposed.has(port)));
}

function isOn(container: Container, network: string): boolean {
  return (
    container.spec.networkMode === network ||
    container.endpoints.some(({ networkId, networkName }) => networkName === network || networkId.startsWith(network))
  );
}

/** By the place in the container, or by the volume's name or the path on the host. */
function mounts({ spec }: Container, term: string): boolean {
  return toMountPoints(spec).some(({ Name: name, Source: source, Destination: target }) => target === term || (name || source) === term);
}

/** What the image exposes; nothing once the image is gone. */
function exposedPorts({ images }: Backend, { imageId }: Container): readonly string[] {
  try {
    return images.get(imageId).runConfig.exposedPorts;
  } catch {
    return [];
  }
}

/** A filter that says yes or no. @returns `undefined` where it is not given. */
function booleanTerm(filters: Filters, key: string): boolean | undefined {
  const terms = filters.get(key) ?? [];
  const isTrue = terms.includes('1') || terms.includes('true');
  const isFalse = terms.includes('0') || terms.includes('false');
  if (terms.length === 0) return undefined;
  if (isTrue !== isFalse) return isTrue;
  throw dockerError('InvalidArgument', `invalid filter '${key}=[${terms.join(' ')}]'`);
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
