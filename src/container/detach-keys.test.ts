import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PierError } from '../base/errors.ts';
import { DetachScanner, parseDetachKeys } from './detach-keys.ts';

describe('parseDetachKeys()', () => {
  it('reads control keys and characters', () => {
    assert.deepEqual([...parseDetachKeys(undefined)], [16, 17]);
    assert.deepEqual([...parseDetachKeys('ctrl-a,x,ctrl-@,ctrl-[')], [1, 'x'.charCodeAt(0), 0, 27]);
    assert.equal(parseDetachKeys('').length, 0);
  });

  it('refuses what is no key', () => {
    assert.throws(
      () => parseDetachKeys('ctrl-aa'),
      (error) => error instanceof PierError && error.reason === 'container.bad-detach-keys',
    );
  });
});

describe('DetachScanner', () => {
  const scan = (...pieces: string[]): { text: string; isDetach: boolean } => {
    const scanner = new DetachScanner(parseDetachKeys('ctrl-p,ctrl-q'));
    const results = pieces.map((piece) => scanner.scan(Buffer.from(piece, 'latin1')));
    return { text: results.map(({ passed }) => passed.toString('latin1')).join(''), isDetach: results.at(-1)?.isDetach ?? false };
  };

  it('finds the sequence across pieces and passes nothing of it on', () => {
    assert.deepEqual(scan('ab\x10', '\x11cd'), { text: 'ab', isDetach: true });
  });

  it('passes keys on that began the sequence and did not end it', () => {
    assert.deepEqual(scan('\x10', 'x', '\x11'), { text: '\x10x\x11', isDetach: false });
    assert.deepEqual(scan('\x10\x10', 'x'), { text: '\x10\x10x', isDetach: false });
  });
});
