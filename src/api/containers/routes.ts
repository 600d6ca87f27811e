import { pipeline } from 'node:stream/promises';
import type { ContainersPruneResponse, TopResponse } from '../../wire/index.ts';
import { resizeOf } from '../resize-query.ts';
import { sendEmpty, sendJson } from '../respond.ts';
import type { HttpExchange, Route } from '../route.ts';
import { getArchive, headArchive, putArchive } from './archive.ts';
import { attachContainer } from './attach.ts';
import { listChanges } from './changes.ts';
import { commitContainer } from './commit.ts';
import { createContainer } from './create.ts';
import { CONTAINER_PRUNE_FILTERS, toContainerFilter } from './filters.ts';
import { inspectContainer } from './inspect.ts';
import {
  killContainer,
  pauseContainer,
  removeContainer,
  renameContainer,
  restartContainer,
  startContainer,
  stopContainer,
  unpauseContainer,
} from './life-cycle.ts';
import { listContainers } from './list.ts';
import { streamLogs } from './logs.ts';
import { streamStats } from './stats.ts';
import { updateContainer } from './update.ts';
import { waitForContainer } from './wait.ts';

/** Containers: their life cycle and their streams. */
export const CONTAINER_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/containers/json', handle: listContainers },
  { method: 'POST', path: '/containers/create', handle: createContainer },
  { method: 'POST', path: '/containers/prune', handle: pruneContainers },
  { method: 'GET', path: '/containers/{id}/json', handle: inspectContainer },
  { method: 'GET', path: '/containers/{id}/top', handle: listProcesses },
  { method: 'GET', path: '/containers/{id}/logs', handle: streamLogs },
  { method: 'GET', path: '/containers/{id}/export', handle: exportContainer },
  { method: 'GET', path: '/containers/{id}/changes', handle: listChanges },
  { method: 'POST', path: '/commit', handle: commitContainer },
  { method: 'HEAD', path: '/containers/{id}/archive', handle: headArchive },
  { method: 'GET', path: '/containers/{id}/archive', handle: getArchive },
  { method: 'PUT', path: '/containers/{id}/archive', handle: putArchive },
  { method: 'POST', path: '/containers/{id}/attach', hijack: attachContainer },
  { method: 'POST', path: '/containers/{id}/start', handle: startContainer },
  { method: 'POST', path: '/containers/{id}/stop', handle: stopContainer },
  { method: 'POST', path: '/containers/{id}/restart', handle: restartContainer },
  { method: 'POST', path: '/containers/{id}/kill', handle: killContainer },
  { method: 'POST', path: '/containers/{id}/pause', handle: pauseContainer },
  { method: 'POST', path: '/containers/{id}/unpause', handle: unpauseContainer },
  { method: 'POST', path: '/containers/{id}/rename', handle: renameContainer },
  { method: 'POST', path: '/containers/{id}/update', handle: updateContainer },
  { method: 'GET', path: '/containers/{id}/stats', handle: streamStats },
  { method: 'POST', path: '/containers/{id}/resize', handle: resizeContainer },
  { method: 'POST', path: '/containers/{id}/wait', handle: waitForContainer },
  { method: 'DELETE', path: '/containers/{id}', handle: removeContainer },
];

async function listProcesses({ backend, request, response }: HttpExchange): Promise<void> {
  const { titles, processes } = await backend.containers.top(request.param('id'), request.text('ps_args') || '-ef');
  sendJson(response, 200, { Titles: titles, Processes: processes } satisfies TopResponse);
}

async function exportContainer({ backend, request, response }: HttpExchange): Promise<void> {
  const archive = await backend.containers.export(request.param('id'));
  response.writeHead(200, { 'Content-Type': 'application/octet-stream' });
  await pipeline(archive, response);
}

async function resizeContainer({ backend, request, response }: HttpExchange): Promise<void> {
  await backend.containers.resize(request.param('id'), resizeOf(request));
  sendEmpty(response, 200);
}

async function pruneContainers({ backend, request, response }: HttpExchange): Promise<void> {
  const { ids, reclaimedBytes } = await backend.containers.prune(toContainerFilter(request.filters(CONTAINER_PRUNE_FILTERS)));
  const answer: ContainersPruneResponse = { ContainersDeleted: ids.length === 0 ? null : ids, SpaceReclaimed: reclaimedBytes };
  sendJson(response, 200, answer);
}
