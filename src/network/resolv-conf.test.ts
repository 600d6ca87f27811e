import { strict as assert } from 'node:assert';
import { test } from 'node:test';
import { containerResolvConf } from './resolv-conf.ts';

const CASES: readonly { readonly name: string; readonly host: string; readonly container: string }[] = [
  {
    name: 'keeps reachable servers, the last search list and options, and drops comments',
    host: '# written by hand\nnameserver 10.0.0.53\nsearch old.example\nsearch corp.example lab.example\n; more\noptions ndots:2  timeout:1\n',
    container: 'nameserver 10.0.0.53\nsearch corp.example lab.example\noptions ndots:2 timeout:1\n',
  },
  {
    name: 'drops servers on loopback and over IPv6',
    host: 'nameserver 127.0.0.1\nnameserver ::1\nnameserver 2001:db8::53\nnameserver 192.0.2.53\n',
    container: 'nameserver 192.0.2.53\n',
  },
  {
    name: 'falls back to public servers when none is left',
    host: 'nameserver 127.0.1.1\nsearch corp.example\n',
    container: 'nameserver 8.8.8.8\nnameserver 8.8.4.4\nsearch corp.example\n',
  },
  { name: 'serves a host that has no file', host: '', container: 'nameserver 8.8.8.8\nnameserver 8.8.4.4\n' },
];

for (const { name, host, container } of CASES) {
  test(`containerResolvConf() ${name}`, () => assert.equal(containerResolvConf(host), container));
}
