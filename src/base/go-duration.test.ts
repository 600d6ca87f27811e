import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatGoDuration } from './go-duration.ts';

test('formatGoDuration() writes durations as Go does', () => {
  const cases = { '0s': 0, '5ns': 5, '1.5µs': 1500, '500ms': 5e8, '1.5s': 1.5e9, '1m0s': 60e9, '1h0m30s': 3630e9 };
  for (const [text, ns] of Object.entries(cases)) assert.equal(formatGoDuration(ns), text);
});
