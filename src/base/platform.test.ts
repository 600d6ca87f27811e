import assert from 'node:assert/strict';
import { it } from 'node:test';
import { PierError } from './errors.ts';
import { HOST_PLATFORM, formatPlatform, parsePlatform, platformMatches } from './platform.ts';

it('parsePlatform() reads what people type', () => {
  const host = HOST_PLATFORM.architecture;
  for (const [text, expected] of [
    ['linux/amd64', 'linux/amd64'],
    ['Linux/X86_64', 'linux/amd64'],
    ['linux/aarch64', 'linux/arm64'],
    ['linux/arm64/v8', 'linux/arm64/v8'],
    ['linux/arm64/8', 'linux/arm64/v8'],
    ['linux/arm', 'linux/arm'],
    ['linux/arm/7', 'linux/arm/v7'],
    ['linux/arm/6', 'linux/arm/v6'],
    ['linux/armel', 'linux/arm/v6'],
    ['linux/amd64/v3', 'linux/amd64/v3'],
    ['arm64', 'linux/arm64'],
    ['i386', 'linux/386'],
    ['linux', `linux/${host}`],
    ['macos/arm64', 'darwin/arm64'],
  ] as const) {
    assert.equal(formatPlatform(parsePlatform(text)), expected, text);
  }
});

it('parsePlatform() says what is wrong', () => {
  for (const [text, detail] of [
    ['foo', '"foo": unknown operating system or architecture: invalid argument'],
    ['', /^"" is an invalid OS component of "": OSAndVersion specifier component must match /],
    ['a/b/c/d', '"a/b/c/d": cannot parse platform specifier: invalid argument'],
    [
      'linux/x!',
      '"x!" is an invalid component of "linux/x!": platform specifier component must match "^[A-Za-z0-9_.-]+$": invalid argument',
    ],
  ] as const) {
    assert.throws(
      () => parsePlatform(text),
      (error) => {
        assert.ok(error instanceof PierError && error.reason === 'platform.bad');
        if (typeof detail === 'string') assert.equal(error.facts['detail'], detail);
        else assert.match(error.facts['detail'] ?? '', detail);
        return true;
      },
    );
  }
});

it('platformMatches() takes the same, and older variants of the processor', () => {
  for (const [wanted, actual, expected] of [
    ['linux/amd64', 'linux/amd64', true],
    ['linux/amd64', 'linux/amd64/v2', false],
    ['linux/amd64/v3', 'linux/amd64/v2', true],
    ['linux/amd64', 'linux/386', true],
    ['linux/386', 'linux/amd64', false],
    ['linux/arm64', 'linux/arm64/v8', true],
    ['linux/arm64', 'linux/arm/v7', true],
    ['linux/arm/v7', 'linux/arm/v6', true],
    ['linux/arm/v6', 'linux/arm/v7', false],
    ['linux/arm/v7', 'linux/arm64/v8', false],
    ['windows/amd64', 'linux/amd64', false],
  ] as const) {
    assert.equal(platformMatches(parsePlatform(wanted), parsePlatform(actual)), expected, `${wanted} ${actual}`);
  }
  assert.ok(platformMatches(parsePlatform('linux/arm/v6'), { os: 'linux', architecture: 'arm', variant: '' }), 'it does not say');
});
