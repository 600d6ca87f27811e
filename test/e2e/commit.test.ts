// diff, commit and export: what a container changed, as a list, as an image and as an archive.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { promisify } from 'node:util';
import { getXattr } from '../../src/linux/index.ts';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients } from '../harness/fixture.ts';
import { until } from '../harness/until.ts';

const exec = promisify(execFile);

/** Changes of every kind: opaque and removed directories, whiteouts, hard links, other types, owners, modes. */
const CHANGE = `rm -r /home /media/cdrom /mnt /var/cache; mkdir /home /var/cache; touch /home/x; rm /etc/motd; echo new >/etc/passwd-new
  echo >/mnt; mknod /opt/null c 1 3; mkdir -p /opt/q/w; echo f >/opt/q/f; ln /opt/q/f /opt/q/g; chown 1:70000 /usr/lib; chmod 700 /srv
  chmod 644 /etc/shadow; ln -sf /x /etc/localtime; echo >"/tmp/a b"; touch -d "2020-01-01 00:00:00" /etc/group; mkdir /etc/periodic/new`;
const CHANGES = `A /etc/localtime
A /etc/passwd-new
A /etc/periodic/new
A /home/x
A /opt/null
A /opt/q
A /opt/q/f
A /opt/q/g
A /opt/q/w
A /tmp/a b
C /etc
C /etc/group
C /etc/periodic
C /etc/shadow
C /home
C /media
C /mnt
C /opt
C /srv
C /tmp
C /usr
C /usr/lib
C /var
C /var/cache
D /etc/motd
D /media/cdrom
D /var/cache/apk
D /var/cache/misc`;

describeWithClients('diff, commit and export', (pier) => {
  let directory = '';
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pt-commit-'));
  });
  after(() => rm(directory, { recursive: true, force: true }));
  const sleeper = async (name: string, ...args: string[]): Promise<void> =>
    void (await pier.ok('run', '-d', '--network', 'none', '--name', name, ...args, 'alpine', 'sleep', '100000'));
  const runOnce = async (image: string, script: string): Promise<string> =>
    await pier.ok('run', '--rm', '--network', 'none', '--entrypoint', 'sh', image, '-c', script);

  it('diff tells every kind of change, and nothing of what the engine made', async () => {
    await pier.ok('create', '--network', 'none', '--name', 'd1', 'alpine', 'true');
    assert.equal(await pier.ok('diff', 'd1'), '');
    assert.equal((await pier.daemon.api('GET', '/containers/d1/changes')).body.toString().trim(), 'null');
    await pier.ok('start', '-a', 'd1');
    assert.equal(await pier.ok('diff', 'd1'), '');
    await sleeper('d2', '--tmpfs', '/t');
    await pier.ok('exec', 'd2', 'sh', '-c', `${CHANGE}; echo >/t/unseen`);
    const lines = (await pier.ok('diff', 'd2')).split('\n');
    assert.equal(lines.toSorted().join('\n'), ['A /t', ...CHANGES.split('\n')].toSorted().join('\n'));
    // A directory comes before what it holds.
    assert.ok(lines.indexOf('C /etc') < lines.indexOf('C /etc/periodic'));
    assert.ok(lines.indexOf('C /etc/periodic') < lines.indexOf('A /etc/periodic/new'));
    assert.equal((await pier.cli('diff', 'none')).stderr, 'Error response from daemon: No such container: none\n');
  });

  it('a commit holds the changes, and no more', async () => {
    await sleeper('d3');
    await pier.ok('exec', 'd3', 'sh', '-c', CHANGE);
    const id = await pier.ok('commit', 'd3', 'made:1');
    assert.match(id, /^sha256:[0-9a-f]{64}$/);
    const script = `ls /home /media /var/cache | tr '\\n' ' '; ls /etc/motd 2>&1; cat /mnt; stat -c "%n %F %a %u:%g %h %t:%T" /opt/null /opt/q/f /usr/lib /srv /etc/shadow; cat "/tmp/a b"; readlink /etc/localtime`;
    assert.equal(await runOnce('made:1', script), await pier.ok('exec', 'd3', 'sh', '-c', script));
    await pier.ok('create', '--network', 'none', '--name', 'd4', 'made:1', 'true');
    assert.equal(await pier.ok('diff', 'd4'), '');
    // A container that has changed nothing adds a layer of nothing.
    await pier.ok('start', '-a', 'd4');
    assert.equal(await pier.ok('diff', 'd4'), '');
    await pier.ok('commit', 'd4', 'made:2');
    assert.equal((await pier.ok('history', '--format', '{{.Size}}', 'made:2')).split('\n')[0], '0B');
    await pier.ok('rm', 'd4');
    await pier.ok('rmi', 'made:2', 'made:1');
  });

  it('the config is the container’s, with what -c says', async () => {
    const args = ['-e', 'A=1', '-l', 'lab=con', '--entrypoint', '/bin/sleep', '-w', '/w', '--stop-signal', 'USR1', '-h', 'hh'];
    await pier.ok('run', '-d', '--network', 'none', '--name', 'd5', ...args, 'alpine', '100000');
    const changes = [
      'ENV B=2 C=$A',
      'LABEL q=w',
      'CMD ["5"]',
      'EXPOSE 9/udp',
      'USER nobody',
      'WORKDIR rel',
      'STOPSIGNAL 9',
      'ONBUILD RUN x',
      'HEALTHCHECK --retries=3 CMD false',
      'VOLUME /v',
    ];
    await pier.ok('commit', '-a', 'Me <m@x>', '-m', 'said', ...changes.flatMap((change) => ['-c', change]), 'd5', 'made:3');
    const [image] = JSON.parse(await pier.ok('image', 'inspect', 'made:3')) as [
      Record<string, unknown> & { Config: Record<string, unknown> },
    ];
    const { Config, Author, Comment, Parent } = image;
    assert.deepEqual([Author, Comment], ['Me <m@x>', 'said']);
    assert.equal(Parent, JSON.parse(await pier.ok('inspect', '--format', '{{json .Image}}', 'd5')));
    assert.deepEqual(
      Object.fromEntries(
        Object.entries(Config)
          .filter(([key]) => !/^(Hostname|Image)$/.test(key))
          .filter(([, value]) => value !== '' && value !== null && value !== false),
      ),
      {
        Cmd: ['5'],
        Entrypoint: ['/bin/sleep'],
        Env: ['A=1', 'B=2', 'C=1'],
        ExposedPorts: { '9/udp': {} },
        Healthcheck: { Retries: 3, Test: ['CMD-SHELL', 'false'] },
        Labels: { lab: 'con', q: 'w' },
        OnBuild: ['RUN x'],
        StopSignal: '9',
        User: 'nobody',
        Volumes: { '/v': {} },
        WorkingDir: '/w/rel',
      },
    );
    assert.equal(
      (await pier.ok('history', '--no-trunc', '--format', '{{.CreatedBy}}|{{.Comment}}', 'made:3')).split('\n')[0],
      '100000|said',
    );
    await pier.ok('commit', '-c', 'ENTRYPOINT ["x"]', 'd5', 'made:4');
    assert.equal(await pier.ok('image', 'inspect', '-f', '{{json .Config.Entrypoint}} {{json .Config.Cmd}}', 'made:4'), '["x"] null');
    const refused = async (...words: string[]): Promise<string> => (await pier.cli('commit', ...words)).stderr;
    assert.equal(await refused('-c', 'RUN x', 'd5'), 'Error response from daemon: RUN is not a valid change command\n');
    assert.equal(await refused('-c', 'ENV', 'd5'), 'Error response from daemon: ENV requires at least one argument\n');
    assert.equal(await refused('none'), 'Error response from daemon: No such container: none\n');
    assert.match(await refused('d5', 'UP:x'), /repository name \(library\/UP\) must be lowercase/);
    await pier.ok('rmi', 'made:3', 'made:4');
  });

  it('a running container is paused meanwhile, unless told not to, and says what happened', async () => {
    await sleeper('d6');
    const since = Math.floor(Date.now() / 1000) - 1;
    await pier.ok('commit', '-m', 'why', 'd6', 'made:5');
    await pier.ok('commit', '--pause=false', 'd6', 'made:6');
    await pier.ok('pause', 'd6');
    await pier.ok('commit', 'd6', 'made:7');
    assert.equal(await pier.ok('inspect', '-f', '{{.State.Status}}', 'd6'), 'paused');
    await pier.ok('unpause', 'd6');
    const format = '{{.Action}} {{.Actor.Attributes.comment}} {{.Actor.Attributes.imageRef}}';
    const events = await pier.ok(
      'events',
      '--since',
      String(since),
      '--until',
      String(Math.floor(Date.now() / 1000) + 1),
      '--filter',
      'container=d6',
      '--format',
      format,
    );
    const seen = events.split('\n').map((line) => line.replaceAll('<no value>', '').trim());
    assert.deepEqual(seen.slice(seen.indexOf('start') + 1), [
      'pause',
      'unpause',
      'commit why made:5',
      'commit  made:6',
      'pause',
      'commit  made:7',
      'unpause',
    ]);
    await pier.ok('rmi', 'made:5', 'made:6', 'made:7');
  });

  it('an export is an archive that GNU tar reads back, whatever is in it', async () => {
    await sleeper('d7');
    const long = `${'n'.repeat(200)}/${'m'.repeat(200)}`;
    await pier.ok(
      'exec',
      'd7',
      'sh',
      '-c',
      `mkdir -p /x/${long} && cd /x && touch ${long}/leaf && echo a >a && ln a b && ln -s a l && mkfifo p && mknod n c 1 3 && truncate -s 5M hole && chown 4000000000:70000 a && chmod 4711 a && touch c`,
    );
    const file = join(directory, 'export.tar');
    for (const state of ['running', 'stopped']) {
      if (state === 'stopped') await pier.ok('stop', '-t', '0', 'd7');
      await pier.ok('export', '-o', file, 'd7');
      const target = await mkdtemp(join(directory, 'x-'));
      await exec('tar', ['-xpf', file, '-C', target, '--xattrs', 'x']);
      const { stdout } = await exec('sh', ['-c', `stat -c "%n %F %a %u:%g %h %s" a b l p n hole ${long}/leaf; readlink l`], {
        cwd: join(target, 'x'),
      });
      assert.equal(
        stdout,
        `a regular file 4711 4000000000:70000 2 2\nb regular file 4711 4000000000:70000 2 2\nl symbolic link 777 0:0 1 1\np fifo 644 0:0 1 0\nn character special file 644 0:0 1 0\nhole regular file 644 0:0 1 5242880\n${long}/leaf regular empty file 644 0:0 1 0\na\n`,
        state,
      );
      assert.equal(getXattr(join(target, 'x', 'c'), 'user.none'), undefined);
    }
    assert.equal((await readFile(file)).subarray(257, 262).toString(), 'ustar');
    const terminal = pier.tty('export', 'd7');
    await terminal.until('cowardly refusing to save to a terminal. Use the -o flag or redirect');
    assert.equal(await terminal.exited(), 1);
  });

  it(
    'a client that goes away in the middle of an export leaves nothing mounted',
    { skip: IS_PEER && 'looks for what pier mounts' },
    async () => {
      await pier.ok('create', '--network', 'none', '--name', 'd8', 'alpine', 'true');
      const download = request({ socketPath: pier.daemon.socket, path: '/v1.51/containers/d8/export' });
      download.on('error', () => undefined).end();
      const [answer] = (await once(download, 'response')) as [NodeJS.ReadableStream];
      await once(answer, 'readable');
      const mounts = async (): Promise<string> =>
        (await readFile('/proc/self/mountinfo', 'utf8'))
          .split('\n')
          .filter((line) => line.includes(pier.daemon.state))
          .join('\n');
      assert.match(await mounts(), /export-/);
      download.destroy();
      await until(async () => (await mounts()) === '');
    },
  );
});
