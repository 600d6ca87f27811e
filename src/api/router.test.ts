import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RoutePattern } from './route.ts';
import { Router, parseTarget } from './router.ts';

const ROUTES: readonly RoutePattern[] = [
  { method: 'GET', path: '/containers/json' },
  { method: 'GET', path: '/containers/{id}/json' },
  { method: 'DELETE', path: '/containers/{id}' },
  { method: 'GET', path: '/images/json' },
  { method: 'GET', path: '/images/{name...}/json' },
  { method: 'DELETE', path: '/images/{name...}' },
];
const router = new Router(ROUTES);

function found(method: string, path: string): readonly [string, Readonly<Record<string, string>>] | undefined {
  const match = router.match(method, path);
  return match === undefined ? undefined : [match.route.path, match.params];
}

test('Router.match() finds routes by method and template', () => {
  assert.deepEqual(found('GET', '/containers/json'), ['/containers/json', {}]);
  assert.deepEqual(found('GET', '/containers/web/json'), ['/containers/{id}/json', { id: 'web' }]);
  assert.deepEqual(found('DELETE', '/containers/web'), ['/containers/{id}', { id: 'web' }]);
  assert.equal(found('POST', '/containers/json'), undefined);
  assert.equal(found('GET', '/containers/a/b/json'), undefined);
  assert.equal(found('GET', '/nothing'), undefined);
});

test('Router.match() takes names with slashes, plain or encoded', () => {
  const expected = ['/images/{name...}/json', { name: 'host:5000/a/b:1' }];
  assert.deepEqual(found('GET', '/images/host:5000/a/b:1/json'), expected);
  assert.deepEqual(found('GET', '/images/host%3A5000%2Fa%2Fb%3A1/json'), expected);
  assert.deepEqual(found('DELETE', '/images/a/b'), ['/images/{name...}', { name: 'a/b' }]);
});

test('Router.match() does not fail on a broken escape', () => {
  assert.equal(found('GET', '/images/%E0%A4%A/json'), undefined);
});

test('parseTarget() splits version, path and query', () => {
  const parsed = parseTarget('/v1.44/containers/json?all=1&filters=%7B%7D');
  assert.equal(parsed.version, '1.44');
  assert.equal(parsed.path, '/containers/json');
  assert.equal(parsed.query.get('filters'), '{}');
  assert.equal(parseTarget('/_ping').version, undefined);
  assert.equal(parseTarget('/vfoo/_ping').path, '/vfoo/_ping');
});
