/** What `npm pack` makes of this checkout is installed elsewhere and used as a person would use it. */
import assert from 'node:assert/strict';
import { execFile, execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { api } from '../harness/http.ts';
import { PROJECT_DIR } from '../harness/images.ts';
import { marksOf, removeLeftovers, waitForNoLeftovers } from '../harness/leaks.ts';
import { until } from '../harness/until.ts';

const { version } = JSON.parse(readFileSync(join(PROJECT_DIR, 'package.json'), 'utf8')) as { version: string };
const needsRoot = process.getuid?.() === 0 ? false : 'needs root';
const PRETEND_TO_BE_OLD = `data:text/javascript,Object.defineProperty(process, 'versions', { value: { node: '20.1.0' } })`;
/** What a package is made of. */
const PACKED = 'bin contrib src tools package.json tsconfig.json tsconfig.build.json README.md CHANGELOG.md LICENSE'.split(' ');
const NPM_FLAGS = ['--prefer-offline', '--no-audit', '--no-fund', '--no-update-notifier', '--loglevel=error'];

const directory = mkdtempSync(join(tmpdir(), 'pp-'));
const tarball = join(directory, `pier-${version}.tgz`);
const pier = join(directory, 'prefix', 'bin', 'pier');
// The installed command begins with `#!/usr/bin/env -S node --`: the Node that runs this test is the one it finds.
const env = { ...process.env, PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter) };

/** What a program did. */
interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function execute(program: string, args: readonly string[], cwd: string = directory): Promise<Outcome> {
  try {
    const { stdout, stderr } = await promisify(execFile)(program, args, { env, cwd, timeout: 180_000 });
    return { exitCode: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: unknown; stdout?: string; stderr?: string };
    if (typeof code !== 'number') throw error;
    return { exitCode: code, stdout, stderr };
  }
}

async function succeed(program: string, args: readonly string[], cwd?: string): Promise<string> {
  const { exitCode, stdout, stderr } = await execute(program, args, cwd);
  assert.equal(exitCode, 0, `${program} ${args.join(' ')}:\n${stdout}${stderr}`);
  return stdout;
}

/** A Node of the machine's that is too old for pier. */
function findOldNode(): string | undefined {
  const candidates = ['/usr/bin', '/usr/local/bin', ...(process.env['PATH'] ?? '').split(delimiter)].map((path) => join(path, 'node'));
  return candidates.find(
    (path) => existsSync(path) && Number(/\d+/.exec(execFileSync(path, ['--version'], { encoding: 'utf8' }))?.[0]) < 24,
  );
}

/** Ends what was started in a place, and fails if anything of it is left on the machine. */
async function assertNothingLeft(root: string, state: string): Promise<void> {
  const marks = marksOf(root, state);
  const left = await waitForNoLeftovers(marks);
  if (left.length > 0) await removeLeftovers(marks);
  assert.deepEqual(left, []);
}

// One after the other: they share one installation.
describe('the npm package', { skip: needsRoot, concurrency: false, timeout: 300_000 }, () => {
  before(async () => {
    // Packing builds first (scripts.prepack): in a copy, because other tests may run from this checkout's dist.
    const copy = join(directory, 'copy');
    for (const name of PACKED) cpSync(join(PROJECT_DIR, name), join(copy, name), { recursive: true });
    symlinkSync(join(PROJECT_DIR, 'node_modules'), join(copy, 'node_modules'));
    await succeed('npm', ['pack', '--pack-destination', directory, ...NPM_FLAGS], copy);
    await succeed('npm', ['install', '-g', '--prefix', join(directory, 'prefix'), tarball, ...NPM_FLAGS]);
  });
  after(() => rmSync(directory, { recursive: true, force: true }));

  it('holds what is needed at run time and no sources', async () => {
    const files = (await succeed('tar', ['tf', tarball])).split('\n').map((path) => path.replace('package/', ''));
    for (const path of [
      'LICENSE',
      'README.md',
      'CHANGELOG.md',
      'bin/pier.js',
      'dist/engine.js',
      'dist/engine.d.ts',
      'contrib/systemd/pier.service',
    ])
      assert.ok(files.includes(path), `${path} is not in the package`);
    assert.deepEqual(
      files.filter((path) => /^(src|test|tools|node_modules)\/|\.test\.|\.contract\.|(?<!\.d)\.ts$/.test(path)),
      [],
    );
  });

  it('says its version', async () => {
    assert.equal(await succeed(pier, ['--version']), `pier version ${version}\n`);
  });

  it('runs a container through a daemon', async () => {
    const [root, state] = [join(directory, 'root'), join(directory, 'state')];
    const host = `unix://${directory}/d.sock`;
    const daemon = spawn(pier, ['daemon', '--root', root, '--state', state, '-H', host], { env, stdio: ['ignore', 'ignore', 'pipe'] });
    const log = collect(daemon);
    try {
      await until(() => answers(`${directory}/d.sock`), log);
      const ran = await execute(pier, ['-H', host, 'run', '--rm', 'pier/starter', 'sh', '-c', 'echo from a container; exit 7']);
      assert.deepEqual(ran, { exitCode: 7, stdout: 'from a container\n', stderr: '' });
      assert.match(await succeed(pier, ['-H', host, 'images']), /^pier\/starter +latest /m);
    } finally {
      daemon.kill('SIGTERM');
      if (daemon.exitCode === null) await once(daemon, 'exit');
    }
    assert.equal(daemon.exitCode, 0, log());
    await assertNothingLeft(root, state);
  });

  it('refuses an old Node in one line', async () => {
    const oldNode = findOldNode();
    // Where the machine has none, this one says that it is old.
    const [program = '', ...args] = oldNode === undefined ? [process.execPath, '--import', PRETEND_TO_BE_OLD] : [oldNode];
    const { exitCode, stdout, stderr } = await execute(program, [...args, pier, 'ps']);
    assert.deepEqual({ exitCode, stdout }, { exitCode: 125, stdout: '' });
    assert.match(stderr, /^pier: needs Node\.js 24\.9 or newer, this is \d+\.\d+\.\d+ .*\n$/);
  });

  describe('as a library', () => {
    const app = join(directory, 'app');
    before(async () => {
      mkdirSync(app);
      writeFileSync(join(app, 'package.json'), '{ "type": "module" }');
      await succeed('npm', ['install', tarball, ...NPM_FLAGS], app);
      cpSync(join(PROJECT_DIR, 'examples'), join(app, 'examples'), { recursive: true });
    });

    it('does nothing when it is imported', async () => {
      const program = `await import('pier'); await import('pier/client');
        console.log(process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap'), process.eventNames().length);`;
      const bare = `console.log([], process.eventNames().length);`;
      const run = async (text: string): Promise<string> => await succeed('node', ['--input-type=module', '-e', text], app);
      assert.equal(await run(program), await run(bare));
    });

    it('has types that a strict program compiles with', async () => {
      symlinkSync(join(PROJECT_DIR, 'node_modules', '@types'), join(app, 'node_modules', '@types'));
      const flags = ['--noEmit', '--strict', '--target', 'es2024', '--lib', 'es2024,esnext.disposable', '--module', 'nodenext'];
      const files = globSync('examples/*.ts', { cwd: app });
      const compiler = join(PROJECT_DIR, 'node_modules', '@typescript', 'native', 'bin', 'tsc');
      await succeed(process.execPath, [compiler, ...flags, '--types', 'node', '--allowImportingTsExtensions', ...files], app);
    });

    it('runs examples/run.ts', async () => {
      const place = join(directory, 'run');
      assert.equal(await succeed('node', ['examples/run.ts', place], app), 'exit code 3, said "HELLO\\n"\n');
      await assertNothingLeft(join(place, 'root'), join(place, 'state'));
    });

    it('runs examples/events.ts', async () => {
      const place = join(directory, 'events');
      const expected = ['create', 'attach', 'start', 'die', 'destroy'].map((action) => `${action} pier/starter`);
      const lines = (await succeed('node', ['examples/events.ts', place], app)).trimEnd().split('\n');
      assert.equal(lines[0], 'no-such-image was not found');
      assert.deepEqual(lines.slice(1).toSorted(), expected.toSorted());
      await assertNothingLeft(join(place, 'root'), join(place, 'state'));
    });

    it('runs examples/service.ts', async () => {
      const place = join(directory, 'service');
      const lines = (await succeed('node', ['examples/service.ts', place], app)).trimEnd().split('\n');
      assert.deepEqual(lines, [
        'health_status: healthy',
        '1 process of 20, limit 67108864 bytes',
        'added /data',
        'the image says "prepared\\n"',
      ]);
      await assertNothingLeft(join(place, 'root'), join(place, 'state'));
    });

    it('runs examples/background.ts: its container outlives the program', async () => {
      const place = join(directory, 'background');
      assert.match(await succeed('node', ['examples/background.ts', place], app), /^started [0-9a-f]{12};/);
      assert.match(await succeed('node', ['examples/background.ts', place], app), /^found it running\n.*\d\d:\d\d:\d\d.*\n$/);
      await assertNothingLeft(join(place, 'root'), join(place, 'state'));
    });
  });
});

function collect(daemon: ChildProcess): () => string {
  let text = '';
  daemon.stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}

async function answers(socketPath: string): Promise<boolean> {
  return await api(socketPath, 'GET', '/_ping', { version: '' }).then(
    ({ status }) => status === 200,
    () => false,
  );
}
