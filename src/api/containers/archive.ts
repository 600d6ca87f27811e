import { pipeline } from 'node:stream/promises';
import { findPierError } from '../../base/errors.ts';
import { formatNs } from '../../base/timestamp.ts';
import type { ContainerPathStat } from '../../wire/index.ts';
import { encodePathStat, goFileMode } from '../../wire/index.ts';
import type { PathStat } from '../backend.ts';
import { dockerError, messageOf } from '../errors.ts';
import type { ApiRequest } from '../request.ts';
import { sendEmpty, signalOf } from '../respond.ts';
import type { HttpExchange } from '../route.ts';

/** `HEAD /containers/{id}/archive` */
export async function headArchive({ backend, request, response }: HttpExchange): Promise<void> {
  const path = pathOf(request);
  const stat = await named(request, path, backend.containers.statPath(request.param('id'), path));
  response.setHeader('X-Docker-Container-Path-Stat', headerOf(stat));
  response.writeHead(200);
  response.end();
}

/** `GET /containers/{id}/archive` */
export async function getArchive({ backend, request, response }: HttpExchange): Promise<void> {
  const path = pathOf(request);
  const { stat, tar } = await named(request, path, backend.containers.copyFrom(request.param('id'), path));
  response.writeHead(200, { 'Content-Type': 'application/x-tar', 'X-Docker-Container-Path-Stat': headerOf(stat) });
  await pipeline(tar, response);
}

/** `PUT /containers/{id}/archive` */
export async function putArchive({ backend, request, response }: HttpExchange): Promise<void> {
  const path = pathOf(request);
  // Whatever is not read, the server reads before it takes the next request; ending the stream would end the connection.
  const body = request.message.iterator({ destroyOnReturn: false });
  const options = {
    toUser: request.flag('copyUIDGID'),
    keepTypes: request.flag('noOverwriteDirNonDir'),
    signal: signalOf(response),
  };
  await named(request, path, backend.containers.copyInto(request.param('id'), path, body, options));
  sendEmpty(response, 200);
}

function pathOf(request: ApiRequest): string {
  const path = request.text('path');
  // Docker's own words, the missing space included.
  if (path === '') throw dockerError('InvalidArgument', 'bad parameter: pathcannot be empty');
  if (path.includes('\0')) throw dockerError('InvalidArgument', 'bad parameter: path holds a zero byte');
  return path;
}

/** Docker names a missing file, and its container, as the client did. */
async function named<T>(request: ApiRequest, path: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const known = findPierError(error);
    // Of a hard link's target, too.
    if (known?.reason === 'files.not-found' || known?.reason === 'tree.no-link-target') {
      throw dockerError('NotFound', `Could not find the file ${path} in container ${request.param('id')}`, error);
    }
    const isPut = request.message.method === 'PUT';
    if (known?.reason === 'files.unreachable' && isPut) {
      throw dockerError(
        'Internal',
        known.facts['problem'] === 'too-many-links' ? 'EvalSymlinks: too many links' : 'not a directory',
        error,
      );
    }
    if (known?.reason === 'tree.other-type') {
      throw dockerError('Internal', `${messageOf(known)} ${JSON.stringify(path)}`, error);
    }
    throw error;
  }
}

function headerOf({ name, sizeBytes, mode, mtimeNs, linkTarget }: PathStat): string {
  const stat: ContainerPathStat = { name, size: sizeBytes, mode: goFileMode(mode), mtime: formatNs(mtimeNs), linkTarget };
  return encodePathStat(stat);
}
