import { closeSync, openSync, constants } from 'node:fs';
import type { LayerPlaceholders } from '../store/index.ts';
import { isErrno } from '../base/errors.ts';
import { createFileAt, makeDirectoryAt, openDirectoryInRoot, setMetadata } from '../linux/index.ts';

/** Files of the engine's own are shown on these; what they are shown on stays in the container's layer. */
const FILES = ['hosts', 'hostname', 'resolv.conf'];
/** Programs look for it to find out that they run in a container. */
const MARKER = '.dockerenv';
/** Docker's: runtimes would give what they make themselves an odd mode of their own. */
const MODE = 0o755;

/** What is made here, and by runtimes for what they mount: it is no change of the container's. */
export const PLACEHOLDERS: LayerPlaceholders = {
  files: [MARKER, ...FILES.map((name) => `etc/${name}`)],
  directories: ['etc', 'dev', 'proc', 'sys'],
};

const O_PATH = 0o10000000;

/**
 * Makes the places that the engine's files are shown on, with the modes that Docker gives them, and the marker file.
 *
 * @param rootfsPath The mounted root file system. It may be hostile: links in it are followed inside it only.
 */
export function makeMountPoints(rootfsPath: string): void {
  const root = openSync(rootfsPath, O_PATH | constants.O_DIRECTORY);
  try {
    makeFile(root, MARKER);
    const etc = openEtc(root);
    // Something else has the name: the runtime will say what it thinks of it.
    if (etc === undefined) return;
    try {
      for (const name of FILES) makeFile(etc, name);
    } finally {
      closeSync(etc);
    }
  } finally {
    closeSync(root);
  }
}

function openEtc(root: number): number | undefined {
  try {
    try {
      return openDirectoryInRoot(root, 'etc');
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
      makeDirectoryAt(root, 'etc', MODE);
      return openDirectoryInRoot(root, 'etc');
    }
  } catch (error) {
    if (isErrno(error, 'ENOTDIR') || isErrno(error, 'ELOOP') || isErrno(error, 'EEXIST')) return undefined;
    throw error;
  }
}

function makeFile(dir: number, name: string): void {
  try {
    const fd = createFileAt(dir, name);
    try {
      setMetadata(fd, { uid: 0, gid: 0, mode: MODE });
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (!isErrno(error, 'EEXIST')) throw error;
  }
}
