import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Bytes that a directory tree takes on its own file system; mounts below it are left out. */
export async function diskUsageBytes(directory: string): Promise<number> {
  const { stdout } = await promisify(execFile)('du', ['-sx', '-B1', directory]);
  return Number(stdout.split('\t')[0]);
}
