import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { hasCode } from '../../base/errors.ts';
import { getXattr } from '../../linux/index.ts';
import { tarOf } from '../../tar/tar-fixtures.contract.ts';
import { unpackLayer } from './unpack-layer.ts';
import type { FixtureEntry } from '../../tar/tar-fixtures.contract.ts';
import type { UnpackedLayer } from './unpack-layer.ts';

const skip = process.getuid?.() === 0 ? false : 'owners, devices and trusted attributes need root';

/** VFS_CAP_REVISION_2, effective, cap_net_raw and a bit above 127 in a byte: no UTF-8. linux/capability.h. */
const CAPABILITY = Buffer.from('0100000200a00000000000000000000000000000', 'hex');

const SPARSE_1 = { 'GNU.sparse.major': '1', 'GNU.sparse.minor': '0', 'GNU.sparse.name': 'x', 'GNU.sparse.realsize': '100000' };

describe('unpackLayer()', { skip }, () => {
  let dir = '';
  let layer = '';
  let lower = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'pier-unpack-'));
    layer = join(dir, 'layer');
    lower = join(dir, 'lower');
    for (const path of [layer, lower, join(dir, 'scrap'), join(dir, 'outside')]) mkdirSync(path);
    writeFileSync(join(dir, 'outside', 'victim'), 'untouched');
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  async function unpack(content: Buffer | readonly FixtureEntry[], lowerDirectories: readonly string[] = []): Promise<UnpackedLayer> {
    const blobPath = join(dir, 'blob');
    writeFileSync(blobPath, Buffer.isBuffer(content) ? content : tarOf(content));
    return unpackLayer({
      directory: layer,
      scrapDirectory: join(dir, 'scrap'),
      lowerDirectories,
      blobPath,
      compression: 'auto',
      limits: {},
    });
  }
  const at = (name: string): string => join(layer, name);

  describe('keeps inside the layer', () => {
    const refused: readonly [string, readonly FixtureEntry[]][] = [
      ['a name above the root', [{ name: '../outside/x', content: 'x' }]],
      ['a name that climbs later', [{ name: 'a/../../outside/x', content: 'x' }]],
      ['a directory above the root', [{ name: '..', flag: '5' }]],
      ['a hard link out', [{ name: 'x', flag: '1', linkName: '../outside/victim' }]],
      ['a whiteout of ..', [{ name: '.wh...', content: '' }]],
      ['a whiteout of .', [{ name: 'a/.wh..', content: '' }]],
      ['a whiteout of nothing', [{ name: '.wh.', content: '' }]],
      [
        'a file as root',
        [
          { name: '/', content: '' },
          { name: './', flag: '0' },
          { name: '.', flag: '2', linkName: '/' },
        ],
      ],
      ['a hard link to what is nowhere', [{ name: 'x', flag: '1', linkName: 'y' }]],
      ['a hard link to itself', [{ name: 'x' }, { name: './x', flag: '1', linkName: 'x' }]],
      ['a file as a directory', [{ name: 'x' }, { name: 'x/y' }]],
      ['links in a circle', [{ name: 'a', flag: '2', linkName: 'b' }, { name: 'b', flag: '2', linkName: 'a' }, { name: 'a/x' }]],
      ['a name that is too long', [{ name: 'x', pax: { path: 'n'.repeat(256) } }]],
      ['an owner that means no change', [{ name: 'x', pax: { uid: '4294967295' } }]],
      [
        'a sparse file with parts out of order',
        [{ name: 'x', content: 'ab', pax: { 'GNU.sparse.map': '8,1,4,1', 'GNU.sparse.size': '9' } }],
      ],
      [
        'a sparse file with a part behind its end',
        [{ name: 'x', content: 'ab', pax: { 'GNU.sparse.map': '8,2', 'GNU.sparse.size': '9' } }],
      ],
      [
        'a sparse file that holds less than its map',
        [{ name: 'x', content: 'a', pax: { 'GNU.sparse.map': '1,2', 'GNU.sparse.size': '9' } }],
      ],
      ['a sparse file with half a part', [{ name: 'x', content: 'a', pax: { 'GNU.sparse.map': '1', 'GNU.sparse.size': '9' } }]],
      ['a sparse file of another version', [{ name: 'x', pax: { 'GNU.sparse.major': '2', 'GNU.sparse.minor': '0' } }]],
      ['a sparse file whose map never ends', [{ name: 'x', content: Buffer.alloc(4096), pax: SPARSE_1 }]],
      ['a sparse file with too many parts', [{ name: 'x', content: '9999999\n'.padEnd(512, '\0'), pax: SPARSE_1 }]],
      ['a sparse file with more map than content', [{ name: 'x', content: '1\n', pax: SPARSE_1 }]],
      ['a sparse directory', [{ name: 'x', flag: '5', pax: { 'GNU.sparse.map': '', 'GNU.sparse.size': '9' } }]],
      ['a PAX record that is longer than its header', [{ name: 'x', flag: 'x', content: '99 path=y\n' }]],
    ];
    for (const [what, entries] of refused) {
      it(`refuses ${what}`, async () => {
        await assert.rejects(unpack(entries), (e) => hasCode(e, 'InvalidArgument'));
        assert.deepEqual(readdirSync(join(dir, 'outside')), ['victim']);
        assert.equal(statSync(join(dir, 'outside', 'victim')).nlink, 1);
      });
    }

    it('takes absolute names as names below its root', async () => {
      await unpack([
        { name: '/abs/./x//y', content: 'x' },
        { name: 'a/../b', content: 'y' },
      ]);
      assert.equal(readFileSync(at('abs/x/y'), 'utf8'), 'x');
      assert.equal(readFileSync(at('b'), 'utf8'), 'y');
    });

    it('writes through a symbolic link only to what the link means inside', async () => {
      const outside = join(dir, 'outside');
      await unpack([
        { name: 'abs', flag: '2', linkName: outside },
        { name: 'abs/victim', content: 'inside' },
        { name: 'up', flag: '2', linkName: '../../../../../../..' },
        { name: 'up/etc/x', content: 'inside' },
        { name: 'usr/lib/', flag: '5' },
        { name: 'lib', flag: '2', linkName: 'usr/lib' },
        { name: 'lib/libc', content: 'inside' },
      ]);
      assert.equal(readFileSync(join(outside, 'victim'), 'utf8'), 'untouched');
      assert.equal(readFileSync(join(layer, outside, 'victim'), 'utf8'), 'inside');
      assert.equal(readFileSync(at('etc/x'), 'utf8'), 'inside');
      assert.equal(readFileSync(at('usr/lib/libc'), 'utf8'), 'inside');
    });

    it('replaces a symbolic link by a file instead of writing through it', async () => {
      const victim = join(dir, 'outside', 'victim');
      await unpack([
        { name: 'x', flag: '2', linkName: victim },
        { name: 'x', content: 'mine' },
        { name: 'd', flag: '2', linkName: join(dir, 'outside') },
        { name: 'd/', flag: '5', mode: 0o700 },
        { name: 'd/victim', content: 'mine' },
        { name: 'h', flag: '2', linkName: victim },
        { name: 'h2', flag: '1', linkName: 'h' },
        { name: 'h2', content: 'mine' },
      ]);
      assert.equal(readFileSync(victim, 'utf8'), 'untouched');
      assert.deepEqual([readFileSync(at('x'), 'utf8'), readFileSync(at('d/victim'), 'utf8')], ['mine', 'mine']);
      assert.equal(readlinkSync(at('h')), victim);
    });

    it('drops attributes by which overlayfs steers itself', async () => {
      await unpack([
        { name: 'd/', flag: '5', pax: { 'SCHILY.xattr.trusted.overlay.redirect': '/x', 'SCHILY.xattr.trusted.other': 'kept' } },
      ]);
      assert.equal(getXattr(at('d'), 'trusted.overlay.redirect'), undefined);
      assert.equal(getXattr(at('d'), 'trusted.other')?.toString(), 'kept');
    });
  });

  it('restores types, owners, modes, times, attributes and names of any bytes', async () => {
    const name = Buffer.from([0x66, 0xff, 0xfe]);
    await unpack([
      { name: 'd/', flag: '5', mode: 0o3755, uid: 70_000, mtime: 1, pax: { gid: '4000000000' } },
      {
        name: 'd/suid',
        mode: 0o4755,
        uid: 1,
        content: 'x',
        pax: { uid: '100000', mtime: '1234567890.123456789', 'SCHILY.xattr.security.capability': CAPABILITY },
      },
      { name: 'd/null', flag: '3', device: [1, 3], mode: 0o666 },
      { name: 'd/loop', flag: '4', device: [259, 70_000], mode: 0o660 },
      { name: 'd/fifo', flag: '6', mode: 0o600 },
      { name: 'd/link', flag: '2', linkName: 'suid', uid: 5, mtime: 99 },
      { name: 'd/hard', flag: '1', linkName: 'd/suid' },
      { name, content: 'bytes' },
      { name: 'long', pax: { path: `${'p'.repeat(200)}/${'q'.repeat(255)}` } },
    ]);
    const directory = lstatSync(at('d'));
    assert.deepEqual([directory.mode & 0o7777, directory.uid, directory.gid, directory.mtimeMs], [0o3755, 70_000, 4_000_000_000, 1000]);
    const file = lstatSync(at('d/suid'), { bigint: true });
    assert.deepEqual([file.mode & 0o7777n, file.uid, file.nlink, file.mtimeNs], [0o4755n, 100_000n, 2n, 1_234_567_890_123_456_789n]);
    assert.deepEqual(getXattr(at('d/suid'), 'security.capability'), CAPABILITY);
    assert.equal(lstatSync(at('d/null')).rdev, 0x103);
    assert.equal(execFileSync('stat', ['-c', '%t:%T %a', at('d/loop')], { encoding: 'utf8' }), '103:11170 660\n');
    assert.ok(lstatSync(at('d/fifo')).isFIFO());
    assert.deepEqual([lstatSync(at('d/link')).uid, lstatSync(at('d/link')).mtimeMs], [5, 99_000]);
    assert.ok(readdirSync(layer, 'latin1').includes('f\xff\xfe'));
    assert.ok(existsSync(at(`${'p'.repeat(200)}/${'q'.repeat(255)}`)));
  });

  it('links to a file of a lower layer by copying it up', async () => {
    mkdirSync(join(lower, 'd'), { mode: 0o700 });
    writeFileSync(join(lower, 'd', 'f'), 'lower', { mode: 0o640 });
    await unpack([{ name: 'h', flag: '1', linkName: 'd/f' }], [lower]);
    assert.equal(readFileSync(at('h'), 'utf8'), 'lower');
    assert.equal(statSync(at('h')).ino, statSync(at('d/f')).ino);
    assert.equal(statSync(at('h')).mode & 0o7777, 0o640);
    assert.equal(statSync(at('d')).mode & 0o7777, 0o700);
    assert.equal(statSync(join(lower, 'd', 'f')).nlink, 1);
  });

  it('replaces a directory and what is in it by a file', async () => {
    await unpack([
      { name: 'd/', flag: '5' },
      { name: 'd/e/f', content: 'x' },
      { name: 'd', content: 'file' },
      { name: 'd', flag: '5' },
      { name: 'd/g' },
    ]);
    assert.deepEqual(readdirSync(at('d')), ['g']);
  });
});
