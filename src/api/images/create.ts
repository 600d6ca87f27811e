import { dockerError, notSupported } from '../errors.ts';
import type { ApiRequest } from '../request.ts';
import { signalOf } from '../respond.ts';
import type { HttpExchange } from '../route.ts';
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
  if (source !== '-') throw notSupported(`importing from a URL (${source})`);
  const repository = request.text('repo');
  const tag = request.text('tag');
  const message = request.text('message');
  const changes = request.query.getAll('changes').filter((change) => change.trim() !== '');
  const platform = platformOf(request);
  const image = await backend.images.import(request.message, {
    ...(repository === '' ? {} : { reference: tag === '' ? repository : `${repository}:${tag}` }),
    message: message === '' ? 'Imported from -' : message,
    changes,
    ...(platform === undefined ? {} : { platform }),
    signal: signalOf(response),
  });
  const stream = new JsonStream(response);
  stream.write({ status: image.id });
  stream.end();
}

function platformOf(request: ApiRequest): { os: string; architecture: string; variant: string } | undefined {
  const text = request.text('platform');
  if (text === '') return undefined;
  const [os = '', architecture = '', variant = ''] = text.toLowerCase().split('/');
  if (os === '' || architecture === '')
    throw dockerError('InvalidArgument', `${JSON.stringify(text)} is an invalid platform: want os/architecture`);
  if (os !== 'linux') throw dockerError('InvalidArgument', `operating system is not supported: ${os}`);
  return { os, architecture, variant };
}
