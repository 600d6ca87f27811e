import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DetachScanner, parseDetachKeys } from './detach-keys.ts';

function scan(keys: string, chunks: readonly string[]): { passed: string; isDetached: boolean } {
  const scanner = new DetachScanner(parseDetachKeys(keys));
  let passed = '';
  for (const chunk of chunks) {
    const { data, isDetached } = scanner.scan(Buffer.from(chunk, 'latin1'));
    passed += Buffer.from(data).toString('latin1');
    if (isDetached) return { passed, isDetached };
  }
  return { passed, isDetached: false };
}

test('DetachScanner finds the default keys across chunks and passes nothing after them', () => {
  assert.deepEqual(scan('', ['ab\x10', '\x11cd']), { passed: 'ab', isDetached: true });
});

test('DetachScanner passes on what only began like the sequence', () => {
  assert.deepEqual(scan('', ['\x10', 'x']), { passed: '\x10x', isDetached: false });
  assert.deepEqual(scan('', ['\x10\x10\x11']), { passed: '\x10', isDetached: true });
});

test('DetachScanner takes a single key and letters', () => {
  assert.deepEqual(scan('ctrl-x', ['a\x18']), { passed: 'a', isDetached: true });
  assert.deepEqual(scan('a,b', ['aab']), { passed: 'a', isDetached: true });
});

test('parseDetachKeys() reads control keys and refuses words', () => {
  assert.deepEqual([...parseDetachKeys('ctrl-@,ctrl-a,ctrl-[,ctrl-_,z')], [0, 1, 27, 31, 122]);
  assert.throws(() => parseDetachKeys('foo'), { message: "invalid detach keys (foo): Unknown character: 'foo'" });
  assert.throws(() => parseDetachKeys('ctrl-'), { exitCode: 1 });
});
