import { NEWEST_VERSION, OLDEST_VERSION, formatVersion } from '../api-version.ts';
import { sendEmpty, sendJson } from '../respond.ts';
import type { HttpExchange, Route } from '../route.ts';
import { diskUsage } from './disk-usage.ts';
import { streamEvents } from './events.ts';
import { toSystemInfo, toSystemVersion } from './info.ts';

/** The engine as a whole. */
export const SYSTEM_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/_ping', handle: ping },
  { method: 'HEAD', path: '/_ping', handle: ping },
  {
    method: 'GET',
    path: '/version',
    async handle({ backend, response }) {
      const versions = { newest: formatVersion(NEWEST_VERSION), oldest: formatVersion(OLDEST_VERSION) };
      sendJson(response, 200, toSystemVersion(await backend.info(), versions));
    },
  },
  {
    method: 'GET',
    path: '/info',
    async handle({ backend, response }) {
      const containers = backend.containers.list();
      sendJson(response, 200, toSystemInfo(await backend.info(), containers, backend.images.list().length));
    },
  },
  { method: 'GET', path: '/events', handle: streamEvents },
  { method: 'GET', path: '/system/df', handle: diskUsage },
  {
    method: 'POST',
    path: '/build/prune',
    // There is no build cache, so nothing of it is left after this either.
    handle: ({ response }) => sendJson(response, 200, { CachesDeleted: [], SpaceReclaimed: 0 }),
  },
];

function ping({ request, response }: HttpExchange): void {
  response.setHeader('Builder-Version', '1');
  response.setHeader('Swarm', 'inactive');
  response.setHeader('Cache-Control', 'no-cache, no-store, must-revalidate');
  response.setHeader('Pragma', 'no-cache');
  response.setHeader('Content-Type', 'text/plain; charset=utf-8');
  if (request.message.method === 'HEAD') {
    sendEmpty(response, 200);
    return;
  }
  response.setHeader('Content-Length', 2);
  response.end('OK');
}
