import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { hostsFile } from './hosts-file.ts';

const lastLine = (hostname: string, domainname: string): string | undefined =>
  hostsFile({ hostname, domainname, address: '172.17.0.3' }).trimEnd().split('\n').at(-1);

test('hostsFile() names the container by its short and its full name', () => {
  assert.equal(lastLine('foo', ''), '172.17.0.3\tfoo');
  assert.equal(lastLine('foo', 'ex.org'), '172.17.0.3\tfoo.ex.org foo');
  assert.equal(lastLine('foo.ex.org', ''), '172.17.0.3\tfoo.ex.org foo');
});

test('hostsFile() names loopback only without a network', () => {
  assert.equal(
    hostsFile({ hostname: 'foo', domainname: '', address: undefined }),
    '127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\nfe00::\tip6-localnet\nff00::\tip6-mcastprefix\n' +
      'ff02::1\tip6-allnodes\nff02::2\tip6-allrouters\n',
  );
});
