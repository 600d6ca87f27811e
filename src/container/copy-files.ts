/**
 * Copying files into and out of containers.
 *
 * What runs is looked at through its own mounts, tmpfs and volumes included. What does not run is put together from its layer
 * and its binds, in a mount namespace that ends with the copy: nothing is left mounted, whoever dies.
 *
 * @module
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { newId } from '../base/ids.ts';
import { packPath, statPath, unpackInto } from '../store/index.ts';
import { mountRootfs, prepareBindSource, removeMountPoint } from './bundle.ts';
import { hasProcess } from './signal-container.ts';
import { lookUpUser } from './user-lookup.ts';
import type { AttachedMount } from '../linux/index.ts';
import type { FileView, PathStat } from '../store/index.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';
import type { CopyIntoOptions } from './container-service.ts';

/** What a start waits for: its root file system must not be mounted while the last one is still written to. */
export function filesLock(id: string): string {
  return `${id} files`;
}

/** See `ContainerService.statPath`. */
export async function statContainerPath(context: ContainerContext, ref: string, path: string): Promise<PathStat> {
  const { id } = context.index.get(ref);
  return context.locks.run(id, async () => statPath({ view: viewOf(context, context.index.get(id), 'read'), path }));
}

/** See `ContainerService.copyFrom`. */
export async function copyFromContainer(
  context: ContainerContext,
  ref: string,
  path: string,
): Promise<{ readonly stat: PathStat; readonly tar: Readable }> {
  const { id } = context.index.get(ref);
  // Once it is open, the view does not change with the container's state.
  return context.locks.run(id, async () => packPath({ view: viewOf(context, context.index.get(id), 'read'), path }));
}

/** See `ContainerService.copyInto`. */
export async function copyIntoContainer(
  context: ContainerContext,
  ref: string,
  path: string,
  tar: AsyncIterable<Uint8Array>,
  options: CopyIntoOptions,
): Promise<void> {
  const { id } = context.index.get(ref);
  // Whoever sends may be reading from this very container, and must have come to that before a lock is held for it.
  const content = await begun(tar);
  options.signal?.throwIfAborted();
  await context.locks.run(filesLock(id), async () => {
    const ready = Promise.withResolvers<void>();
    let copy: Promise<void> | undefined;
    // The state must stay what it is until the view is open, and not longer: a slow sender must not hold up a stop.
    await context.locks.run(id, async () => {
      const container = context.index.get(id);
      const job = {
        view: viewOf(context, container, 'write'),
        path,
        owner: options.toUser === true ? ownerOf(context, container) : undefined,
        mayReplaceTypes: options.keepTypes !== true,
      };
      copy = unpackInto(job, content, { ...(options.signal && { signal: options.signal }), onReady: ready.resolve });
      await Promise.race([ready.promise, copy]);
    });
    await copy;
  });
}

/** Waits for the first bytes. What has begun is read from there on. */
async function begun(source: AsyncIterable<Uint8Array>): Promise<AsyncIterable<Uint8Array>> {
  const parts = source[Symbol.asyncIterator]();
  const first = await parts.next();
  return {
    async *[Symbol.asyncIterator]() {
      for (let next = first; next.done !== true; next = await parts.next()) yield next.value;
    },
  };
}

function viewOf(context: ContainerContext, container: Container, purpose: 'read' | 'write'): FileView {
  const { paths, layers } = context;
  const { id, spec, state } = container;
  const layer = layers.writable(id);
  for (const bind of spec.binds) prepareBindSource(bind);
  const composed = {
    directory: paths.execsDir,
    isRootReadOnly: spec.isRootfsReadOnly,
    attached: attachedTo(container),
    readOnlyRoot: purpose === 'read' ? layer.readMounts : undefined,
    root: layer.mounts,
  };
  if (!hasProcess(container)) return { process: undefined, composed };
  // Its process may have ended, and its end not been dealt with yet: then its root is mounted still.
  const mounted = [{ type: 'bind', source: paths.rootfs(id), options: ['bind'] }] as const;
  return {
    process: { pid: state.pid, startTicks: state.pidStartTicks },
    composed: { ...composed, root: mounted, readOnlyRoot: undefined },
  };
}

/** What a start would show in the root file system, tmpfs left out: that is empty then. */
function attachedTo(container: Container): readonly AttachedMount[] {
  const { spec, hostsPath, hostnamePath, resolvConfPath } = container;
  const files = [
    { source: hostsPath, target: '/etc/hosts' },
    { source: hostnamePath, target: '/etc/hostname' },
    { source: resolvConfPath, target: '/etc/resolv.conf' },
  ].filter(({ source }) => existsSync(source));
  return [...files.map((file) => ({ ...file, isReadOnly: spec.isRootfsReadOnly })), ...spec.binds];
}

function ownerOf(context: ContainerContext, container: Container): { readonly uid: number; readonly gid: number } | undefined {
  if (container.user === '') return undefined;
  if (hasProcess(container)) return lookUpUser(context.paths.rootfs(container.id), container.user);
  const dir = join(context.paths.execsDir, `copy-${newId().slice(0, 12)}`);
  const layer = context.layers.writable(container.id);
  try {
    mountRootfs({ ...layer, mounts: layer.readMounts }, dir);
    return lookUpUser(dir, container.user);
  } finally {
    removeMountPoint(dir);
  }
}
