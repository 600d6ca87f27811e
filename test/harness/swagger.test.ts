import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { missingShared, SHARED } from './images.ts';
import { checkResponse, type ObservedResponse } from './swagger.ts';

const VERSION = { Version: '28', ApiVersion: '1.51', MinAPIVersion: '1.24' };

function observed(method: string, url: string, status: number, body: unknown): ObservedResponse {
  return { method, url, status, contentType: 'application/json', body: Buffer.from(JSON.stringify(body)) };
}

describe('checkResponse()', { skip: missingShared(SHARED.specs) }, () => {
  it('takes what is as described', () => {
    assert.deepEqual(checkResponse(observed('GET', '/v1.51/version', 200, VERSION)), []);
    assert.deepEqual(checkResponse(observed('GET', '/v1.41/containers/x/json', 404, { message: 'No such container: x' })), []);
  });

  it('names a status that is not documented', () => {
    const [problem = ''] = checkResponse(observed('GET', '/v1.44/version', 418, VERSION));
    assert.match(problem, /^GET \/version \(v1\.44\) → 418, against 1\.44: the status is not documented/);
  });

  it('names a wrong type and where it is, in one of many', () => {
    const problems = checkResponse(observed('GET', '/v1.51/containers/json', 200, [{ Id: 'a' }, { Id: 5 }]));
    assert.ok(
      problems.some((problem) => problem.endsWith('at /*/Id: must be string, found 5')),
      problems.join('\n'),
    );
  });

  it('names a required field that is missing', () => {
    const [problem = ''] = checkResponse(observed('POST', '/v1.51/containers/create', 201, { Id: 'a' }));
    assert.match(problem, /must have required property 'Warnings'/);
  });

  it('checks every document of a stream', () => {
    const body = Buffer.from('{"Type":"container"}\n{"Type":7}\n');
    const [problem = ''] = checkResponse({ method: 'GET', url: '/v1.51/events', status: 200, contentType: 'application/json', body });
    assert.match(problem, /\/Type: must be string/);
  });

  it('names a path that is not described, and takes a 404 there', () => {
    assert.match(checkResponse(observed('GET', '/v1.51/nonsense', 200, {}))[0] ?? '', /the path is not described/);
    assert.deepEqual(checkResponse(observed('GET', '/v1.51/nonsense', 404, { message: 'page not found' })), []);
  });

  it('takes images whose names have slashes, and null only where it is allowed', () => {
    assert.match(checkResponse(observed('GET', '/v1.51/images/a.b/c/d:e/json', 200, { Id: null }))[0] ?? '', /at \/Id: must be string/);
  });

  it('chooses the nearest description', () => {
    assert.match(checkResponse(observed('GET', '/v1.24/version', 418, {}))[0] ?? '', /against 1\.41/);
    assert.match(checkResponse(observed('GET', '/v1.42/version', 418, {}))[0] ?? '', /against 1\.44/);
    assert.match(checkResponse(observed('GET', '/v1.45/version', 418, {}))[0] ?? '', /against 1\.56/);
    assert.match(checkResponse(observed('GET', '/version', 418, {}))[0] ?? '', /against 1\.56/);
  });
});
