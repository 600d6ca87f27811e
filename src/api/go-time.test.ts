import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseUntil, parseUnixNs } from './go-time.ts';

test('parseUnixNs() keeps nanoseconds', () => {
  assert.equal(parseUnixNs(''), undefined);
  assert.equal(parseUnixNs('1795771558'), 1_795_771_558_000_000_000n);
  assert.equal(parseUnixNs('1795771558.000000001'), 1_795_771_558_000_000_001n);
  assert.equal(parseUnixNs('1.5'), 1_500_000_000n);
  assert.throws(() => parseUnixNs('soon'), { code: 'Internal', message: 'strconv.ParseInt: parsing "soon": invalid syntax' });
  assert.throws(() => parseUnixNs('1.x'), { message: 'strconv.ParseInt: parsing "x": invalid syntax' });
});

test('parseUntil() takes durations, Unix seconds and dates', () => {
  const ago = Date.now() - Date.parse(parseUntil('1h30m'));
  assert.ok(Math.abs(ago - 5_400_000) < 5000, `${ago} ms`);
  assert.equal(parseUntil('1'), '1970-01-01T00:00:01Z');
  assert.equal(parseUntil('2026-01-02T03:04:05Z'), '2026-01-02T03:04:05Z');
  assert.equal(parseUntil('9223372036854775807'), '9999-12-31T23:59:59Z');
  for (const text of ['99999999999999999999999', '99999999999h']) assert.throws(() => parseUntil(text), { code: 'InvalidArgument' }, text);
  assert.throws(() => parseUntil('yesterday'), { code: 'InvalidArgument' });
});
