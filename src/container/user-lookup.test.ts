import { strict as assert } from 'node:assert';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { PierError } from '../base/errors.ts';
import { lookUpUser } from './user-lookup.ts';

const PASSWD = `root:x:0:0:root:/root:/bin/sh
bin:x:1:1:bin:/bin:/sbin/nologin
daemon:x:2:2:daemon:/sbin:/sbin/nologin
halt:x:7:0:halt:/sbin:/sbin/halt

broken:x:zero:0::/:
homeless:x:40:41:::
nobody:x:65534:65534:nobody:/:/sbin/nologin
`;
const GROUP = `root:x:0:root
bin:x:1:root,bin,daemon
daemon:x:2:root,bin,daemon
adm:x:4:root,daemon
tty:x:5:
wheel:x:10:root
`;

describe('lookUpUser()', () => {
  let root = '';
  before(() => {
    root = mkdtempSync(join(tmpdir(), 'pier-user-'));
    mkdirSync(join(root, 'etc'));
    writeFileSync(join(root, 'etc/passwd'), PASSWD);
    writeFileSync(join(root, 'etc/group'), GROUP);
  });
  after(() => rmSync(root, { recursive: true }));

  // As `docker run -u … alpine` of dockerd 28.5 shows them in /proc/self/status.
  const cases: readonly (readonly [user: string, uid: number, groups: readonly number[], home: string])[] = [
    ['', 0, [0, 0, 1, 2, 4, 10], '/root'],
    [':', 0, [0, 0, 1, 2, 4, 10], '/root'],
    ['0:', 0, [0, 0, 1, 2, 4, 10], '/root'],
    [':5', 0, [5], '/root'],
    [':wheel', 0, [10], '/root'],
    ['nobody', 65534, [65534], '/'],
    ['1000', 1000, [0], '/'],
    ['1000:1000', 1000, [1000], '/'],
    ['65534:0', 65534, [0], '/'],
    ['nobody:wheel', 65534, [10], '/'],
    ['daemon', 2, [2, 1, 2, 4], '/sbin'],
    ['1:1', 1, [1], '/bin'],
    // Not the entry's spelling: a number without a group of its own, though it is halt's.
    ['07', 7, [0], '/sbin'],
    ['homeless', 40, [41], '/'],
  ];
  for (const [user, uid, groups, home] of cases) {
    test(`finds "${user}"`, () => {
      assert.deepEqual(lookUpUser(root, user), { uid, gid: groups[0], additionalGids: groups, home });
    });
  }

  const failures: readonly (readonly [user: string, reason: string, fact: string, value: string])[] = [
    ['foo', 'container.no-such-user', 'user', 'foo'],
    ['a:b:c', 'container.no-such-user', 'user', 'a'],
    ['root:foo', 'container.no-such-group', 'group', 'foo'],
    ['5:foo', 'container.no-such-group', 'group', 'foo'],
    ['-1', 'container.bad-user-id', 'user', '-1'],
    ['4294967295', 'container.bad-user-id', 'user', '4294967295'],
    ['0:4294967296', 'container.bad-user-id', 'group', '4294967296'],
    // An entry whose number is garbage must not pass for root.
    ['broken', 'container.no-such-user', 'user', 'broken'],
  ];
  for (const [user, reason, fact, value] of failures) {
    test(`refuses "${user}"`, () => {
      assert.throws(
        () => lookUpUser(root, user),
        (error) => error instanceof PierError && error.code === 'InvalidArgument' && error.reason === reason && error.facts[fact] === value,
      );
    });
  }

  test('needs no files for numbers', () => {
    assert.deepEqual(lookUpUser(join(root, 'etc'), '5:6'), { uid: 5, gid: 6, additionalGids: [6], home: '/' });
    assert.deepEqual(lookUpUser(join(root, 'etc'), ''), { uid: 0, gid: 0, additionalGids: [0], home: '/' });
  });
});
