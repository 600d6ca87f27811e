import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeFilters, encodeFilters } from './filters.ts';

test('decodeFilters() reads both syntaxes', () => {
  const expected = new Map([
    ['label', ['a=b', 'c']],
    ['status', ['running']],
  ]);
  assert.deepEqual(decodeFilters('{"label":{"a=b":true,"c":true},"status":{"running":true}}'), expected);
  assert.deepEqual(decodeFilters('{"label":["a=b","c"],"status":["running"]}'), expected);
});

test('decodeFilters() takes nothing for no filters', () => {
  for (const text of [undefined, '', '{}', 'null']) assert.equal(decodeFilters(text).size, 0);
});

test('decodeFilters() refuses anything else', () => {
  for (const text of ['{', '[]', '"a"', '{"a":"b"}', '{"a":[1]}', '{"a":{"b":1}}', '{"a":{"b":["c"]}}']) {
    assert.throws(() => decodeFilters(text), { code: 'InvalidArgument', reason: 'api.bad-filters' }, text);
  }
});

test('encodeFilters() writes what decodeFilters() reads', () => {
  const filters = new Map([['name', ['web', 'db']]]);
  assert.equal(encodeFilters(filters), '{"name":{"web":true,"db":true}}');
  assert.deepEqual(decodeFilters(encodeFilters(filters)), filters);
  assert.equal(encodeFilters(new Map()), '');
});
