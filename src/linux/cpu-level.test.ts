import assert from 'node:assert/strict';
import { it } from 'node:test';
import { x86Level } from './cpu-level.ts';

const SECOND = 'cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3';
const THIRD = `${SECOND} abm avx avx2 bmi1 bmi2 f16c fma movbe xsave`;

it('x86Level() counts the levels that are there in full, from the first on', () => {
  const levelOf = (flags: string): number => x86Level(`processor\t: 0\nflags\t\t: fpu ${flags}\n\nprocessor\t: 1\n`);
  assert.equal(levelOf('sse2'), 1);
  assert.equal(levelOf(SECOND), 2);
  assert.equal(levelOf(SECOND.replace('popcnt ', '')), 1);
  assert.equal(levelOf(THIRD), 3);
  assert.equal(levelOf(`${SECOND} avx512f avx512bw avx512cd avx512dq avx512vl`), 2);
  assert.equal(levelOf(`${THIRD} avx512f avx512bw avx512cd avx512dq avx512vl`), 4);
});
