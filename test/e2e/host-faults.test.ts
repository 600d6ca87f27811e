// When the machine itself is in the way: full disk, read-only root, missing runtime, archives made to harm.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { pack, type Header } from 'tar-stream';
import { IS_PEER, startDaemon } from '../harness/daemon.ts';
import { bringIn, fixtureOf, missingMaterial, useDaemon } from '../harness/fixture.ts';
import { until } from '../harness/until.ts';
import { jsonOf, type ApiResponse, type ErrorBody } from '../harness/http.ts';

/** tar-stream completes what is left out. */
type EntryHeader = Pick<Header, 'name'> & Partial<Header>;

const exec = promisify(execFile);
const skip = missingMaterial() || (IS_PEER && 'about pier’s own files');

/** A file system of 64 MB on a loop device, for as long as the work takes. */
async function withSmallDisk(work: (root: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'pt-disk-'));
  const disk = join(directory, 'disk');
  const root = join(directory, 'root');
  await exec('truncate', ['-s', '64M', disk]);
  await exec('mkfs.ext4', ['-q', '-F', '-m', '0', disk]);
  await mkdir(root);
  await exec('mount', ['-o', 'loop', disk, root]);
  try {
    await work(root);
  } finally {
    await exec('umount', [root]);
    await rm(directory, { recursive: true, force: true });
  }
}

/** A file system may count blocks as free that it gives to nobody, so writing is the only way to know. */
function hasRoomFor(bytes: number, probe: string): boolean {
  try {
    writeFileSync(probe, Buffer.alloc(bytes), { flush: true });
    return true;
  } catch {
    return false;
  } finally {
    rmSync(probe, { force: true });
  }
}

describe('a full disk', { skip }, () => {
  it('refuses what does not fit, changes nothing, and goes on with what does', async () => {
    await withSmallDisk(async (root) => {
      await using daemon = await startDaemon({ root: join(root, 'r') });
      const pier = fixtureOf(daemon);
      await bringIn(daemon, 'alpine');
      const big = await daemon.api('POST', '/images/create?fromSrc=-&repo=big', {
        body: gzipSync(await tarOf([[{ name: 'zeros' }, Buffer.alloc(120_000_000)]])),
      });
      assert.match(big.body.toString(), /no space left on device/i);
      assert.equal(await pier.ok('images', '--format', '{{.Repository}}'), 'alpine');

      const writer = await pier.cli(
        'run',
        '--name',
        'writer',
        '--network',
        'none',
        'alpine',
        'sh',
        '-c',
        'dd if=/dev/zero of=/fill bs=1M; exit 7',
      );
      assert.equal(writer.exitCode, 7);
      assert.match(writer.stderr, /No space left on device/);
      const full = await pier.cli('run', '--rm', '--network', 'none', 'alpine', 'echo', 'x');
      if (full.exitCode !== 0) assert.match(full.stderr, /no space left on device|database or disk is full/i);
      await pier.ok('rm', 'writer');
      assert.equal(await pier.ok('run', '--rm', '--network', 'none', 'alpine', 'echo', 'room again'), 'room again');
    });
  });

  // Once nothing could be stopped or removed any more, nor could the daemon start again.
  it('filled to the last block by logs can be emptied again, also by the next daemon', async () => {
    await withSmallDisk(async (root) => {
      await using daemon = await startDaemon({ root: join(root, 'r') });
      const pier = fixtureOf(daemon);
      await bringIn(daemon, 'alpine');
      for (const name of ['first', 'second'])
        await pier.ok('run', '-d', '--name', name, '--network', 'none', 'alpine', 'sh', '-c', 'sleep 2; exec yes');
      const isFull = (): boolean => !hasRoomFor(64 * 1024, join(root, 'probe'));
      await until(() => Promise.resolve(isFull()));
      await pier.ok('rm', '-f', 'first');
      await until(() => Promise.resolve(isFull()));
      await daemon.killAndRestart();
      assert.equal(await pier.ok('ps', '--format', '{{.Names}}'), 'second');
      await until(() => Promise.resolve(isFull()));
      await pier.ok('stop', '-t', '0', 'second');
      await pier.ok('rm', 'second');
      assert.equal(await pier.ok('run', '--rm', '--network', 'none', 'alpine', 'echo', 'room again'), 'room again');
    });
  });
});

describe('a read-only root', { skip }, () => {
  it('is refused in a sentence', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'pt-ro-'));
    const root = join(directory, 'root');
    await mkdir(root);
    await exec('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', root]);
    try {
      await assert.rejects(startDaemon({ root: join(root, 'r') }), /read-only|EROFS/i);
    } finally {
      await exec('umount', [root]);
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describe('runtimes', { skip }, () => {
  it('a registered runtime that is missing is named, and nothing is left', async () => {
    const config = await mkdtemp(join(tmpdir(), 'pt-config-'));
    const file = join(config, 'daemon.json');
    await writeFile(file, JSON.stringify({ runtimes: { gone: { path: '/no/such/runtime' }, other: { path: '/usr/sbin/runc' } } }));
    await using daemon = await startDaemon({ args: ['--config', file] });
    await rm(config, { recursive: true });
    await bringIn(daemon, 'alpine');
    const pier = fixtureOf(daemon);
    const result = await pier.cli('run', '--rm', '--runtime', 'gone', 'alpine', 'true');
    assert.equal(result.exitCode, 125);
    assert.match(result.stderr, /gone|no such file/i);
    assert.equal(await pier.ok('ps', '-aq'), '');
    if (existsSync('/usr/sbin/runc'))
      assert.equal(await pier.ok('run', '--rm', '--runtime', 'other', 'alpine', 'echo', 'by runc'), 'by runc');
  });
});

describe('archives', { skip }, () => {
  const pier = useDaemon();

  async function refused(path: string, body: Buffer, status: readonly number[]): Promise<string> {
    const before = await pier.daemon.json('GET', '/images/json?all=1');
    const response = await pier.daemon.api('POST', path, { body });
    const text = messageOf(response);
    assert.ok(status.includes(response.status), `${response.status} ${text}`);
    assert.notEqual(text, '');
    assert.deepEqual(await pier.daemon.json('GET', '/images/json?all=1'), before);
    return text;
  }

  it('a truncated one is refused', async () => {
    const whole = await tarOf([[{ name: 'a' }, Buffer.alloc(100_000, 'a')]]);
    await refused('/images/create?fromSrc=-&repo=cut', whole.subarray(0, 50_000), [200, 400, 500]);
    await refused('/images/create?fromSrc=-&repo=cut', gzipSync(whole).subarray(0, 100), [200, 400, 500]);
    await refused('/images/load', whole.subarray(0, 50_000), [200, 400, 500]);
  });

  it('no entry writes outside of its layer', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'pt-victim-'));
    const deep = '../'.repeat(40);
    const evil: [EntryHeader, (Buffer | undefined)?][][] = [
      [[{ name: `${deep}${outside}/dotdot` }, Buffer.from('x')]],
      [[{ name: `${outside}/absolute` }, Buffer.from('x')]],
      [[{ name: 'link', type: 'symlink', linkname: outside }], [{ name: 'link/through-link' }, Buffer.from('x')]],
      [[{ name: 'link', type: 'symlink', linkname: `${deep}${outside}` }], [{ name: 'link/through-relative' }, Buffer.from('x')]],
      [[{ name: 'hard', type: 'link', linkname: `${deep}etc/passwd` }]],
      [[{ name: 'hard', type: 'link', linkname: '/etc/passwd' }]],
    ];
    for (const [i, entries] of evil.entries()) {
      const response = await pier.daemon.api('POST', `/images/create?fromSrc=-&repo=evil${i}`, {
        body: await tarOf([...entries, [{ name: 'last' }, Buffer.from('ok')]]),
      });
      assert.ok([200, 400, 500].includes(response.status));
    }
    const { stdout } = await exec('find', [outside, '-mindepth', '1']);
    assert.equal(stdout, '');
    await rm(outside, { recursive: true });
    // What was taken holds nothing of the host.
    const images = await pier.daemon.json<{ Id: string }[]>('GET', '/images/json');
    for (const { Id } of images) {
      const { Id: container } = await pier.daemon.json<{ Id: string }>('POST', '/containers/create', {
        status: 201,
        json: { Image: Id, Cmd: ['x'] },
      });
      const { body } = await pier.daemon.api('GET', `/containers/${container}/export`);
      assert.ok(!body.includes('root:x:0:0:root:/root:/bin/bash'), 'the host’s passwd file is in an image');
    }
  });

  it('a gzip bomb fills no more than its place, and is refused', async () => {
    // 300 MB of zeros in 300 kB that say they are an archive of one small file.
    const bomb = gzipSync(Buffer.alloc(300_000_000));
    await refused('/images/load', bomb, [200, 400, 500]);
    assert.equal((await pier.daemon.api('GET', '/_ping')).status, 200);
  });

  it('an image whose layer is not what its digest says is refused', async () => {
    const config = JSON.stringify({
      architecture: 'amd64',
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: [`sha256:${'0'.repeat(64)}`] },
    });
    const layer = await tarOf([[{ name: 'a' }, Buffer.from('a')]]);
    const archive = await tarOf([
      [{ name: 'config.json' }, Buffer.from(config)],
      [{ name: 'layer.tar' }, layer],
      [
        { name: 'manifest.json' },
        Buffer.from(JSON.stringify([{ Config: 'config.json', RepoTags: ['liar:latest'], Layers: ['layer.tar'] }])),
      ],
    ]);
    await refused('/images/load', archive, [200, 400, 500]);
  });

  function messageOf(response: ApiResponse): string {
    if (response.status !== 200) return jsonOf<ErrorBody>(response).message;
    // A stream of progress has its status already when it fails.
    return /"error":"([^"]*)"/.exec(response.body.toString())?.[1] ?? '';
  }
});

async function tarOf(entries: readonly (readonly [EntryHeader, (Buffer | undefined)?])[]): Promise<Buffer> {
  const archive = pack();
  for (const [headers, content] of entries) archive.entry(headers, content ?? '');
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
