import type { DiskUsage } from '../../wire/index.ts';
import type { Backend, Image } from '../backend.ts';
import { summariseContainers } from '../containers/summary.ts';
import { countUsers, toImageSummary } from '../images/summary.ts';
import { sendJson } from '../respond.ts';
import type { HttpExchange } from '../route.ts';

/** A layer on its parents, and how many images stand on it. */
interface LayerUse {
  readonly sizeBytes: number;
  images: number;
}

/** `GET /system/df`. */
export async function diskUsage({ backend, request, response }: HttpExchange): Promise<void> {
  const types = request.query.getAll('type');
  const wants = (type: string): boolean => types.length === 0 || types.includes(type);
  const images = backend.images.list();
  const layers = countLayers(backend, images);
  const users = countUsers(backend.containers.list());
  const usage: DiskUsage = {
    LayersSize: [...layers.values()].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    Images: wants('image')
      ? images.map((image) => ({
          ...toImageSummary(image, request.version, users),
          SharedSize: sharedBytes(backend, image, layers),
          Containers: users.get(image.id) ?? 0,
        }))
      : [],
    Containers: wants('container') ? await summariseContainers(backend, backend.containers.list(), { withSize: true }) : [],
    Volumes: [],
    BuildCache: [],
  };
  sendJson(response, 200, usage);
}

function countLayers(backend: Backend, images: readonly Image[]): Map<string, LayerUse> {
  const layers = new Map<string, LayerUse>();
  for (const image of images) {
    for (const [key, sizeBytes] of layersOf(backend, image)) {
      const use = layers.get(key);
      if (use === undefined) layers.set(key, { sizeBytes, images: 1 });
      else use.images += 1;
    }
  }
  return layers;
}

function sharedBytes(backend: Backend, image: Image, layers: ReadonlyMap<string, LayerUse>): number {
  let sum = 0;
  for (const [key, sizeBytes] of layersOf(backend, image)) if ((layers.get(key)?.images ?? 0) > 1) sum += sizeBytes;
  return sum;
}

// Sizes come from the history (newest first); a layer is the same only on the same parents, so its key is the chain.
function layersOf(backend: Backend, image: Image): readonly (readonly [string, number])[] {
  const steps = backend.images.history(image.id).toReversed();
  const sizes = steps.filter((_, index) => image.history[index]?.isEmptyLayer !== true).map(({ sizeBytes }) => sizeBytes);
  return image.diffIds.map((_, index) => [image.diffIds.slice(0, index + 1).join(' '), sizes[index] ?? 0]);
}
