import { sendJson } from '../respond.ts';
import type { HttpExchange } from '../route.ts';
import { CONTAINER_LIST_FILTERS, dialectPredicate, toContainerFilter } from './filters.ts';
import { summariseContainers } from './summary.ts';

const ALIVE = ['running', 'paused', 'restarting'];

/** `GET /containers/json`. */
export async function listContainers({ backend, request, response }: HttpExchange): Promise<void> {
  const filters = request.filters(CONTAINER_LIST_FILTERS);
  const limit = request.integer('limit') ?? 0;
  const isAll = request.flag('all') || limit > 0 || (filters.get('status')?.length ?? 0) > 0;
  const passes = dialectPredicate(filters, backend);
  const found = backend.containers
    .list(toContainerFilter(filters))
    .filter((container) => (isAll || ALIVE.includes(container.state.status)) && passes(container));
  const shown = limit > 0 ? found.slice(0, limit) : found;
  sendJson(response, 200, await summariseContainers(backend, shown, { withSize: request.flag('size') }));
}
