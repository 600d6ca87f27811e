import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTimeArgument } from './time-argument.ts';

test('parseTimeArgument() reads dates with a zone to the nanosecond', () => {
  assert.equal(parseTimeArgument('since', '2013-01-02T13:23:37Z'), '1357133017');
  assert.equal(parseTimeArgument('since', '2013-01-02T13:23:37.123456789+01:00'), '1357129417.123456789');
  assert.equal(parseTimeArgument('since', '1136073600.000000001'), '1136073600.000000001');
});

test('parseTimeArgument() reads dates without a zone as local time', () => {
  assert.equal(parseTimeArgument('since', '2013-01-02'), String(new Date(2013, 0, 2).getTime() / 1000));
  assert.equal(parseTimeArgument('since', '2013-01-02T10:30'), String(new Date(2013, 0, 2, 10, 30).getTime() / 1000));
});

test('parseTimeArgument() counts durations back from now', () => {
  const before = Date.now() / 1000;
  const value = Number(parseTimeArgument('since', '1h30m'));
  assert.ok(Math.abs(before - 5400 - value) < 2, `${value} is 90 minutes ago`);
});

test('parseTimeArgument() refuses other text by the name of the flag', () => {
  assert.throws(() => parseTimeArgument('until', 'yesterday'), /invalid value for "until"/);
  assert.throws(() => parseTimeArgument('until', '2013-13-45'), /invalid value for "until"/);
});
