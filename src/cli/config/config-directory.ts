import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * Where the client's configuration and contexts are: Docker's own directory, so that both programs see the same contexts,
 * unless `--config`, `PIER_CONFIG` or `DOCKER_CONFIG` names another (in this order).
 *
 * @param flag Value of `--config`; empty if not given.
 */
export function configDirectory(flag: string): string {
  return flag || process.env['PIER_CONFIG'] || process.env['DOCKER_CONFIG'] || join(homedir(), '.docker');
}
