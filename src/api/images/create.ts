import type { Platform } from '../../base/platform.ts';
import { withoutPassword } from '../../base/without-password.ts';
import type { ImageProgress } from '../backend.ts';
import { dockerError } from '../errors.ts';
import type { ApiRequest } from '../request.ts';
import { signalOf } from '../respond.ts';
import type { HttpExchange } from '../route.ts';
import { typedPlatformOf } from './platform.ts';
import { JsonStream } from './json-stream.ts';

/** `POST /images/create`: with `fromSrc=-` the body becomes an image; pulling is not there yet. */
export async function createImage({ backend, request, response }: HttpExchange): Promise<void> {
  const source = request.text('fromSrc');
  if (request.text('fromImage') !== '') {
    throw dockerError(
      'NotImplemented',
      `pulling images from a registry (${request.text('fromImage')}) is not supported by pier yet; "load" and "import" bring in images from files`,
    );
  }
  if (source === '') throw dockerError('InvalidArgument', 'fromImage or fromSrc is needed');
  const repository = request.text('repo');
  const tag = request.text('tag');
  const message = request.text('message');
  const changes = request.query.getAll('changes').filter((change) => change.trim() !== '');
  const platform = importPlatformOf(request);
  const stream = new JsonStream(response);
  const url = source === '-' ? undefined : urlOf(source);
  const work = backend.images.import(url ?? request.message, {
    ...(repository === '' ? {} : { reference: tag === '' ? repository : `${repository}:${tag}` }),
    message: message === '' ? `Imported from ${url === undefined ? source : withoutPassword(url)}` : message,
    changes,
    ...(platform === undefined ? {} : { platform }),
    signal: signalOf(response),
    ...(url === undefined ? {} : { onProgress: (progress) => tellDownload(stream, url, progress) }),
  });
  try {
    const image = await work;
    stream.write({ status: image.id });
    stream.end();
  } catch (error) {
    if (!response.headersSent) throw error;
    stream.fail(error);
  }
}

function tellDownload(stream: JsonStream, url: URL, progress: ImageProgress): void {
  if (progress.phase !== 'loading') return;
  if (progress.currentBytes === 0) stream.write({ status: `Downloading from ${withoutPassword(url)}` });
  else stream.progress('Importing', progress.currentBytes === progress.totalBytes ? { ...progress, phase: 'done' } : progress);
}

/** Without a scheme it is a host's name, as Docker has it. */
function urlOf(source: string): URL {
  try {
    return new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(source) ? source : `http://${source}`);
  } catch (error) {
    throw dockerError('InvalidArgument', `parse ${JSON.stringify(source)}: invalid URL`, error);
  }
}

function importPlatformOf(request: ApiRequest): Platform | undefined {
  const platform = typedPlatformOf(request);
  if (platform !== undefined && platform.os !== 'linux') {
    throw dockerError('InvalidArgument', 'operating system is not supported');
  }
  return platform;
}
