import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { hasCode } from '../base/errors.ts';
import { inventContainerName, parseContainerName } from './container-name.ts';

describe('parseContainerName()', () => {
  it('drops the leading slash and refuses what Docker refuses', () => {
    assert.equal(parseContainerName('/web-1.a_b'), 'web-1.a_b');
    for (const name of ['', 'a', '-ab', 'a b', 'a/b', 'é1', '../x'])
      assert.throws(
        () => parseContainerName(name),
        (e) => hasCode(e, 'InvalidArgument'),
        name,
      );
  });
});

describe('inventContainerName()', () => {
  it('finds a valid name that is free, also when the words are all taken', () => {
    const tried: string[] = [];
    const name = inventContainerName((candidate) => {
      tried.push(candidate);
      return /^[a-z_]+$/.test(candidate);
    });
    assert.match(name, /^[a-z]+_[a-z]+\d+$/);
    assert.equal(parseContainerName(name), name);
    assert.ok(tried.length > 5);
  });
});
