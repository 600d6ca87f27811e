import { mkdir } from 'node:fs/promises';
import { finished } from 'node:stream';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { newId } from '../base/ids.ts';
import { packTree } from '../store/index.ts';
import { mountRootfs, removeMountPoint } from './bundle.ts';
import { hasProcess } from './signal-container.ts';
import type { Container } from './container.ts';
import type { ContainerContext } from './container-context.ts';

/**
 * Streams a container's merged root file system as a tar. A container that does not run is mounted for the duration.
 */
export async function exportContainer(context: ContainerContext, container: Container): Promise<Readable> {
  if (hasProcess(container)) return packTree(context.paths.rootfs(container.id));
  const dir = join(context.paths.execsDir, `export-${newId().slice(0, 12)}`);
  await mkdir(dir, { recursive: true, mode: 0o700 });
  try {
    mountRootfs(context.layers.writable(container.id), dir);
    const tar = packTree(dir);
    finished(tar, () => {
      try {
        removeMountPoint(dir);
      } catch (error) {
        context.logger.warn('an export is left mounted until the next start', { path: dir, error });
      }
    });
    return tar;
  } catch (error) {
    removeMountPoint(dir);
    throw error;
  }
}
