// cp: both ways, in every state of a container, by Docker's rules, and never out of a container's root.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { chmod, chown, link, lstat, mkdir, mkdtemp, open, readdir, readFile, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';
import { pack, type Header } from 'tar-stream';
import { getXattr, setXattr } from '../../src/linux/index.ts';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients } from '../harness/fixture.ts';
import { until } from '../harness/until.ts';

const exec = promisify(execFile);
const SLEEP = ['alpine', 'sleep', '100000'];

describeWithClients('cp', (pier) => {
  let directory = '';
  let shared = '';
  let bound = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pt-copy-'));
    ({ here: shared, there: bound } = await pier.daemon.bindDirectory());
    await mkdir(join(directory, 'src', 'sub'), { recursive: true });
    await writeFile(join(directory, 'src', 'file'), 'hi\n');
    await chown(join(directory, 'src', 'file'), 1234, 70_000);
    await chmod(join(directory, 'src', 'file'), 0o4755);
    await symlink('file', join(directory, 'src', 'link'));
    await link(join(directory, 'src', 'file'), join(directory, 'src', 'hard'));
    await utimes(join(directory, 'src', 'sub'), 1_000_000, 1_000_000);
  });
  after(async () => {
    await rm(directory, { recursive: true, force: true });
  });
  const here = (name: string): string => join(directory, name);
  const copy = async (...args: string[]): Promise<string> => {
    const { exitCode, stderr } = await pier.cliWith({ cwd: directory }, 'cp', ...args);
    return exitCode === 0 ? '' : `${exitCode} ${stderr.replaceAll(/^time=.*\n/gm, '').trim()}`;
  };
  const run = async (...args: string[]): Promise<void> => void (await pier.ok('run', '-d', '--network', 'none', ...args, ...SLEEP));
  const inside = async (name: string, script: string): Promise<string> => await pier.ok('exec', name, 'sh', '-c', script);

  it('what arrives in a container is what was sent', async () => {
    await run('--name', 'c1');
    assert.equal(await copy('src', 'c1:/new'), '');
    assert.equal(
      await inside('c1', 'cd /new && stat -c "%n %F %a %u:%g %h" file link hard sub && readlink link && stat -c %Y sub && cat file'),
      'file regular file 4755 1234:70000 2\nlink symbolic link 777 0:0 1\nhard regular file 4755 1234:70000 2\nsub directory 755 0:0 2\nfile\n1000000\nhi',
    );
    assert.equal(await copy('c1:/new', 'back'), '');
    assert.deepEqual((await readdir(here('back'))).toSorted(), ['file', 'hard', 'link', 'sub']);
    const [file, hard] = await Promise.all(['file', 'hard'].map((name) => stat(here(`back/${name}`))));
    assert.equal(file?.ino, hard?.ino);
    assert.equal((file?.mode ?? 0) & 0o7777, 0o4755);
    assert.equal((await stat(here('back/sub'))).mtimeMs, 1_000_000_000);
    // Local files belong to whoever copies.
    assert.deepEqual([file?.uid, file?.gid], [0, 0]);
  });

  it('names follow from what is there, on the way in', async () => {
    await run('--name', 'c2');
    await inside('c2', 'mkdir /dir; echo old >/file; ln -s /dir /link; ln -s /made /dangling');
    assert.equal(await copy('src/file', 'c2:/dir'), '');
    assert.equal(await copy('src/file', 'c2:/dir/other'), '');
    assert.equal(await copy('src/file', 'c2:/file'), '');
    assert.equal(await copy('src/file', 'c2:/link/through'), '');
    assert.equal(await copy('src/file', 'c2:/dangling'), '');
    assert.equal(await copy('src/file', 'c2:relative'), '');
    assert.equal(await copy('src', 'c2:/dir'), '');
    assert.equal(await copy('src/.', 'c2:/flat'), '');
    assert.equal(await copy('src', 'c2:/named'), '');
    assert.equal(await copy('src/link', 'c2:/aslink'), '');
    assert.equal(await copy('-L', 'src/link', 'c2:/asfile'), '');
    assert.equal(
      await inside('c2', 'cat /file /made /relative; ls -d /dir/* /dir/src/file /flat/file /named/file; readlink /aslink; cat /asfile'),
      'hi\nhi\nhi\n/dir/file\n/dir/other\n/dir/src\n/dir/src/file\n/dir/through\n/flat/file\n/named/file\nfile\nhi',
    );
    assert.equal(await copy('src/file', 'c2:/none/'), '1 no such directory');
    assert.equal(await copy('src/file', 'c2:/none/x'), '1 Error response from daemon: Could not find the file /none in container c2');
    assert.equal(await copy('src', 'c2:/file'), '1 cannot copy directory');
    assert.equal(await copy('src/nothing', 'c2:/'), `1 lstat ${here('src/nothing')}: no such file or directory`);
  });

  it('names follow from what is there, on the way out', async () => {
    await run('--name', 'c3');
    await inside('c3', 'mkdir -p /d/sub; echo x >/d/x; ln -s /d /ld; ln -s /nowhere /dang; mkfifo /d/pipe');
    await mkdir(here('out'));
    assert.equal(await copy('c3:/d', 'out/made'), '');
    assert.equal(await copy('c3:/d', 'out/made'), '');
    assert.equal(await copy('c3:/d/.', 'out/flat'), '');
    assert.equal(await copy('c3:/d/x', 'out/file'), '');
    assert.equal(await copy('c3:/d/x', 'out'), '');
    assert.equal(await copy('c3:/ld', 'out/link'), '');
    assert.equal(await copy('-L', 'c3:/ld', 'out/followed'), '');
    assert.equal(await copy('c3:/ld/', 'out/slash'), '');
    assert.equal(await copy('c3:/dang', 'out/'), '');
    const { stdout } = await exec('find', ['.', '-printf', '%P %y %l\n'], { cwd: here('out') });
    assert.deepEqual(
      stdout
        .split('\n')
        .flatMap((line) => (/pipe|sub/.test(line) || line.trim() === 'd' ? [] : [line.trim()]))
        .toSorted(),
      [
        '',
        'dang l /nowhere',
        'file f',
        'flat d',
        'flat/x f',
        'followed d',
        'followed/x f',
        'link l /d',
        'made d',
        'made/d d',
        'made/d/x f',
        'made/x f',
        'slash d',
        'slash/x f',
        'x f',
      ],
    );
    assert.ok((await lstat(here('out/flat/pipe'))).isFIFO());
    assert.equal(await copy('c3:/d/x', 'out/none/'), '1 no such directory');
    assert.equal(await copy('c3:/d/x', 'none/x'), `1 invalid output path: directory "${here('none')}" does not exist`);
    assert.equal(await copy('c3:/d', 'out/file'), '1 cannot copy directory');
    assert.equal(await copy('c3:/none', 'out'), '1 Error response from daemon: Could not find the file /none in container c3');
    assert.equal(
      await copy('c3:/d/x', '/dev/null'),
      '1 invalid output path: "/dev/null" must be a directory or a regular file: got a device',
    );
    assert.equal(await copy('none:/x', 'out'), '1 Error response from daemon: No such container: none');
    assert.equal(await copy('a', 'b'), '1 must specify at least one container source');
    assert.equal(await copy('a:b', 'c:d'), '1 copying between containers is not supported');
    assert.equal(await copy('', 'c3:/'), '1 source can not be empty');
  });

  it('- is a tar stream, which another container may take', async () => {
    await run('--name', 'c4');
    await pier.ok('create', '--network', 'none', '--name', 'c5', 'alpine', 'cat', '/in/d/x');
    await inside('c4', 'mkdir -p /d /in; echo x >/d/x');
    await copy('src', 'c5:/in');
    const archive = await pier.ok('cp', 'c4:/d', '-');
    assert.match(archive, /^d\/\0/);
    const taken = await pier.cliWith({ input: archive }, 'cp', '-', 'c5:/in');
    assert.deepEqual([taken.exitCode, taken.stderr], [0, '']);
    assert.equal(await pier.ok('start', '-a', 'c5'), 'x');
    assert.equal((await pier.cliWith({ input: archive }, 'cp', '-', 'c4:/d/x')).stderr, 'destination "c4:/d/x" must be a directory\n');
    const cut = await pier.cliWith({ input: archive.slice(0, 700) }, 'cp', '-', 'c4:/d');
    assert.deepEqual([cut.exitCode, cut.stderr], [1, 'Error response from daemon: unexpected EOF\n']);
    // From a container into itself, by a pipe between two clients: neither may wait for the other.
    const [reader, writer] = [pier.background('cp', 'c4:/usr', '-'), pier.background('cp', '-', 'c4:/in')];
    if (reader.stdout === null || writer.stdin === null) throw new Error('no pipes');
    reader.stdout.pipe(writer.stdin);
    assert.deepEqual(await once(writer, 'exit'), [0, null]);
    assert.equal(await inside('c4', 'cd /usr && find . >/a; cd /in/usr && find . | diff /a - && echo same'), 'same');
  });

  it('containers that are created, paused or stopped take and give files, too', async () => {
    await pier.ok('create', '--network', 'none', '--name', 'c6', '--tmpfs', '/t', '-v', `${bound}:/deep/volume`, ...SLEEP);
    assert.equal(await copy('src/file', 'c6:/'), '');
    assert.equal(await copy('src/file', 'c6:/deep/volume/created'), '');
    assert.equal(await readFile(join(shared, 'created'), 'utf8'), 'hi\n');
    await pier.ok('start', 'c6');
    assert.equal(await inside('c6', 'cat /file /deep/volume/created; echo more >/file'), 'hi\nhi');
    await pier.ok('pause', 'c6');
    assert.equal(await copy('src/file', 'c6:/paused'), '');
    assert.equal(await copy('c6:/file', 'from-paused'), '');
    await pier.ok('unpause', 'c6');
    assert.equal(await inside('c6', 'cat /paused'), 'hi');
    await pier.ok('stop', '-t', '0', 'c6');
    assert.equal(await copy('src/file', 'c6:/stopped'), '');
    assert.equal(await copy('c6:/file', 'from-stopped'), '');
    assert.equal(await copy('c6:/deep/volume/created', 'from-volume'), '');
    for (const name of ['from-paused', 'from-stopped']) assert.equal(await readFile(here(name), 'utf8'), 'more\n');
    assert.equal(await readFile(here('from-volume'), 'utf8'), 'hi\n');
    await pier.ok('start', 'c6');
    assert.equal(await inside('c6', 'cat /stopped /etc/hostname | head -1'), 'hi');
  });

  it('a running container is copied to and from as it sees its mounts', { skip: IS_PEER && 'dockerd does not see a tmpfs' }, async () => {
    await run('--name', 'c7', '--read-only', '--tmpfs', '/t', '-v', `${bound}:/rw`, '-v', `${bound}:/ro:ro`);
    await inside('c7', 'echo t >/t/file');
    assert.equal(await copy('c7:/t/file', 'from-tmpfs'), '');
    assert.equal(await readFile(here('from-tmpfs'), 'utf8'), 't\n');
    assert.equal(await copy('src', 'c7:/t'), '');
    assert.equal(await copy('src/file', 'c7:/rw/arrived'), '');
    assert.equal(await inside('c7', 'cat /t/src/file /rw/arrived'), 'hi\nhi');
    assert.equal(await copy('src/file', 'c7:/'), '1 Error response from daemon: container rootfs is marked read-only');
    assert.equal(await copy('src/file', 'c7:/ro'), '1 Error response from daemon: mounted volume is marked read-only');
    await pier.ok('stop', '-t', '0', 'c7');
    assert.equal(await copy('src/file', 'c7:/'), '1 Error response from daemon: container rootfs is marked read-only');
    assert.equal(await copy('src/file', 'c7:/ro'), '1 Error response from daemon: mounted volume is marked read-only');
    assert.equal(await copy('src/file', 'c7:/rw/again'), '');
    // What the kernel and the engine show is no file of the container's.
    await run('--name', 'c8');
    assert.equal(
      await copy('c8:/proc/version', 'x'),
      '1 Error response from daemon: Could not find the file /proc/version in container c8',
    );
    assert.match(await pier.ok('cp', 'c8:/etc/hosts', '-'), /localhost/);
  });

  it('-a gives what is copied to the container’s user', async () => {
    await pier.ok('create', '--network', 'none', '--name', 'c9', '--user', 'nobody', ...SLEEP);
    await copy('src', 'c9:/plain');
    await copy('-a', 'src', 'c9:/owned');
    await pier.ok('start', 'c9');
    assert.equal(
      await inside('c9', 'stat -c "%n %u:%g" /plain /plain/file /owned /owned/file /owned/link'),
      '/plain 0:0\n/plain/file 1234:70000\n/owned 65534:65534\n/owned/file 65534:65534\n/owned/link 65534:65534',
    );
  });

  it('the header tells Go’s mode, size, time and where a link leads', async () => {
    await run('--name', 'c10');
    await inside(
      'c10',
      'mkdir /d; chmod 1777 /d; echo 12 >/d/x; chmod 4755 /d/x; ln -s x /d/l; mkfifo /d/p; ln -s l /d/ll; touch -d "1960-01-02 03:04:05" /d/x',
    );
    const told = async (path: string): Promise<unknown> => {
      const { status, headers } = await pier.daemon.api('HEAD', `/containers/c10/archive?path=${encodeURIComponent(path)}`);
      if (status !== 200) return status;
      const header: unknown = JSON.parse(Buffer.from(String(headers['x-docker-container-path-stat']), 'base64').toString());
      return header;
    };
    const at = { mtime: '1960-01-02T03:04:05Z', linkTarget: '' };
    assert.deepEqual(await told('/d/x'), { name: 'x', size: 3, mode: 0x80_01ed, ...at });
    const { name, mode } = (await told('/d/.')) as { name: string; mode: number };
    assert.deepEqual([name, mode], ['.', 0x8010_01ff]);
    assert.equal(((await told('/d/p')) as { mode: number }).mode, 0x200_01a4);
    const { linkTarget, mode: linkMode } = (await told('d/ll')) as { linkTarget: string; mode: number };
    assert.deepEqual([linkTarget, linkMode], ['/d/x', 0x800_01ff]);
    assert.deepEqual(await Promise.all(['/none', '/d/x/', '/d/x/y', ''].map(told)), [404, 500, 500, 400]);
  });

  it('progress is told on a terminal, unless -q', async () => {
    await run('--name', 'c11');
    const loud = pier.tty('cp', here('src/file'), 'c11:/x');
    await loud.until('Successfully copied 2.05kB to c11:/x');
    assert.equal(await loud.exited(), 0);
    const quiet = pier.tty('cp', '-q', here('src/file'), 'c11:/x');
    assert.equal(await quiet.exited(), 0);
    assert.equal(quiet.output, '');
  });

  it('devices, attributes, holes, long names and large owners make the round trip', async () => {
    await run('--name', 'c12');
    const deep = `${'n'.repeat(200)}/${'m'.repeat(200)}`;
    await mkdir(here(`odd/${deep}`), { recursive: true });
    await exec(
      'sh',
      [
        '-c',
        'mknod null c 1 3; mknod pipe p; touch cap plain; truncate -s 50M hole; printf end >>hole; chown 4000000000:3000000000 plain; touch "$0/leaf"',
        deep,
      ],
      { cwd: here('odd') },
    );
    setXattr(here('odd/plain'), 'user.note', Buffer.from('told'));
    setXattr(here('odd/cap'), 'security.capability', CAPABILITY);
    assert.equal(await copy('odd', 'c12:/'), '');
    assert.equal(
      await inside('c12', `stat -c "%n %t:%T %u:%g %s" /odd/null /odd/plain /odd/hole; stat -c %b /odd/hole; ls /odd/${deep}`).then(
        (text) => text.replace(/\n\d{1,4}\n/, '\nsmall\n'),
      ),
      '/odd/null 1:3 0:0 0\n/odd/plain 0:0 4000000000:3000000000 0\n/odd/hole 0:0 0:0 52428803\nsmall\nleaf',
    );
    assert.equal(await copy('c12:/odd', 'odd-back'), '');
    const { stdout } = await exec(
      'sh',
      ['-c', 'stat -c "%F %t:%T" null pipe; tail -c 3 hole; test $(stat -c %b hole) -lt 1000 && echo :holes; true'],
      { cwd: here('odd-back') },
    );
    assert.equal(stdout, `character special file 1:3\nfifo 0:0\nend${pier.client.name === 'pier' ? ':holes\n' : ''}`);
    assert.deepEqual(getXattr(here('odd-back/cap'), 'security.capability'), CAPABILITY);
    if (pier.client.name === 'pier') assert.equal(getXattr(here('odd-back/plain'), 'user.note')?.toString(), 'told');
  });

  it('an archive cannot leave the directory it is unpacked in', async () => {
    await run('--name', 'c13');
    const unpack = async (...entries: (Partial<Header> & { name: string; content?: string })[]): Promise<string> => {
      await inside('c13', 'rm -rf /e; mkdir -p /e/dir/k; echo old >/e/file');
      const body = await tarOf(entries);
      const answer = await pier.daemon.api('PUT', '/containers/c13/archive?path=/e', {
        body,
        headers: { 'content-type': 'application/x-tar' },
      });
      const found = await inside('c13', 'cd /e; find . | sort | tr "\\n" " "; ls -d /up /etc/pwn 2>/dev/null; true');
      return `${answer.status} ${found.trim()}`;
    };
    const usual = '. ./dir ./dir/k ./file';
    assert.equal(await unpack({ name: '../up', content: 'x' }), `500 ${usual}`);
    assert.equal(await unpack({ name: 'h', type: 'link', linkname: '../../etc/passwd' }), `500 ${usual}`);
    assert.equal(await unpack({ name: 'h', type: 'link', linkname: '/etc/passwd' }), `404 ${usual}`);
    assert.equal(await unpack({ name: '/abs', content: 'x' }), `200 . ./abs ./dir ./dir/k ./file`);
    // An absolute link in the archive is seen from where the archive is unpacked.
    assert.equal(
      await unpack({ name: 'l', type: 'symlink', linkname: '/etc' }, { name: 'l/pwn', content: 'x' }),
      '200 . ./dir ./dir/k ./etc ./etc/pwn ./file ./l',
    );
    assert.match(
      await unpack({ name: 'l', type: 'symlink', linkname: '..' }, { name: 'l/up', content: 'x' }),
      /^(500|200) [^u]*(\.\/up)?$/,
    );
    assert.equal(await unpack({ name: 'file/x', content: 'x' }), `500 ${usual}`);
    assert.equal(await unpack({ name: 'dir', content: 'x' }), '200 . ./dir ./file');
  });

  it('a container that swaps links meanwhile cannot lead a copy out of itself', async () => {
    const victim = await mkdtemp(join(tmpdir(), 'pt-victim-'));
    await writeFile(join(victim, 'file'), 'secret of the host\n');
    await chmod(join(victim, 'file'), 0o600);
    await pier.ok('run', '-d', '--network', 'none', '--name', 'c14', '-e', `VICTIM=${victim}`, 'alpine', 'sh', '-c', SWAP);
    const stopAt = Date.now() + 1500;
    const archive = await tarOf([
      { name: 'x/file', content: 'written by a copy', mode: 0o777 },
      { name: 'x/', type: 'directory', mode: 0o777 },
      { name: 'x/pipe', type: 'fifo', mode: 0o777 },
    ]);
    let copies = 0;
    try {
      while (Date.now() < stopAt) {
        const answers = await Promise.all([
          pier.daemon.api('PUT', '/containers/c14/archive?path=/r', { body: archive, headers: { 'content-type': 'application/x-tar' } }),
          pier.daemon.api('PUT', '/containers/c14/archive?path=/r/x', { body: archive, headers: { 'content-type': 'application/x-tar' } }),
          pier.daemon.api('GET', '/containers/c14/archive?path=/r/x/file'),
          pier.daemon.api('GET', '/containers/c14/archive?path=/r/x/'),
        ]);
        for (const { status, body } of answers) {
          if (status === 200) copies++;
          assert.ok(!body.includes('secret'), 'a file of the host came out');
        }
      }
      assert.ok(copies > 10, `only ${copies} copies succeeded`);
      assert.deepEqual(await readdir(victim), ['file']);
      assert.equal(await readFile(join(victim, 'file'), 'utf8'), 'secret of the host\n');
      assert.deepEqual([(await stat(join(victim, 'file'))).mode & 0o777, (await stat(victim)).mode & 0o777], [0o600, 0o700]);
    } finally {
      await rm(victim, { recursive: true, force: true });
    }
  });

  it(
    'a client that vanishes leaves nothing behind and holds nothing up',
    { skip: IS_PEER && 'looks for what pier would leave' },
    async () => {
      await pier.ok('create', '--network', 'none', '--name', 'c15', ...SLEEP);
      const upload = request({
        socketPath: pier.daemon.socket,
        method: 'PUT',
        path: '/v1.51/containers/c15/archive?path=/',
        headers: { 'content-type': 'application/x-tar' },
      });
      upload.on('error', () => undefined);
      upload.write((await tarOf([{ name: 'half', content: 'x'.repeat(1000) }])).subarray(0, 700));
      const download = request({ socketPath: pier.daemon.socket, method: 'GET', path: '/v1.51/containers/c15/archive?path=/' });
      download.on('error', () => undefined).end();
      const [answer] = (await once(download, 'response')) as [NodeJS.ReadableStream];
      await once(answer, 'readable');
      download.destroy();
      upload.destroy();
      await pier.ok('start', 'c15');
      const namespaces = async (): Promise<number> => {
        const links = await exec('sh', [
          '-c',
          `ls -l /proc/${pier.daemon.pid}/fd /proc/${pier.daemon.pid}/task/*/ns/mnt 2>/dev/null | grep -o "mnt:.*" | sort -u | wc -l`,
        ]);
        return Number(links.stdout);
      };
      await until(async () => (await namespaces()) === 1);
    },
  );

  it('a file that is larger than any buffer is copied while the daemon goes on answering', async () => {
    await run('--name', 'c16');
    const file = await open(here('large'), 'w');
    for (let i = 0; i < 32; i++) await file.write(Buffer.alloc(1 << 20, i + 1));
    await file.close();
    const copying = copy('large', 'c16:/large');
    await pier.daemon.api('GET', '/containers/c16/json');
    assert.equal(await copying, '');
    assert.equal(await copy('c16:/large', 'large-back'), '');
    await exec('cmp', [here('large'), here('large-back')]);
    await rm(here('large'));
    await rm(here('large-back'));
  });
});

/** A `struct vfs_cap_data` that grants CAP_NET_BIND_SERVICE. */
const CAPABILITY = Buffer.from('0100000200040000000000000000000000000000', 'hex');

/** Makes `/r/x` a directory and a link to a directory of the host's in turns, and a link to a file of its too. */
const SWAP = `mkdir -p /r /s/x; echo mine >/s/x/file; ln -s $VICTIM /s/l; cd /r
while :; do
  rm -rf x; cp -r /s/x x; rm -f x/file; ln -s $VICTIM/file x/file; rm -rf x; ln -s $VICTIM x; rm x; mkdir x; mv x y; ln -s $VICTIM x; rm -rf y x
done`;

async function tarOf(entries: readonly (Partial<Header> & { name: string; content?: string })[]): Promise<Buffer> {
  const archive = pack();
  for (const { content, ...headers } of entries) archive.entry(headers, content ?? '');
  archive.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of archive) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
