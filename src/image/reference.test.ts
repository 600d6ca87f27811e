import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PierError } from '../base/errors.ts';
import { familiarOf, formatFamiliar, formatReference, parseReference, withDefaultTag } from './reference.ts';

const HEX = 'a'.repeat(64);
const full = (text: string): string => formatReference(withDefaultTag(parseReference(text)));

const FULL: readonly (readonly [string, string, string])[] = [
  ['alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
  ['alpine:3.20', 'docker.io/library/alpine:3.20', 'alpine:3.20'],
  ['library/alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
  ['docker.io/alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
  ['index.docker.io/alpine', 'docker.io/library/alpine:latest', 'alpine:latest'],
  ['index.docker.io/a/b', 'docker.io/a/b:latest', 'a/b:latest'],
  ['docker.io/library/a/b', 'docker.io/library/a/b:latest', 'library/a/b:latest'],
  ['user/app:v1', 'docker.io/user/app:v1', 'user/app:v1'],
  ['localhost/app', 'localhost/app:latest', 'localhost/app:latest'],
  ['localhost:5000/app:v1', 'localhost:5000/app:v1', 'localhost:5000/app:v1'],
  ['[::1]:5000/app', '[::1]:5000/app:latest', '[::1]:5000/app:latest'],
  ['Host/app', 'Host/app:latest', 'Host/app:latest'],
  ['a__b--c.d_e', 'docker.io/library/a__b--c.d_e:latest', 'a__b--c.d_e:latest'],
  ['localhost:5000', 'docker.io/library/localhost:5000', 'localhost:5000'],
  [`a@sha256:${HEX}`, `docker.io/library/a@sha256:${HEX}`, `a@sha256:${HEX}`],
  [`a:b@sha256:${HEX}`, `docker.io/library/a:b@sha256:${HEX}`, `a:b@sha256:${HEX}`],
];

for (const [text, expected, familiar] of FULL) {
  it(`parseReference() reads ${text}`, () => {
    assert.equal(full(text), expected);
    assert.equal(familiarOf(expected), familiar);
    assert.equal(formatFamiliar(withDefaultTag(parseReference(familiar))), familiar);
  });
}

const BAD: readonly (readonly [string, string])[] = [
  ['', 'empty'],
  ['Alpine', 'uppercase'],
  ['host.io/Alpine', 'uppercase'],
  [HEX, 'identifier'],
  ['a..b', 'format'],
  ['-a', 'format'],
  ['a/', 'format'],
  ['/a', 'format'],
  ['a:', 'format'],
  ['a b', 'format'],
  ['a\nb', 'format'],
  ['a\n', 'format'],
  ['../etc', 'format'],
  [`a:${'t'.repeat(129)}`, 'format'],
  ['a'.repeat(256), 'too-long'],
  ['a/'.repeat(100_000), 'too-long'],
  ['a@md5:'.concat('a'.repeat(32)), 'digest-algorithm'],
  [`a@sha256:${'a'.repeat(63)}`, 'digest-length'],
  [`a@sha256:${'A'.repeat(64)}`, 'digest-format'],
];

for (const [text, detail] of BAD) {
  it(`parseReference() refuses ${JSON.stringify(text.slice(0, 40))}: ${detail}`, () => {
    assert.throws(
      () => parseReference(text),
      (error) => {
        assert.ok(error instanceof PierError);
        assert.equal(error.code, 'InvalidArgument');
        assert.equal(error.reason, 'image.bad-reference');
        assert.equal(error.facts['detail'], detail);
        return true;
      },
    );
  });
}

it('parseReference() names the offending part of an upper-case name', () => {
  assert.throws(
    () => parseReference('Alpine:3'),
    (error) => error instanceof PierError && error.facts['name'] === 'library/Alpine',
  );
});

it('parseReference() survives whatever bytes it is given, and what it accepts reads back the same', () => {
  let state = 1;
  const random = (below: number): number => (state = (state * 48271) % 2147483647) % below;
  const alphabet = 'ab0AZ._-/:@[]\u0000é %sha256';
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from({ length: random(24) }, () => alphabet[random(alphabet.length)]).join('');
    try {
      const reference = parseReference(text);
      assert.deepEqual(parseReference(formatReference(reference)), reference);
      assert.deepEqual(parseReference(formatFamiliar(reference)), reference);
    } catch (error) {
      assert.ok(error instanceof PierError && error.reason === 'image.bad-reference', `${JSON.stringify(text)}: ${String(error)}`);
    }
  }
});
