import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SHARED } from '../test/harness/images.ts';
import { createContainer, MARK, removeContainers } from './docker-engine.ts';
import { quote } from './shell.ts';
import type { DockerEngine } from './docker-engine.ts';
import type { PierPlace } from './engines.ts';

interface RuntimeConfig {
  process: { args: string[] };
  root: { path: string };
  linux: { cgroupsPath: string };
}

/**
 * Makes a bundle for a bare `crun run`: the config.json that pier gave one of its containers, with `true` for a command,
 * a cgroup of its own, and Alpine unpacked into a plain directory. The container stays and lends its network namespace.
 *
 * @returns The line that runs it once; `undefined` where crun is not installed.
 */
export async function makeFloor(
  pier: DockerEngine & PierPlace,
  directory: string,
  held: AsyncDisposableStack,
): Promise<string | undefined> {
  if (spawnSync('crun', ['--version'], { stdio: 'ignore' }).status !== 0) return undefined;
  held.defer(() => removeContainers(pier.api));
  const id = await createContainer(pier.api, { command: ['sleep', '100000'] });
  await pier.api.call('POST', `/containers/${id}/start`);
  const config = JSON.parse(readFileSync(join(pier.state, 'c', id, 'config.json'), 'utf8')) as RuntimeConfig;
  const bundle = join(directory, 'floor');
  const rootfs = join(bundle, 'rootfs');
  mkdirSync(rootfs, { recursive: true });
  execFileSync('tar', ['-xzf', SHARED.alpineTar, '-C', rootfs]);
  config.process.args = ['true'];
  config.root.path = rootfs;
  config.linux.cgroupsPath += '-floor';
  writeFileSync(join(bundle, 'config.json'), JSON.stringify(config));
  return quote(['crun', '--root', join(directory, 'floor-state'), 'run', '--bundle', bundle, MARK]);
}
