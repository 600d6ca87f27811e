import assert from 'node:assert/strict';
import { test } from 'node:test';
import { negotiateVersion } from './api-version.ts';

test('negotiateVersion() takes 1.24 to 1.51 and no version', () => {
  assert.equal(negotiateVersion(undefined), 51);
  assert.equal(negotiateVersion('1.24'), 24);
  assert.equal(negotiateVersion('1.51'), 51);
});

test("negotiateVersion() refuses others in Docker's words", () => {
  for (const text of ['1.23', '0.9', '1']) {
    assert.throws(() => negotiateVersion(text), {
      code: 'InvalidArgument',
      message: `client version ${text} is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version`,
    });
  }
  for (const text of ['1.52', '2.0']) {
    assert.throws(() => negotiateVersion(text), {
      code: 'InvalidArgument',
      message: `client version ${text} is too new. Maximum supported API version is 1.51`,
    });
  }
});
