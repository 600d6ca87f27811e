import { signalOf } from '../respond.ts';
import type { HttpExchange } from '../route.ts';
import { familiarName } from './familiar-name.ts';
import { JsonStream } from './json-stream.ts';
import { platformOf } from './platform.ts';

/** `POST /images/load`: the body is an archive, the answer lines of JSON. Like Docker's, it says 200 even for a bad archive. */
export async function loadImages({ backend, request, response, logger }: HttpExchange): Promise<void> {
  const stream = new JsonStream(response);
  const isQuiet = request.flag('quiet');
  const platform = platformOf(request);
  try {
    const loaded = await backend.images.load(request.message, {
      ...(platform === undefined ? {} : { platform }),
      signal: signalOf(response),
      ...(isQuiet ? {} : { onProgress: (progress) => stream.progress('Loading layer', progress) }),
    });
    for (const { image, references, renamed } of loaded) {
      for (const { reference, previousId } of renamed) {
        const name = familiarName(reference);
        stream.write({ stream: `The image ${name} already exists, renaming the old one with ID ${previousId} to empty string\n` });
      }
      if (references.length === 0) stream.write({ stream: `Loaded image ID: ${image.id}\n` });
      for (const reference of references) stream.write({ stream: `Loaded image: ${familiarName(reference)}\n` });
    }
    stream.end();
  } catch (error) {
    logger.debug('image load failed', { request: request.id, error });
    stream.fail(error);
  }
}
