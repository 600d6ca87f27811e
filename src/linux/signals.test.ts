import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSignal, signalNameOf } from './signals.ts';

describe('parseSignal()', () => {
  it('reads signals as people write them', () => {
    const cases: [string, number | undefined][] = [
      ['TERM', 15],
      ['SIGTERM', 15],
      ['sigkill', 9],
      ['15', 15],
      ['64', 64],
      ['RTMIN', 34],
      ['SIGRTMIN+3', 37],
      ['RTMAX-1', 63],
      ['0', undefined],
      ['65', undefined],
      ['RTMIN+40', undefined],
      ['NOPE', undefined],
      ['', undefined],
    ];
    for (const [text, number] of cases) assert.equal(parseSignal(text), number, text);
  });

  it('is the inverse of signalNameOf()', () => {
    for (let number = 1; number <= 64; number++) {
      if (number !== 32 && number !== 33) assert.equal(parseSignal(signalNameOf(number)), number, signalNameOf(number));
    }
  });
});
