import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchFamiliar } from './familiar-pattern.ts';

function matches(pattern: string, full: string): boolean {
  return matchFamiliar([pattern])(full);
}

test('matchFamiliar() knows stars, question marks and sets, and no slash in them', () => {
  const alpine = 'docker.io/library/alpine:3.20';
  for (const pattern of ['alpine', 'alp*', 'alpine:3.*', 'alpine:3.2[0-9]', 'alpin?', '*:3.20', '[^b]*', 'al[\\p]ine']) {
    assert.ok(matches(pattern, alpine), pattern);
  }
  for (const pattern of ['alp', 'alpine:4.*', 'alpine:3.2[^0-9]', '*/alpine', '[b-z]*', 'a.pine', 'al[\\d]ine']) {
    assert.ok(!matches(pattern, alpine), pattern);
  }
  assert.ok(matches('ghcr.io/*/*', 'ghcr.io/a/b:1'));
  assert.ok(!matches('ghcr.io/*', 'ghcr.io/a/b:1'));
  assert.throws(() => matches('[', alpine), { reason: 'image.bad-pattern' });
  assert.throws(() => matches('a\\', alpine), { reason: 'image.bad-pattern' });
});

// With a backtracking engine the daemon was gone for hours.
test('matchFamiliar() takes no longer for many stars', () => {
  assert.equal(matches('*a'.repeat(30), `ghcr.io/${'a'.repeat(200)}b`), false);
  assert.equal(matches(`ghcr.io/${'*a'.repeat(30)}*b`, `ghcr.io/${'a'.repeat(200)}b:1`), true);
});
