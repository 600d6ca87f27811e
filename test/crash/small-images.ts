import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { pack, type Pack } from 'tar-stream';

const APPLETS = ['sh', 'cat', 'sleep', 'echo', 'true', 'false', 'head', 'seq', 'usleep', 'stty', 'yes', 'touch'];

/** A root file system as a tar: this machine's static busybox, and a file that makes each one another. */
export async function rootfsTar(marker: string): Promise<Buffer> {
  const archive = pack();
  for (const name of ['bin', 'dev', 'etc', 'proc', 'sys', 'tmp']) archive.entry({ name: `${name}/`, type: 'directory', mode: 0o755 });
  archive.entry({ name: 'bin/busybox', mode: 0o755 }, readFileSync('/bin/busybox'));
  for (const applet of APPLETS) archive.entry({ name: `bin/${applet}`, type: 'symlink', linkname: 'busybox' });
  archive.entry({ name: 'etc/marker' }, marker);
  return await bytesOf(archive);
}

/** A tar with one small file: enough to be imported, too little to run. */
export async function fileTar(marker: string, name: string = 'marker'): Promise<Buffer> {
  const archive = pack();
  archive.entry({ name }, marker);
  return await bytesOf(archive);
}

/** An image of two layers as `docker save` writes it; its label is `crash`. */
export async function archiveTar(tag: string, rootfs: Buffer): Promise<Buffer> {
  const layers = [rootfs, await fileTar(tag)];
  const config = JSON.stringify({
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Env: ['PATH=/bin'], Cmd: ['sh'], Labels: { crash: '1' } },
    rootfs: { type: 'layers', diff_ids: layers.map((layer) => `sha256:${sha256(layer)}`) },
    history: [{ created_by: 'one' }, { created_by: 'two' }],
  });
  const archive = pack();
  for (const [i, layer] of layers.entries()) archive.entry({ name: `${i}/layer.tar` }, layer);
  archive.entry({ name: 'config.json' }, config);
  archive.entry(
    { name: 'manifest.json' },
    JSON.stringify([{ Config: 'config.json', RepoTags: [tag], Layers: layers.map((_, i) => `${i}/layer.tar`) }]),
  );
  return await bytesOf(archive);
}

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}

async function bytesOf(archive: Pack): Promise<Buffer> {
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
