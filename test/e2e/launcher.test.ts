/** `./pier`, as it is typed into a checkout. A copy of this one, so that nothing is built or installed here. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Client } from '../harness/clients.ts';
import { PROJECT_DIR } from '../harness/images.ts';
import { marksOf, removeLeftovers, waitForNoLeftovers } from '../harness/leaks.ts';
import { startOnTty } from '../harness/tty-session.ts';
import { until } from '../harness/until.ts';

const DEFAULT_ROOT = '/var/lib/pier';
const DEFAULT_STATE = '/run/pier';
const COPIED = ['bin', 'pier', 'src', 'tools', 'package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
/** Programs that the launcher itself uses. */
const OWN_PROGRAMS = ['bash', 'env', 'find', 'flock', 'grep', 'head', 'readlink'];

const { version } = JSON.parse(readFileSync(join(PROJECT_DIR, 'package.json'), 'utf8')) as { version: string };
const needsRoot = process.getuid?.() === 0 ? false : 'needs root';
const directory = mkdtempSync(join(tmpdir(), 'pl-'));
const checkout = join(directory, 'checkout');
const launcher = join(checkout, 'pier');

/** What a program did. */
interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function launch(
  args: readonly string[],
  { env = process.env, command = [launcher] }: { env?: NodeJS.ProcessEnv; command?: readonly string[] } = {},
): Promise<Outcome> {
  const [program = '', ...first] = command;
  return new Promise((resolve, reject) => {
    execFile(program, [...first, ...args], { env, cwd: directory, timeout: 120_000 }, (error, stdout, stderr) => {
      if (error === null) resolve({ exitCode: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ exitCode: error.code, stdout, stderr });
      else reject(error);
    });
  });
}

/** A directory for PATH that holds what the launcher needs, and these programs beside. */
function pathWith(name: string, programs: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const path = join(directory, name);
  mkdirSync(path);
  for (const program of OWN_PROGRAMS) {
    const found = (process.env['PATH'] ?? '').split(delimiter).map((entry) => join(entry, program));
    symlinkSync(found.find((candidate) => existsSync(candidate)) ?? `/bin/${program}`, join(path, program));
  }
  for (const [program, script] of Object.entries(programs)) writeFileSync(join(path, program), `#!/bin/bash\n${script}\n`, { mode: 0o755 });
  return { ...process.env, PATH: path };
}

describe('./pier', { skip: needsRoot, concurrency: false, timeout: 300_000 }, () => {
  before(() => {
    mkdirSync(checkout);
    for (const name of COPIED) cpSync(join(PROJECT_DIR, name), join(checkout, name), { recursive: true });
    symlinkSync(join(PROJECT_DIR, 'node_modules'), join(checkout, 'node_modules'));
    // The copy has no history: nothing in it shall look newer than what is installed.
    utimesSync(join(checkout, 'package-lock.json'), 0, 0);
    chmodSync(directory, 0o755);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('builds what is missing, says so on standard error, and runs pier', async () => {
    const expected = { exitCode: 0, stdout: `pier version ${version}\n` };
    assert.deepEqual(await launch(['--version']), { ...expected, stderr: 'pier: building dist from src\n' });
    assert.deepEqual(await launch(['--version']), { ...expected, stderr: '' });
  });

  it('builds again when a source is newer than the build, and not when it is not', async () => {
    const path = join(checkout, 'src', 'base', 'version.ts');
    const source = readFileSync(path, 'utf8');
    writeFileSync(path, source.replace(version, `${version}-changed`));
    const built = await launch(['--version']);
    assert.match(built.stderr, /building dist/);
    assert.equal(built.stdout, `pier version ${version}-changed\n`);
    assert.equal((await launch(['--version'])).stderr, '');
    writeFileSync(path, source);
    assert.match((await launch(['--version'])).stderr, /building dist/);
  });

  it('runs through a symbolic link, in the directory it was called from', async () => {
    const link = join(directory, 'link');
    symlinkSync('checkout/pier', link);
    assert.equal((await launch(['--version'], { command: [link] })).stdout, `pier version ${version}\n`);
    const missing = await launch(['load', '-i', 'no-such.tar'], { command: [link] });
    assert.match(missing.stderr, /no-such\.tar/);
  });

  // Node read the file first, died of a missing one and took NODE_OPTIONS from others.
  it('leaves --env-file to pier', async () => {
    const { exitCode, stderr } = await launch(['run', '--env-file', '/no/such.env', 'alpine']);
    assert.deepEqual(
      { exitCode, firstLine: stderr.split('\n')[0] },
      { exitCode: 125, firstLine: 'pier: open /no/such.env: no such file or directory' },
    );
  });

  // It refused everybody but root, even those who only wanted to talk to a daemon elsewhere.
  it('asks for root to start a daemon, and not to talk to one', async () => {
    const command = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', launcher];
    const env = { ...process.env, HOME: '/nonexistent' };
    const own = await launch(['ps'], { command, env });
    assert.deepEqual({ exitCode: own.exitCode, stdout: own.stdout }, { exitCode: 1, stdout: '' });
    assert.match(own.stderr, /needs root for now: run pier as root, or with sudo\n$/);
    const other = await launch(['ps'], { command, env: { ...env, DOCKER_HOST: 'unix:///nowhere.sock' } });
    assert.equal(other.stderr, 'Cannot connect to the pier daemon at unix:///nowhere.sock. Is the pier daemon running?\n');
    assert.equal((await launch(['--version'], { command, env })).stdout, `pier version ${version}\n`);
  });

  it('asks for root to set itself up', async () => {
    const source = join(checkout, 'src', 'cli', 'bin.ts');
    const later = new Date(Date.now() + 60_000);
    const { atime, mtime } = statSync(source);
    utimesSync(source, later, later);
    const { exitCode, stderr } = await launch(['ps'], {
      command: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', launcher],
    });
    utimesSync(source, atime, mtime);
    assert.deepEqual(
      { exitCode, stderr },
      { exitCode: 125, stderr: 'pier: needs root to set itself up: run it once as root, or with sudo\n' },
    );
  });

  it('asks for root for a daemon', async () => {
    const { exitCode, stderr } = await launch(['daemon', '--root', join(directory, 'root')], {
      command: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, join(checkout, 'bin', 'pier.js')],
    });
    assert.deepEqual({ exitCode, stderr }, { exitCode: 1, stderr: 'pier daemon: needs root for now: run it as root, or with sudo\n' });
  });

  it('names what it installs, and installs it after fetching the list of packages', async () => {
    const log = join(directory, 'apt.log');
    // Fails until there is a list, as on a fresh machine; then brings one program.
    const aptGet = `echo "$@" >>${log}; case $1 in update) : >${log}.list;; *) [ -e ${log}.list ];; esac`;
    const env = pathWith('apt', { 'apt-get': aptGet, ps: '', crun: '' });
    const { exitCode, stdout, stderr } = await launch(['--version'], { env });
    assert.deepEqual({ exitCode, stdout }, { exitCode: 0, stdout: `pier version ${version}\n` });
    assert.match(stderr, /^pier: installing with apt-get: conmon.*\n$/);
    assert.match(readFileSync(log, 'utf8'), /^install -y .* conmon.*\nupdate .*\ninstall -y .* conmon.*\n$/);
  });

  it('says what to install where there is no apt-get', async () => {
    const { exitCode, stdout, stderr } = await launch(['ps'], { env: pathWith('no-apt', {}) });
    assert.deepEqual({ exitCode, stdout }, { exitCode: 125, stdout: '' });
    assert.match(stderr, /^pier: these are missing, under the names that Debian has for them: crun conmon .*procps\. Install them .*\n$/);
  });

  describe('without a daemon', { skip: existsSync(DEFAULT_ROOT) && 'this machine has an engine of its own' }, () => {
    const [root, state] = [join(directory, 'root'), join(directory, 'state')];
    // The default directories are this test's own, in a mount namespace that nobody else sees.
    const script = 'mount --bind "$1" "$2" && mount --bind "$3" "$4" && shift 4 && exec env -u DOCKER_HOST "$@"';
    const inNamespace = [
      'unshare',
      '--mount',
      '--propagation',
      'private',
      'bash',
      '-c',
      script,
      'bash',
      root,
      DEFAULT_ROOT,
      state,
      DEFAULT_STATE,
    ];
    const client: Client = { name: 'pier', command: [...inNamespace, launcher], env: {} };
    before(() => {
      for (const path of [root, state, DEFAULT_ROOT, DEFAULT_STATE]) mkdirSync(path, { recursive: true });
    });
    after(async () => {
      const left = await endDaemon();
      for (const path of [DEFAULT_ROOT, DEFAULT_STATE]) rmSync(path, { recursive: true, force: true });
      assert.deepEqual(left, []);
    });

    it('starts one, and opens a shell in a container', async () => {
      await using session = startOnTty(client, ['run', '--rm', '-ti', 'pier/starter'], { host: '' });
      await session.until('# ');
      await session.command('echo $((6 * 7)) from $(hostname)', /\n42 from [0-9a-f]{12}\r/);
      session.write('exit 5\n');
      assert.equal(await session.exited(), 5);
    });

    it('uses it from then on', async () => {
      const command = [...inNamespace, launcher];
      assert.deepEqual(await launch(['run', '--rm', 'pier/starter', 'echo', 'hi'], { command }), {
        exitCode: 0,
        stdout: 'hi\n',
        stderr: '',
      });
      assert.equal(daemons().length, 1);
    });
  });
});

/** Pids of daemons that were started from the copy. */
function daemons(): number[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const isOurs = /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, 'utf8').includes(`${checkout}/bin/pier.js\0daemon`);
      return isOurs ? [Number(name)] : [];
    } catch {
      return []; // It has ended.
    }
  });
}

async function endDaemon(): Promise<string[]> {
  for (const pid of daemons()) process.kill(pid, 'SIGTERM');
  await until(() => daemons().length === 0);
  const marks = marksOf(DEFAULT_ROOT, DEFAULT_STATE);
  const left = await waitForNoLeftovers(marks);
  if (left.length > 0) await removeLeftovers(marks);
  return left;
}
