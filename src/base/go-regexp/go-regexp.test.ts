import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GoRegExp } from './go-regexp.ts';
import { GoRegExpSyntaxError } from './syntax.ts';

/** Pattern, texts that match, texts that do not. */
const CASES: readonly (readonly [pattern: string, matching: readonly string[], others: readonly string[]])[] = [
  ['', ['', 'a'], []],
  ['web', ['web', '/my-web-1'], ['we', '']],
  ['^web$', ['web'], ['webs', 'aweb']],
  ['^/?web', ['/web', 'website'], ['a/web']],
  ['a|bc|', ['', 'x'], []],
  ['^(a|bc)+$', ['a', 'abcbc'], ['', 'ab']],
  ['^a{2,3}$', ['aa', 'aaa'], ['a', 'aaaa']],
  ['^a{2}$', ['aa'], ['a', 'aaa']],
  ['^a{2,}$', ['aa', 'aaaaaa'], ['a']],
  ['^a{,3}$', ['a{,3}'], ['aa']],
  ['a{', ['a{'], ['a']],
  ['^a+?b*?c??$', ['a', 'aabb', 'abc'], ['b']],
  ['^[^a-c]$', ['d', '\n'], ['a', 'c', '']],
  ['^[]a]$', [']', 'a'], ['b']],
  ['^[a-]$', ['a', '-'], ['b']],
  ['^[[:alpha:][:^print:]\\d_]+$', ['aZ9_\u0001'], ['-', ' ']],
  ['^[[:x]$', ['[', ':', 'x'], ['y']],
  ['^\\w\\W\\s\\S\\D$', ['a- bc'], ['aa bc']],
  ['\\bweb\\b', ['my web', 'web-1'], ['webs', 'web_1']],
  ['a\\Bb', ['ab'], ['a b']],
  ['(?i)WEB', ['web', 'Web'], ['wab']],
  ['(?i:W)eb', ['web', 'Web'], ['wEb']],
  ['(?i)[^w]', ['e'], ['w', 'W']],
  ['(?P<name>a)(?<other>b)', ['ab'], ['a']],
  ['(?s)a.b', ['a\nb'], ['ab']],
  ['a.b', ['axb', 'a😀b'], ['a\nb']],
  ['(?m)^b$', ['a\nb\nc'], ['ab']],
  ['^b$', ['b'], ['a\nb\nc']],
  ['\\Aa\\z', ['a'], ['ab']],
  ['\\Qa.b', ['a.b'], ['axb']],
  ['\\Q*\\Eb+', ['*bb'], ['b']],
  ['^\\x41\\x{42}\\103\\.\\_$', ['ABC._'], ['ABCx_']],
  ['^\\p{Lu}\\pL\\P{Greek}\\p{^Greek}$', ['Aabb'], ['aabb', 'Aaαb']],
  ['^(?:a*)*$', ['', 'aaa'], ['b']],
  ['^()*$|^(|a)+x', ['', 'aax'], ['b']],
];

test('matches as Go does', () => {
  for (const [pattern, matching, others] of CASES) {
    const compiled = new GoRegExp(pattern);
    for (const text of matching) assert.ok(compiled.test(text), `${pattern} should match ${JSON.stringify(text)}`);
    for (const text of others) assert.ok(!compiled.test(text), `${pattern} should not match ${JSON.stringify(text)}`);
  }
});

test('refuses what Go refuses', () => {
  const patterns = [
    '(?=a)', '(?!a)', '(?<=a)', '(a', 'a)', '*', 'a|*', '(*)', 'a**', 'a+*', 'a{2}{3}', '[a', '[z-a]', '[[:nope:]]', '\\', '\\1', '\\8',
    '\\c', '\\pX', '\\p{Nope}', 'a{1001}', 'a{3,2}', '(?x)a', '(?i-)', '(?P=a)', '\\xZZ', '\\Z', '[\\', '[a-', '(?P<a', '(((a{100}){100}){100})', '(((){1000}){1000}){1000}',
  ]; // prettier-ignore
  for (const pattern of patterns) assert.throws(() => new GoRegExp(pattern), GoRegExpSyntaxError, pattern);
});

test('the classic patterns that hang backtracking engines take no time', () => {
  const text = `${'a'.repeat(5_000)}!`;
  for (const pattern of ['^(a+)+$', '^(a|aa)+$', '^(a*)*b$', '(x+x+)+y', '^(?:.*a){20}$']) {
    assert.equal(new GoRegExp(pattern).test(text), false, pattern);
  }
});
