import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FrameDecoder, encodeFrame } from './stdcopy.ts';

function decode(decoder: FrameDecoder, chunks: readonly Buffer[]): readonly (readonly [string, string])[] {
  return chunks.flatMap((chunk) => [...decoder.push(chunk)].map(({ stream, data }): [string, string] => [stream, data.toString()]));
}

test('encodeFrame() writes stream number, zeros, big-endian length', () => {
  assert.deepEqual([...encodeFrame('stderr', Buffer.from('hey'))], [2, 0, 0, 0, 0, 0, 0, 3, 104, 101, 121]);
});

test('FrameDecoder takes whole frames apart', () => {
  const decoder = new FrameDecoder();
  const bytes = Buffer.concat([encodeFrame('stdout', Buffer.from('one')), encodeFrame('stderr', Buffer.from('two'))]);
  assert.deepEqual(decode(decoder, [bytes]), [
    ['stdout', 'one'],
    ['stderr', 'two'],
  ]);
  assert.equal(decoder.isAtBoundary, true);
});

test('FrameDecoder gives the same bytes wherever the stream is cut', () => {
  const bytes = Buffer.concat([
    encodeFrame('stdout', Buffer.from('first')),
    encodeFrame('stdout', Buffer.alloc(0)),
    encodeFrame('stderr', Buffer.from('second')),
  ]);
  for (let size = 1; size <= bytes.length; size += 1) {
    const chunks: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
    const joined = { stdout: '', stderr: '' };
    for (const [stream, text] of decode(new FrameDecoder(), chunks)) if (stream === 'stdout' || stream === 'stderr') joined[stream] += text;
    assert.deepEqual(joined, { stdout: 'first', stderr: 'second' }, `pieces of ${size}`);
  }
});

test('FrameDecoder knows that a frame is incomplete', () => {
  const decoder = new FrameDecoder();
  decode(decoder, [encodeFrame('stdout', Buffer.from('abc')).subarray(0, 9)]);
  assert.equal(decoder.isAtBoundary, false);
});

test('FrameDecoder refuses what is not multiplexed', () => {
  assert.throws(() => [...new FrameDecoder().push(Buffer.from('plain text'))], { code: 'DataLoss' });
});
