import { copyFileSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { SHARED } from '../test/harness/images.ts';
import { IMAGE, MARK } from './docker-engine.ts';
import { Shell } from './shell.ts';

/** podman in the peers' root: a shell there, and its command. It has no daemon, so it has rows of command lines only. */
export interface Podman {
  readonly shell: Shell;
  readonly cli: readonly string[];
}

/** Opens a shell in the peers' root and gives podman the image. */
export async function openPodman(directory: string, held: AsyncDisposableStack): Promise<Podman> {
  const share = join(directory, 'share', MARK);
  mkdirSync(share, { recursive: true });
  held.defer(() => rmSync(share, { recursive: true, force: true }));
  copyFileSync(SHARED.alpineTar, join(share, 'alpine.tar.gz'));
  const shell = held.use(new Shell(['bash', SHARED.peersScript, 'run', directory, 'bash']));
  await shell.time(`podman import /mnt/${MARK}/alpine.tar.gz ${IMAGE}`);
  held.defer(async () => void (await shell.time(`podman rmi -f ${IMAGE}`)));
  return { shell, cli: ['podman'] };
}
