import { join } from 'node:path';
import type { Container } from './container.ts';
import type { ContainerHost } from './container-host.ts';

/** Path of a container's cgroup below the root of the hierarchies. */
export function cgroupOf({ cgroupParent }: ContainerHost, { id, spec }: Pick<Container, 'id' | 'spec'>): string {
  // From the root, so that no number of `..` leads out.
  return join(spec.cgroupParent === '' ? cgroupParent : join('/', spec.cgroupParent), id);
}
