import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { buffer } from 'node:stream/consumers';
import { getXattr, setXattr } from '../../linux/index.ts';
import { packTree, releaseArchiveWorker } from './archive-client.ts';
import { packTree as packSync } from '../../tar/pack-tree.ts';
import { unpackLayer } from './unpack-layer.ts';

const skip = process.getuid?.() === 0 ? false : 'devices and trusted attributes need root';

describe('packTree()', { skip }, () => {
  let dir = '';
  let tree = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'pier-pack-'));
    tree = join(dir, 'tree');
    mkdirSync(tree);
  });
  afterEach(async () => {
    await releaseArchiveWorker();
    rmSync(dir, { recursive: true });
  });
  const shell = (script: string, cwd = tree): string => execFileSync('sh', ['-c', script], { cwd, encoding: 'utf8' });
  const LISTING = String.raw`find . -mindepth 1 -printf '%p %y %m %U:%G %s %Ts %l %n\n' | sed 's/\(.* d .*\) [0-9]*$/\1/' | sort`;

  it('writes what GNU tar restores as it was', async () => {
    shell(`mkdir -p sub/deep && echo a >sub/a && ln sub/a sub/b && ln -s /etc/passwd abs && mknod null c 1 3 && mkfifo pipe
      chmod 4755 sub/a && chown 3000000:70000 sub/a && chmod 1777 sub/deep && touch -d @1234567890 sub/a abs sub/deep sub
      touch ünï ${'l'.repeat(150)} && head -c 3000000 /dev/urandom >big && ln -s ${'t'.repeat(150)} longlink`);
    setXattr(join(tree, 'big'), 'security.capability', Buffer.from('010000020020000000000000000000000000ff00', 'hex'));
    setXattr(join(tree, 'big'), 'user.note', Buffer.from('hi'));
    const tar = await buffer(packTree(tree));
    const out = join(dir, 'out');
    mkdirSync(out);
    execFileSync('tar', ['-x', '-p', '--xattrs', '--xattrs-include=*', '-C', out], { input: tar });
    assert.equal(shell(LISTING, out), shell(LISTING));
    assert.deepEqual(readFileSync(join(out, 'big')), readFileSync(join(tree, 'big')));
    for (const name of ['security.capability', 'user.note'])
      assert.deepEqual(getXattr(join(out, 'big'), name), getXattr(join(tree, 'big'), name));
    assert.equal(lstatSync(join(out, 'null')).rdev, 0x103);
  });

  it('names entries as docker export does', async () => {
    shell('mkdir b b/c; touch b/x a');
    const tar = await buffer(packTree(tree));
    const names = execFileSync('tar', ['-t'], { input: tar, encoding: 'utf8' });
    assert.equal(names, 'a\nb/\nb/c/\nb/x\n');
    assert.ok(tar.subarray(-1024).every((byte) => byte === 0));
  });

  it('follows no link and leaves sockets out', async () => {
    mkdirSync(join(dir, 'outside'));
    writeFileSync(join(dir, 'outside', 'secret'), 'secret');
    symlinkSync(join(dir, 'outside'), join(tree, 'out'));
    const server = createServer().listen(join(tree, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    const tar = await buffer(packTree(tree));
    server.close();
    assert.match(execFileSync('tar', ['-tv'], { input: tar, encoding: 'utf8' }), /^l\S+ .* out -> \S+\/outside\n$/);
    assert.ok(!tar.includes('secret'));
  });

  it('keeps to the announced size when a file shrinks or grows while it is read', () => {
    for (const [name, size] of [
      ['grow', 2_000_000],
      ['shrink', 2_000_000],
    ] as const)
      writeFileSync(join(tree, name), Buffer.alloc(size, name));
    const chunks: Buffer[] = [];
    for (const chunk of packSync({ directory: tree, form: 'tree' })) {
      chunks.push(chunk);
      if (chunks.length === 1) writeFileSync(join(tree, 'grow'), Buffer.alloc(3_000_000, 'grow'));
      // About half of the second file is out.
      if (chunks.length === 6) truncateSync(join(tree, 'shrink'), 10);
    }
    const out = join(dir, 'out');
    mkdirSync(out);
    execFileSync('tar', ['-x', '-C', out], { input: Buffer.concat(chunks) });
    assert.deepEqual(
      ['grow', 'shrink'].map((name) => lstatSync(join(out, name)).size),
      [2_000_000, 2_000_000],
    );
    const shrunk = readFileSync(join(out, 'shrink'));
    assert.equal(shrunk[0], 's'.codePointAt(0));
    assert.equal(shrunk.at(-1), 0);
  });

  it('ends when its reader goes away, and holds no other job up while the reader is slow', async () => {
    writeFileSync(join(tree, 'big'), Buffer.alloc(50_000_000));
    const slow = packTree(tree);
    await new Promise((resolve) => slow.once('readable', resolve));
    const other = join(dir, 'other');
    mkdirSync(other);
    writeFileSync(join(other, 'x'), 'x');
    assert.ok((await buffer(packTree(other))).length > 0);
    slow.destroy();
    await new Promise((resolve) => slow.once('close', resolve));
    // Its descriptors are given back.
    for (let i = 0; openIn(tree) > 0; i++) {
      assert.ok(i < 100, 'the packer still reads');
      // oxlint-disable-next-line no-await-in-loop -- waits for the worker to see it
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  it('fails the stream for a directory that is not there', async () => {
    await assert.rejects(buffer(packTree(join(dir, 'absent'))), { code: 'NotFound' });
  });

  it('packTree() of a diff and unpackLayer() are each other’s inverse', async () => {
    shell('mknod -m 0 gone c 0 0; mkdir -p d/e; touch d/new; chmod 700 d');
    setXattr(join(tree, 'd', 'e'), 'trusted.overlay.opaque', Buffer.from('y'));
    const lower = join(dir, 'lower');
    const layer = join(dir, 'layer');
    for (const path of [lower, layer, join(dir, 'scrap')]) mkdirSync(path);
    writeFileSync(join(lower, 'gone'), '');
    const tar = Buffer.concat([...packSync({ directory: tree, form: 'diff' })]);
    assert.equal(execFileSync('tar', ['-t'], { input: tar, encoding: 'utf8' }), 'd/\nd/e/\nd/e/.wh..wh..opq\nd/new\n.wh.gone\n');
    writeFileSync(join(dir, 'blob'), tar);
    const where = { directory: layer, scrapDirectory: join(dir, 'scrap'), lowerDirectories: [lower] };
    await unpackLayer({ ...where, blobPath: join(dir, 'blob'), compression: 'none', limits: {} });
    // A whiteout has no time of its own.
    const listing = LISTING.replace('%Ts', '');
    assert.equal(shell(listing, layer), shell(listing));
    assert.equal(getXattr(join(layer, 'd/e'), 'trusted.overlay.opaque')?.toString(), 'y');
  });
});

function openIn(tree: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => linkOf(`/proc/self/fd/${fd}`).startsWith(tree)).length;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // The descriptor that listed the directory is closed by now.
    return '';
  }
}
