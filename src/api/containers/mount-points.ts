import type { MountPoint } from '../../wire/index.ts';
import type { BindMount, ContainerSpec } from '../backend.ts';

/** A spec's bind mounts as inspect and list show them. */
export function toMountPoints(spec: ContainerSpec): MountPoint[] {
  return spec.binds.map((bind) => ({
    Type: 'bind',
    Source: bind.source,
    Destination: bind.target,
    Mode: bind.mode,
    RW: !bind.isReadOnly,
    Propagation: bind.propagation,
  }));
}

/** A bind mount as the client wrote it: `/src:/dst:ro`. */
export function toBindText({ source, target, mode }: BindMount): string {
  return mode === '' ? `${source}:${target}` : `${source}:${target}:${mode}`;
}
