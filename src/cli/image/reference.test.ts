import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CommandError } from '../command-error.ts';
import { parseTypedReference } from './reference.ts';

it('parseTypedReference() takes name, tag and digest apart', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  assert.deepEqual(parseTypedReference('alpine'), { name: 'alpine' });
  assert.deepEqual(parseTypedReference('host:5000/a/b:v1'), { name: 'host:5000/a/b', tag: 'v1' });
  assert.deepEqual(parseTypedReference(`a/b:v1@${digest}`), { name: 'a/b', tag: 'v1', digest });
});

it('parseTypedReference() refuses as Docker does', () => {
  const cases: readonly (readonly [string, string])[] = [
    ['', 'invalid reference format'],
    ['a:!', 'invalid reference format'],
    ['BAD', 'invalid reference format: repository name (library/BAD) must be lowercase'],
    ['a/Bad/x', 'invalid reference format: repository name (a/Bad/x) must be lowercase'],
    ['e'.repeat(64), `invalid repository name (${'e'.repeat(64)}), cannot specify 64-byte hexadecimal strings`],
  ];
  for (const [text, message] of cases) assert.throws(() => parseTypedReference(text), new CommandError(message));
});
