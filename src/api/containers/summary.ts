import type { ContainerSummary } from '../../wire/index.ts';
import type { Backend, Container } from '../backend.ts';
import { inKeyOrder } from '../key-order.ts';
import { unixSeconds } from '../images/summary.ts';
import { toMountPoints } from './mount-points.ts';
import { toEndpoints } from './network-settings.ts';
import { statusText } from './status-text.ts';

/** Containers as listings show them. Without sizes it answers from memory. */
export async function summariseContainers(
  backend: Backend,
  containers: readonly Container[],
  options: { readonly withSize: boolean },
): Promise<ContainerSummary[]> {
  const nowMs = Date.now();
  const nameOf = imageNames(backend);
  const summaries = containers.map((container) => toSummary(container, nameOf(container), nowMs, backend));
  if (!options.withSize) return summaries;
  return await Promise.all(
    summaries.map(async (summary) => {
      const { rwBytes, rootfsBytes } = await backend.containers.size(summary.Id);
      // Docker leaves sizes of 0 out.
      return { ...summary, ...(rwBytes === 0 ? {} : { SizeRw: rwBytes }), ...(rootfsBytes === 0 ? {} : { SizeRootFs: rootfsBytes }) };
    }),
  );
}

function toSummary(container: Container, imageName: string, nowMs: number, { networks }: Backend): ContainerSummary {
  const { spec } = container;
  return {
    Id: container.id,
    Names: [`/${container.name}`],
    Image: imageName,
    ImageID: container.imageId,
    Command: container.argv.map((arg, index) => (index > 0 && arg.includes(' ') ? `'${arg}'` : arg)).join(' '),
    Created: unixSeconds(container.createdAt),
    Ports: [],
    Labels: inKeyOrder(container.labels),
    State: container.state.status,
    Status: statusText(container.state, nowMs),
    HostConfig: { NetworkMode: spec.networkMode },
    NetworkSettings: { Networks: toEndpoints(container, networks) },
    Mounts: toMountPoints(spec),
  };
}

// The name the container was made from, as long as it still means that image; then the image's id.
function imageNames(backend: Backend): (container: Container) => string {
  const meaning = new Map<string, string | undefined>();
  return ({ spec, imageId }) => {
    if (!meaning.has(spec.image)) meaning.set(spec.image, resolve(backend, spec.image));
    return meaning.get(spec.image) === imageId ? spec.image : imageId;
  };
}

function resolve(backend: Backend, reference: string): string | undefined {
  try {
    return backend.images.get(reference).id;
  } catch {
    return undefined;
  }
}
