import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PierError } from '../base/errors.ts';
import { filterThrough } from './filter-through.ts';
import { until } from '../../test/harness/until.ts';

async function* pieces(count: number): AsyncGenerator<Buffer> {
  for (let i = 0; i < count; i++) yield Buffer.from(`${i}\n`);
}

async function textOf(output: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of output) text += chunk.toString();
  return text;
}

it('filterThrough() gives what the program makes of the input', async () => {
  assert.equal(await textOf(filterThrough('/usr/bin/tr', ['0-9', 'a-j'], pieces(3))), 'a\nb\nc\n');
});

it('filterThrough() fails with what the program complains of, and with what its input throws', async () => {
  await assert.rejects(
    textOf(filterThrough('/bin/sh', ['-c', 'cat >/dev/null; echo no good >&2; exit 3'], pieces(3))),
    (error) => error instanceof PierError && error.code === 'InvalidArgument' && error.message === 'no good',
  );
  await assert.rejects(textOf(filterThrough('/no/such/program', [], pieces(1))), /ENOENT/);
  async function* broken(): AsyncGenerator<Buffer> {
    yield Buffer.from('begun');
    throw new Error('cable cut');
  }
  await assert.rejects(textOf(filterThrough('/bin/cat', [], broken())), /cable cut/);
});

it('filterThrough() ends the program when its reader leaves', async () => {
  const output = filterThrough('/bin/sh', ['-c', 'echo $$; exec cat >/dev/null'], pieces(1_000_000));
  const { value } = await output.next();
  const pid = Number(String(value));
  await output.return(undefined);
  await until(() => {
    try {
      process.kill(pid, 0);
      return false;
    } catch {
      return true;
    }
  });
});
