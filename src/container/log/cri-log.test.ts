import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { joinCriLines, parseCriLines } from './cri-log.ts';

const TIME = '2026-01-02T03:04:05.123456789+00:00';
const line = (text: string): string => `${TIME} ${text}\n`;
const closed = (): { stdout: boolean; stderr: boolean } => ({ stdout: false, stderr: false });

describe('parseCriLines()', () => {
  it('gives back the bytes that were written, partial lines without a line feed', () => {
    const log = Buffer.from(line('stdout F hello') + line('stdout P no end') + line('stderr F  two ') + line('stdout F  here'));
    const { chunks, consumedBytes } = parseCriLines(log, closed());
    assert.equal(consumedBytes, log.length);
    assert.deepEqual(
      chunks.map(({ stream, data, isLineStart, isLineEnd }) => [stream, data.toString(), isLineStart, isLineEnd]),
      [
        ['stdout', 'hello\n', true, true],
        ['stdout', 'no end', true, false],
        ['stderr', ' two \n', true, true],
        ['stdout', ' here\n', false, true],
      ],
    );
    assert.equal(chunks[0]?.timeNs, BigInt(Date.parse('2026-01-02T03:04:05Z')) * 1_000_000n + 123_456_789n);
  });

  it('leaves an incomplete last line', () => {
    const whole = line('stdout F a');
    const { chunks, consumedBytes } = parseCriLines(Buffer.from(`${whole}${TIME} stdout F b`), closed());
    assert.equal(chunks.length, 1);
    assert.equal(consumedBytes, whole.length);
  });

  it('shows nothing of a line that a crash of the machine cut', () => {
    const { chunks } = parseCriLines(Buffer.from(`garbage\n${line('stdout F a')}`), closed());
    assert.deepEqual(chunks.map(({ data }) => data.toString()).join(''), 'a\n');
  });
});

describe('joinCriLines()', () => {
  it('joins neighbours of one stream and keeps every byte in order', () => {
    const log = Buffer.from(
      line('stdout F one') + line('stdout P two') + line('stdout F  more') + line('stderr F err') + line('stdout F three'),
    );
    const { chunks } = joinCriLines(log, closed());
    assert.deepEqual(
      chunks.map(({ stream, data }) => [stream, data.toString()]),
      [
        ['stdout', 'one\ntwo more\n'],
        ['stderr', 'err\n'],
        ['stdout', 'three\n'],
      ],
    );
  });
});
