import type { DiskUsage } from '../../wire/index.ts';
import { summariseContainers } from '../containers/summary.ts';
import { dockerError } from '../errors.ts';
import { countUsers, sharedSizesOf, toImageSummary } from '../images/summary.ts';
import type { ApiRequest } from '../request.ts';
import { sendJson } from '../respond.ts';
import type { HttpExchange } from '../route.ts';

const TYPES: readonly string[] = ['container', 'image', 'volume', 'build-cache'];

/** `GET /system/df`: what takes disk, of the types that were asked for; the others are null. */
export async function diskUsage({ backend, request, response }: HttpExchange): Promise<void> {
  const wanted = wantedTypes(request);
  const containers = backend.containers.list();
  const users = countUsers(containers);
  const shown = backend.images.list({ hidesIntermediate: true });
  const sharedSize = sharedSizesOf(backend, backend.images.list());
  const usage: DiskUsage = {
    LayersSize: wanted.has('image') ? backend.images.layersBytes() : 0,
    Images: wanted.has('image') ? shown.map((image) => toImageSummary(image, request.version, users, sharedSize)) : null,
    Containers: wanted.has('container') ? await summariseContainers(backend, containers, { withSize: true }) : null,
    Volumes: wanted.has('volume') ? [] : null,
    BuildCache: wanted.has('build-cache') ? [] : null,
  };
  sendJson(response, 200, usage);
}

/** @throws {PierError} `InvalidArgument` in Docker's words. */
function wantedTypes(request: ApiRequest): ReadonlySet<string> {
  const types = request.version < 42 ? [] : request.query.getAll('type');
  const unknown = types.find((type) => !TYPES.includes(type));
  if (unknown !== undefined) throw dockerError('InvalidArgument', `unknown object type: ${unknown}`);
  return new Set(types.length === 0 ? TYPES : types);
}
