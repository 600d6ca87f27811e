import type { ContainerCreateResponse } from '../../wire/index.ts';
import type { Backend } from '../backend.ts';
import { dockerError } from '../errors.ts';
import { readJson } from '../json-body.ts';
import { sendJson } from '../respond.ts';
import type { HttpExchange } from '../route.ts';
import { translateCreate } from './translate-create.ts';

/** `POST /containers/create`. */
export async function createContainer({ backend, host, request, response }: HttpExchange): Promise<void> {
  const spec = translateCreate(await readJson(request.message), host);
  checkPlatform(backend, spec.image, request.text('platform'));
  const name = request.text('name').replace(/^\//, '');
  const { id, warnings } = await backend.containers.create(spec, name === '' ? undefined : name);
  sendJson(response, 201, { Id: id, Warnings: warnings } satisfies ContainerCreateResponse);
}

function checkPlatform(backend: Backend, reference: string, wanted: string): void {
  if (wanted === '') return;
  const { os, architecture, variant } = backend.images.get(reference).platform;
  const [wantedOs, wantedArchitecture = architecture, wantedVariant = variant] = wanted.toLowerCase().split('/');
  if (os === wantedOs && architecture === wantedArchitecture && (variant === wantedVariant || variant === '')) return;
  throw dockerError(
    'NotFound',
    `image with reference ${reference} was found but its platform (${os}/${architecture}) does not match the specified platform (${wanted})`,
  );
}
