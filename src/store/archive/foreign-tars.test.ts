import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { hasCode } from '../../base/errors.ts';
import { tarOf } from '../../tar/tar-fixtures.contract.ts';
import { unpackLayer } from './unpack-layer.ts';
import type { UnpackedLayer } from './unpack-layer.ts';

const skip = process.getuid?.() === 0 ? false : 'owners and devices need root';

/** What Go's archive/tar wrote for `docker cp CONTAINER:/t -` of dockerd 28.5, by gzip. */
const GO_TAR =
  'H4sIAAAAAAACA+1aS26DMBD1uqfwCcrM+MMq+y57BVRIgoJIlZA2PVUv0F0uVodGSkqjNESxG5d5G2MJCcHjzXsz0CTCO8AhNaZdHbpre4xGAVlASrXYng2p' +
  'kEYEwGrZZAt3yWvc5OHNRYImyb0huZR/haQs8x8ChTckl+vfHWuInH+fwrqu/ouXAPXfan0+/whErv7r2PjXoAQQgrER1f9xOZ7fHP/KoJCW638A/h+z9UOR' +
  '5cVieQ/JNFvkXvg/wvuef2f2h+8CICrSQq5j4j9SoJGTMh/pr0d/57Yrt1W7rWD8czR+JN/Vvz6d//TR+g8x6T/S+j9/rVnlg9b/N/+v5vWkKutZUP+nfTbc' +
  '+T8R+38g/7dabgl/zprpqLpJcH3yqn8vkv+h/zRNe8z/rCIrJIV4uwbf/9Wrqrq5/l+Dy38qvvyHu1XFw/+88hz/z+IfUlI2BTSW2vkfWM7/f5D/XDvgh/+e' +
  '8x9C5PzH8x9GgPrvQ/I95z9d/0eljJAYYjg1+Pq/bMqn2Vvil3/slf9x+wGQv///gf/Xnvg/7f/UyYIIVvH8J9D8R7ajnybZfNSbd3b8wfl/7f0av/d/tvv/' +
  'n7WK+78QYNUzGAzGMPEJaBNLSgAwAAA=';

describe('unpackLayer() of what other programs write', { skip }, () => {
  let dir = '';
  let layer = '';
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'pier-unpack-'));
    layer = join(dir, 'layer');
    for (const path of [layer, join(dir, 'scrap')]) mkdirSync(path);
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  async function unpack(content: Buffer): Promise<UnpackedLayer> {
    const blobPath = join(dir, 'blob');
    writeFileSync(blobPath, content);
    return unpackLayer({
      directory: layer,
      scrapDirectory: join(dir, 'scrap'),
      lowerDirectories: [],
      blobPath,
      compression: 'auto',
      limits: {},
    });
  }
  const at = (name: string): string => join(layer, name);

  const tree = (): string => {
    const source = join(dir, 'source');
    mkdirSync(join(source, 'sub', 'n'.repeat(180)), { recursive: true });
    writeFileSync(join(source, 'sub', 'n'.repeat(180), 'm'.repeat(120)), 'deep');
    writeFileSync(join(source, 'ünï'), 'utf8');
    writeFileSync(join(source, 'big'), Buffer.alloc(3_000_000, 'b'));
    execFileSync(
      'sh',
      ['-c', 'ln big hard && ln -s sub sym && chown 3000000:70000 big && chmod 4711 big && touch -d @123456789.5 sym big sub'],
      { cwd: source },
    );
    return source;
  };
  const listing = (path: string): string =>
    execFileSync(
      'sh',
      ['-c', String.raw`find . -mindepth 1 -printf '%p %y %m %U:%G %s %Ts %l %n\n' | grep -v ' d ' | sort; cat big | sha256sum`],
      { cwd: path, encoding: 'utf8' },
    );
  const programs: readonly [string, string, string[]][] = [
    ['GNU tar, gnu', 'tar', ['--format=gnu']],
    ['GNU tar, posix', 'tar', ['--format=posix']],
    ['busybox tar', 'busybox', ['tar']],
    ['bsdtar, pax', 'bsdtar', ['--format=pax', '-f', '-']],
    ['bsdtar, gnutar', 'bsdtar', ['--format=gnutar', '-f', '-']],
  ];

  it('Go’s archive/tar', async () => {
    await unpack(Buffer.from(GO_TAR, 'base64'));
    const listed = execFileSync('find', ['t', '-printf', String.raw`%p %y %m %U:%G [%l]\n`], { cwd: layer, encoding: 'utf8' });
    const [d, e, l] = ['d'.repeat(90), 'e'.repeat(90), 'l'.repeat(150)];
    assert.deepEqual(listed.trim().split('\n').toSorted(), [
      't d 755 0:0 []',
      `t/${d} d 755 0:0 []`,
      `t/${d}/${e} d 755 0:0 []`,
      't/dev b 644 0:0 []',
      't/fifo p 644 0:0 []',
      't/hard f 4755 3000000:4000000 []',
      `t/longlink l 777 0:0 [${l}]`,
      't/null c 644 0:0 []',
      't/old f 644 0:0 []',
      't/own f 4755 3000000:4000000 []',
      't/sticky d 1777 0:0 []',
      't/ünï f 644 0:0 []',
    ]);
    assert.equal(statSync(at('t/own')).ino, statSync(at('t/hard')).ino);
    assert.equal(lstatSync(at('t/dev')).rdev, 0x1111_0370);
    assert.equal(statSync(at('t/old')).mtime.toISOString(), '2001-02-03T04:05:06.000Z');
  });

  const sparse: readonly [string, string[]][] = [
    ['of GNU’s own form', ['tar', '--format=gnu', '--sparse', '-c']],
    ['of version 0.0', ['tar', '--format=posix', '--sparse-version=0.0', '-c']],
    ['of version 0.1', ['tar', '--format=posix', '--sparse-version=0.1', '-c']],
    ['of version 1.0', ['tar', '--format=posix', '--sparse-version=1.0', '-c']],
    ['by bsdtar', ['bsdtar', '--format=pax', '-c', '-f', '-']],
  ];
  for (const [what, [program = '', ...args]] of sparse) {
    it(`sparse files ${what}, holes and all`, async () => {
      const source = join(dir, 'sparse');
      const name = 'f'.repeat(150);
      mkdirSync(source);
      execFileSync(
        'sh',
        [
          '-c',
          // One with few parts, one with more than a header or a block of a map holds, one that is all hole, one that ends in data.
          'truncate -s 50M few && printf data | dd of=few bs=1 seek=20000000 conv=notrunc status=none; ' +
            'for i in $(seq 1 120); do printf "%s" "$i" | dd of="$0" bs=1 seek=$((i * 100000)) conv=notrunc status=none; done; ' +
            'truncate -s 3000000 hole; truncate -s 99999 end; printf x >> end; printf plain > plain',
          name,
        ],
        { cwd: source },
      );
      const list = (path: string): string =>
        execFileSync('sh', ['-c', "find . -type f -printf '%p %s\n' | sort; sha256sum $(ls)"], { cwd: path, encoding: 'utf8' });
      await unpack(execFileSync(program, [...args, '-C', source, '.'], { maxBuffer: 1e8 }));
      assert.equal(list(layer), list(source));
      assert.ok(statSync(at('few')).blocks < 100, 'its hole takes no disk');
      assert.equal(statSync(at('hole')).blocks, 0);
    });
  }

  it('a sparse file beyond the limit is stopped, though it holds nothing', async () => {
    writeFileSync(join(dir, 'blob'), tarOf([{ name: 'x', pax: { 'GNU.sparse.map': '', 'GNU.sparse.size': '9000000000000000' } }]));
    const job = { directory: layer, scrapDirectory: join(dir, 'scrap'), lowerDirectories: [], blobPath: join(dir, 'blob') };
    await assert.rejects(unpackLayer({ ...job, compression: 'auto', limits: {} }), (e) => hasCode(e, 'ResourceExhausted'));
  });

  for (const [what, program, options] of programs) {
    it(what, async () => {
      const source = tree();
      // busybox writes no owner that is wider than its field.
      if (program === 'busybox') execFileSync('chown', ['70000:70000', 'big'], { cwd: source });
      const tar = execFileSync(program, [...options, program === 'busybox' ? 'c' : '-c', '-C', source, '.'], { maxBuffer: 1e8 });
      await unpack(tar);
      assert.equal(listing(layer), listing(source));
    });
  }
});
