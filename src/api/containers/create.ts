import type { ContainerCreateResponse } from '../../wire/index.ts';
import { foreignPlatformWarnings, requirePlatform, typedPlatformOf } from '../images/platform.ts';
import { readJson } from '../json-body.ts';
import { sendJson } from '../respond.ts';
import type { HttpExchange } from '../route.ts';
import { dropMissingLimits } from './limit-checks.ts';
import { translateCreate } from './translate-create.ts';

/** `POST /containers/create`. */
export async function createContainer({ backend, host, request, response }: HttpExchange): Promise<void> {
  const body = await readJson(request.message);
  const spec = translateCreate(body, host);
  const dropped = dropMissingLimits(body['HostConfig'] ?? {}, host).warnings;
  const platform = typedPlatformOf(request);
  requirePlatform(backend, spec.image, platform);
  const foreign = platform === undefined ? foreignPlatformWarnings(backend, spec.image, host.platform) : [];
  const name = request.text('name').replace(/^\//, '');
  const { id, warnings } = await backend.containers.create(spec, name === '' ? undefined : name);
  sendJson(response, 201, { Id: id, Warnings: [...dropped, ...warnings, ...foreign] } satisfies ContainerCreateResponse);
}
