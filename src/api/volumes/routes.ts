import type { VolumeListResponse, VolumesPruneResponse } from '../../wire/index.ts';
import { dockerError } from '../errors.ts';
import { sendJson } from '../respond.ts';
import type { HttpExchange, Route } from '../route.ts';

/** Volumes: there are none, and the answers say so truthfully. */
export const VOLUME_ROUTES: readonly Route[] = [
  {
    method: 'GET',
    path: '/volumes',
    handle: ({ response }) => sendJson(response, 200, { Volumes: [], Warnings: null } satisfies VolumeListResponse),
  },
  {
    method: 'POST',
    path: '/volumes/prune',
    handle: ({ response }) => sendJson(response, 200, { VolumesDeleted: [], SpaceReclaimed: 0 } satisfies VolumesPruneResponse),
  },
  { method: 'GET', path: '/volumes/{name...}', handle: refuse },
  { method: 'DELETE', path: '/volumes/{name...}', handle: refuse },
];

function refuse({ request }: HttpExchange): void {
  throw dockerError('NotFound', `get ${request.param('name')}: no such volume`);
}
