import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';

/** Tells that a container has joined or left its network; one that has none of its own tells nothing. */
export function emitNetworkEvent(context: ContainerContext, action: 'connect' | 'disconnect', container: Container): void {
  const network = context.networks.list().find(({ name }) => name === container.spec.networkMode);
  if (network !== undefined) context.emit({ action, container, network, attributes: {} });
}
