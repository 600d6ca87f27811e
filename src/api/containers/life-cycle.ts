/**
 * The operations that change a container and answer with nothing.
 *
 * @module
 */
import { findPierError } from '../../base/errors.ts';
import { dockerError, messageOf } from '../errors.ts';
import type { ApiRequest } from '../request.ts';
import { sendEmpty } from '../respond.ts';
import type { HttpExchange } from '../route.ts';

/** `POST /containers/{id}/start`. */
export async function startContainer({ backend, request, response }: HttpExchange): Promise<void> {
  await backend.containers.start(request.param('id'));
  sendEmpty(response, 204);
}

/** `POST /containers/{id}/stop`. */
export async function stopContainer({ backend, request, response }: HttpExchange): Promise<void> {
  const ref = request.param('id');
  const options = stopOptions(request);
  try {
    await backend.containers.stop(ref, options);
  } catch (error) {
    throw stopError(`cannot stop container: ${ref}: `, error);
  }
  sendEmpty(response, 204);
}

/** `POST /containers/{id}/restart`. */
export async function restartContainer({ backend, request, response }: HttpExchange): Promise<void> {
  const ref = request.param('id');
  const options = stopOptions(request);
  try {
    await backend.containers.restart(ref, options);
  } catch (error) {
    throw stopError(`Cannot restart container ${ref}: `, error);
  }
  sendEmpty(response, 204);
}

/** `POST /containers/{id}/kill`. */
export async function killContainer({ backend, request, response }: HttpExchange): Promise<void> {
  const ref = request.param('id');
  const signal = request.text('signal');
  try {
    await backend.containers.kill(ref, signal === '' ? undefined : signal);
  } catch (error) {
    throw prefixed(`cannot kill container: ${ref}: `, error);
  }
  sendEmpty(response, 204);
}

/** `POST /containers/{id}/pause`. */
export async function pauseContainer({ backend, request, response }: HttpExchange): Promise<void> {
  await backend.containers.pause(request.param('id'));
  sendEmpty(response, 204);
}

/** `POST /containers/{id}/unpause`. */
export async function unpauseContainer({ backend, request, response }: HttpExchange): Promise<void> {
  await backend.containers.unpause(request.param('id'));
  sendEmpty(response, 204);
}

/** `POST /containers/{id}/rename`. */
export async function renameContainer({ backend, request, response }: HttpExchange): Promise<void> {
  if (request.text('name') === '') throw dockerError('InvalidArgument', 'Neither old nor new names may be empty');
  const newName = request.text('name').replace(/^\//, '');
  const { id, name } = backend.containers.get(request.param('id'));
  if (name === newName) throw dockerError('InvalidArgument', 'Renaming a container with the same name as its current name');
  try {
    await backend.containers.rename(id, newName);
  } catch (error) {
    if (findPierError(error)?.reason === 'container.bad-name') {
      const text = `Invalid container name (/${newName}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`;
      throw dockerError('InvalidArgument', `Error when allocating new name: ${text}`, error);
    }
    throw prefixed('Error when allocating new name: ', error);
  }
  sendEmpty(response, 204);
}

/** `DELETE /containers/{id}`. */
export async function removeContainer({ backend, request, response }: HttpExchange): Promise<void> {
  const ref = request.param('id');
  if (request.flag('link')) {
    backend.containers.get(ref);
    // What Docker says of every name without a slash: those of links have one.
    throw dockerError('Internal', 'Conflict, cannot remove the default link name of the container');
  }
  try {
    await backend.containers.remove(ref, { force: request.flag('force'), removeVolumes: request.flag('v') });
  } catch (error) {
    if (findPierError(error)?.reason === 'container.running') throw prefixed(`cannot remove container "${ref}": `, error);
    throw error;
  }
  sendEmpty(response, 204);
}

function stopOptions(request: ApiRequest): { readonly timeoutSec?: number; readonly signal?: string } {
  const timeout = request.text('t');
  // An error of the server's to Docker.
  if (!/^(?:[+-]?\d+)?$/.test(timeout)) throw dockerError('Internal', `strconv.Atoi: parsing ${JSON.stringify(timeout)}: invalid syntax`);
  const timeoutSec = timeout === '' ? undefined : Number(timeout);
  const signal = request.text('signal');
  return { ...(timeoutSec === undefined ? {} : { timeoutSec }), ...(signal === '' ? {} : { signal }) };
}

/** A container that is not there, or does not run, is the client's mistake; all else is the server's, to Docker. */
function stopError(prefix: string, error: unknown): unknown {
  const known = findPierError(error);
  if (known === undefined || known.code === 'NotFound' || known.code === 'NotModified') return error;
  return dockerError('Internal', `${prefix}${messageOf(known)}`, error);
}

function prefixed(prefix: string, error: unknown): unknown {
  const known = findPierError(error);
  return known === undefined ? error : dockerError(known.code, `${prefix}${messageOf(known)}`, error);
}
