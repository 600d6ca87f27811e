import { pipeline } from 'node:stream/promises';
import { findPierError } from '../../base/errors.ts';
import type { ImageDeleteItem, ImageHistoryItem, ImagesPruneResponse } from '../../wire/index.ts';
import { formatPlatform, platformMatches } from '../../base/platform.ts';
import type { Platform } from '../../base/platform.ts';
import type { Backend } from '../backend.ts';
import { dockerError } from '../errors.ts';
import { sendEmpty, sendJson } from '../respond.ts';
import type { HttpExchange, Route } from '../route.ts';
import { createImage } from './create.ts';
import { familiarName } from './familiar-name.ts';
import { IMAGE_LIST_FILTERS, IMAGE_PRUNE_FILTERS, toImageFilter } from './filters.ts';
import { loadImages } from './load.ts';
import { platformOf, platformsOf, requirePlatform } from './platform.ts';
import { countUsers, sharedSizesOf, toImageInspect, toImageSummary, unixSeconds } from './summary.ts';

/** Images without a registry. */
export const IMAGE_ROUTES: readonly Route[] = [
  { method: 'GET', path: '/images/json', handle: list },
  { method: 'GET', path: '/images/get', handle: ({ request, ...rest }) => save({ request, ...rest }, request.query.getAll('names')) },
  { method: 'POST', path: '/images/load', handle: loadImages },
  { method: 'POST', path: '/images/create', handle: createImage },
  { method: 'POST', path: '/images/prune', handle: prune },
  { method: 'GET', path: '/images/{name...}/json', handle: inspect },
  { method: 'GET', path: '/images/{name...}/history', handle: history },
  { method: 'GET', path: '/images/{name...}/get', handle: (exchange) => save(exchange, [exchange.request.param('name')]) },
  { method: 'POST', path: '/images/{name...}/tag', handle: tag },
  { method: 'DELETE', path: '/images/{name...}', handle: remove },
];

function list({ backend, request, response }: HttpExchange): void {
  // Before API 1.41 a name could be asked for by itself.
  const pattern = request.version < 41 ? request.text('filter') : '';
  const filter = toImageFilter(request.filters(IMAGE_LIST_FILTERS));
  const images = backend.images.list({
    ...filter,
    ...(pattern === '' ? {} : { references: [...(filter.references ?? []), pattern] }),
    hidesIntermediate: !request.flag('all'),
  });
  const users = request.version >= 51 ? countUsers(backend.containers.list()) : undefined;
  const sharedSize = request.version >= 42 && request.flag('shared-size') ? sharedSizesOf(backend, backend.images.list()) : undefined;
  sendJson(
    response,
    200,
    images.map((image) => toImageSummary(image, request.version, users, sharedSize)),
  );
}

function inspect({ backend, request, response }: HttpExchange): void {
  requirePlatform(backend, request.param('name'), platformOf(request));
  const image = backend.images.get(request.param('name'));
  sendJson(response, 200, toImageInspect(image, request.version, backend.images.layers(image.id)));
}

function history({ backend, request, response }: HttpExchange): void {
  requirePlatform(backend, request.param('name'), platformOf(request));
  const items = backend.images.history(request.param('name')).map((line): ImageHistoryItem => ({
    Comment: line.comment,
    Created: unixSeconds(line.createdAt),
    CreatedBy: line.createdBy,
    Id: line.id,
    Size: line.sizeBytes,
    Tags: line.tags.length === 0 ? null : line.tags.map(familiarName),
  }));
  sendJson(response, 200, items);
}

async function save({ backend, request, response }: HttpExchange, names: readonly string[]): Promise<void> {
  if (names.length === 0) throw dockerError('InvalidArgument', 'no image names given');
  checkSavedPlatform(backend, names, platformOf(request));
  const archive = await backend.images.save(names).catch((error: unknown) => {
    throw asWritten(error, names);
  });
  response.writeHead(200, { 'Content-Type': 'application/x-tar' });
  await pipeline(archive, response);
}

function checkSavedPlatform(backend: Backend, names: readonly string[], wanted: Platform | undefined): void {
  if (wanted === undefined) return;
  for (const name of names) {
    if (!platformMatches(wanted, backend.images.get(name).platform)) {
      throw dockerError('Internal', `no suitable export target found for platform ${formatPlatform(wanted)}`);
    }
  }
}

// Here, and only here, Docker names what is missing as the client wrote it, without a tag that was not given.
function asWritten(error: unknown, names: readonly string[]): unknown {
  const known = findPierError(error);
  if (known?.reason !== 'image.not-found') return error;
  const { reference = '' } = known.facts;
  const name = names.find((candidate) => `${candidate}:latest` === reference) ?? reference;
  return dockerError('NotFound', `No such image: ${name}`, error);
}

async function tag({ backend, request, response }: HttpExchange): Promise<void> {
  const name = request.text('repo');
  const version = request.text('tag');
  await backend.images.tag(request.param('name'), version === '' ? name : `${name}:${version}`);
  sendEmpty(response, 201);
}

async function remove({ backend, request, response }: HttpExchange): Promise<void> {
  for (const platform of platformsOf(request)) requirePlatform(backend, request.param('name'), platform);
  const options = { force: request.flag('force'), noPrune: request.flag('noprune') };
  sendJson(response, 200, (await backend.images.remove(request.param('name'), options)).map(toDeleteItem));
}

async function prune({ backend, request, response }: HttpExchange): Promise<void> {
  const { removed, reclaimedBytes } = await backend.images.prune(toImageFilter(request.filters(IMAGE_PRUNE_FILTERS)));
  const answer: ImagesPruneResponse = {
    ImagesDeleted: removed.length === 0 ? null : removed.map(toDeleteItem),
    SpaceReclaimed: reclaimedBytes,
  };
  sendJson(response, 200, answer);
}

function toDeleteItem(item: { readonly untagged: string } | { readonly deleted: string }): ImageDeleteItem {
  return 'untagged' in item ? { Untagged: familiarName(item.untagged) } : { Deleted: item.deleted };
}
