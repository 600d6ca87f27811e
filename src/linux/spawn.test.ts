import assert from 'node:assert/strict';
import { openSync, closeSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { SyscallError } from '../base/errors.ts';
import { openPipe, readablePipe } from './pipe.ts';
import { spawnProcess } from './spawn.ts';

const ENV = ['PATH=/usr/bin:/bin'];

async function outputOf(script: string): Promise<string> {
  const pipe = openPipe();
  spawnProcess({ file: '/bin/sh', args: ['-c', script], env: ENV, fds: { 1: pipe.writeFd } });
  closeSync(pipe.writeFd);
  const chunks: Buffer[] = [];
  const output: AsyncIterable<Buffer> = readablePipe(pipe.readFd);
  for await (const chunk of output) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

describe('spawnProcess()', () => {
  it('reports exit codes and signals, also of many at once', async () => {
    const statuses = await Promise.all(
      ['exit 0', 'exit 7', 'kill -9 $$', 'kill -TERM $$'].map(
        (script) => spawnProcess({ file: '/bin/sh', args: ['-c', script], env: ENV }).exited,
      ),
    );
    assert.deepEqual(statuses, [
      { code: 0, signal: undefined },
      { code: 7, signal: undefined },
      { code: undefined, signal: 'SIGKILL' },
      { code: undefined, signal: 'SIGTERM' },
    ]);
  });

  it('gives the child only the descriptors that are named', async () => {
    const fd = openSync('/dev/null', 'r');
    const listed = (await outputOf('ls /proc/self/fd')).trim().split('\n').map(Number);
    closeSync(fd);
    // ls itself opens the directory, as 3.
    assert.deepEqual(listed, [0, 1, 2, 3]);
  });

  it('passes no signal on that this process ignores', async () => {
    // Node ignores SIGPIPE; an ignored signal would stay ignored across exec.
    assert.match(readFileSync('/proc/self/status', 'utf8'), /SigIgn:\s*[0-9a-f]+[13579bdf][0-9a-f]{3}\n/);
    assert.match(await outputOf('cat /proc/self/status'), /SigIgn:\s*0*(?:18)?0+\n/);
  });

  it('starts where it is told', async () => {
    const process = spawnProcess({ file: '/bin/sh', args: ['-c', '[ "$(pwd)" = /usr ]'], env: ENV, cwd: '/usr' });
    assert.deepEqual(await process.exited, { code: 0, signal: undefined });
  });

  it('inherits nothing of the environment', async () => {
    assert.equal(await outputOf('env | grep -v -e ^PWD= -e ^_= -e ^SHLVL='), 'PATH=/usr/bin:/bin\n');
  });

  // A daemon once ended at its start with "unsettled top-level await": it waited for a child and nothing else.
  it('keeps the event loop alive until the child has ended', async () => {
    const script = `import { spawnProcess } from '${import.meta.resolve('./spawn.ts')}';
      const { code } = await spawnProcess({ file: '/bin/sh', args: ['-c', 'sleep 0.2; exit 6'], env: ${JSON.stringify(ENV)} }).exited;
      process.exit(code);`;
    const child = spawnProcess({ file: process.execPath, args: ['--input-type=module', '-e', script], env: ENV });
    assert.deepEqual(await child.exited, { code: 6, signal: undefined });
  });

  it('says which program is missing', () => {
    assert.throws(
      () => spawnProcess({ file: '/nonexistent', args: [], env: [] }),
      (error) => error instanceof SyscallError && error.errno === 'ENOENT' && error.path === '/nonexistent',
    );
  });
});
