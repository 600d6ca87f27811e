// pier as a library: its examples run, importing does nothing, and what happens to containers when it closes or its host dies.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { IS_PEER } from '../harness/daemon.ts';
import { missingMaterial } from '../harness/fixture.ts';
import { PROJECT_DIR } from '../harness/images.ts';
import { marksOf, removeLeftovers, waitForNoLeftovers } from '../harness/leaks.ts';
import { Engine } from '../../src/engine.ts';

const exec = promisify(execFile);

describe('the library', { skip: missingMaterial() || (IS_PEER && 'about pier’s own library') }, () => {
  let directory = '';
  const places = (): { root: string; state: string } => ({ root: join(directory, 'root'), state: join(directory, 'state') });
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'pt-'));
  });
  after(async () => {
    const { root, state } = places();
    const left = await waitForNoLeftovers(marksOf(root, state));
    await removeLeftovers(marksOf(root, state));
    await rm(directory, { recursive: true, force: true });
    assert.deepEqual(left, []);
  });

  it('importing it makes nothing and holds nothing', async () => {
    // An import of node:process by anybody makes Node open its standard streams: that is not pier's doing.
    const script = `
      await import('node:process');
      const before = process.getActiveResourcesInfo().length;
      await import(${JSON.stringify(join(PROJECT_DIR, 'src', 'engine.ts'))});
      console.log(process.getActiveResourcesInfo().length - before, process.listenerCount('SIGTERM'), process.listenerCount('uncaughtException'));`;
    const { stdout } = await exec(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script]);
    assert.equal(stdout, '0 0 0\n');
  });

  for (const name of readdirSync(join(PROJECT_DIR, 'examples')).filter((file) => file.endsWith('.ts'))) {
    it(`examples/${name} runs`, async () => {
      const run = async (): Promise<string> =>
        (
          await exec(process.execPath, [
            '--disable-warning=ExperimentalWarning',
            ...resolvePier(),
            join(PROJECT_DIR, 'examples', name),
            directory,
          ])
        ).stdout;
      const first = await run();
      if (name === 'run.ts') assert.equal(first, 'exit code 3, said "HELLO\\n"\n');
      if (name === 'events.ts') assert.match(first, /no-such-image was not found\ncreate pier\/starter\n(.*\n)*die pier\/starter\n/);
      if (name === 'background.ts') {
        assert.match(first, /^started [0-9a-f]{12}; it runs on/);
        assert.match(await run(), /^found it running\n/);
      }
    });
  }

  it('run, read output, close: a container runs on and the next engine adopts it', async () => {
    await using first = await Engine.open(places());
    const result = await first.run({
      image: 'pier/starter',
      command: ['sh', '-c', 'cat; echo err >&2; exit 3'],
      input: 'in',
      networkMode: 'none',
    });
    assert.deepEqual([result.exitCode, result.stdout.toString(), result.stderr.toString()], [3, 'in', 'err\n']);
    const { EMPTY_SPEC } = await import('../../src/engine.ts');
    const { id } = await first.containers.create({ ...EMPTY_SPEC, image: 'pier/starter', command: ['sleep', '1000'], networkMode: 'none' });
    await first.containers.start(id);
    const { pid } = first.containers.get(id).state;
    await first.close();

    process.kill(pid, 0);
    await using second = await Engine.open(places());
    assert.deepEqual([second.containers.get(id).state.status, second.containers.get(id).state.pid], ['running', pid]);
    await second.containers.remove(id, { force: true });
  });

  it('a crash of the host process leaves containers running', async () => {
    const script = `
      import { EMPTY_SPEC, Engine } from ${JSON.stringify(join(PROJECT_DIR, 'src', 'engine.ts'))};
      const engine = await Engine.open(${JSON.stringify(places())});
      const { id } = await engine.containers.create({ ...EMPTY_SPEC, image: 'pier/starter', command: ['sleep', '1000'], networkMode: 'none' });
      await engine.containers.start(id);
      console.log(id, engine.containers.get(id).state.pid);
      setInterval(() => undefined, 1000);`;
    const host = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(host.stdout, 'data')) as [Buffer];
    const [id = '', pid = ''] = line.toString().trim().split(' ');
    host.kill('SIGKILL');
    await once(host, 'exit');
    process.kill(Number(pid), 0);
    await using engine = await Engine.open(places());
    assert.equal(engine.containers.get(id).state.pid, Number(pid));
    await engine.containers.remove(id, { force: true });
    assert.ok(!existsSync(`/proc/${pid}/exe`));
  });
});

/** Makes `import 'pier'` in the examples mean the sources. */
function resolvePier(): string[] {
  const hook = `
    import { registerHooks } from 'node:module';
    registerHooks({ resolve: (name, context, next) => next(name === 'pier' ? ${JSON.stringify(`file://${join(PROJECT_DIR, 'src', 'engine.ts')}`)} : name, context) });`;
  return ['--import', `data:text/javascript,${encodeURIComponent(hook)}`];
}
