import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { PierError, isErrno } from '../base/errors.ts';

/** As many as the kernel follows. path_resolution(7) */
const MAXIMUM_LINKS = 40;

/**
 * Where a path of a container leads inside its root: symbolic links, absolute and dangling ones too, are followed as the
 * container itself would, and never lead out.
 *
 * Runtimes refuse a mount target behind a link whose end is missing; with the path that this gives they make it. Nothing
 * runs in the root yet, so nobody changes what was looked at.
 *
 * @param root Host path of the mounted root file system.
 * @param path Absolute, in the container. What is missing is taken as it is written.
 * @returns Absolute, without links.
 * @throws {PierError} `InvalidArgument` for a loop of links.
 */
export function resolveInRoot(root: string, path: string): string {
  const resolved: string[] = [];
  let pending = namesOf(path);
  let links = 0;
  for (let name = pending.shift(); name !== undefined; name = pending.shift()) {
    if (name === '..') {
      resolved.pop();
      continue;
    }
    const target = readLink(join(root, ...resolved, name));
    if (target === undefined) {
      resolved.push(name);
      continue;
    }
    links += 1;
    if (links > MAXIMUM_LINKS) throw new PierError('InvalidArgument', `Cannot resolve "${path}" in the container: too many symbolic links`);
    if (target.startsWith('/')) resolved.length = 0;
    pending = [...namesOf(target), ...pending];
  }
  return `/${resolved.join('/')}`;
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

/** A link's text; `undefined` if it is none, or nothing at all. */
function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch (error) {
    if (isErrno(error, 'EINVAL') || isErrno(error, 'ENOENT') || isErrno(error, 'ENOTDIR')) return undefined;
    throw error;
  }
}
