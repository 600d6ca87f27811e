// What goes wrong over the API: Docker's status and words, and nothing changed.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IS_PEER } from '../harness/daemon.ts';
import { missingMaterial, useDaemon } from '../harness/fixture.ts';
import { jsonOf, type ErrorBody } from '../harness/http.ts';

describe('errors of the API', { skip: missingMaterial() }, () => {
  const pier = useDaemon();
  const create = { Image: 'alpine', Cmd: ['true'] };

  async function refused(
    method: string,
    path: string,
    options: Parameters<typeof pier.daemon.api>[2],
    status: number,
    message: RegExp,
  ): Promise<void> {
    const response = await pier.daemon.api(method, path, options);
    const text = response.body.toString();
    assert.equal(response.status, status, `${method} ${path}: ${text}`);
    assert.match(jsonOf<ErrorBody>(response).message, message);
    assert.match(response.headers['content-type'] ?? '', /^application\/json/);
  }

  it('bodies that are not JSON', async () => {
    await refused(
      'POST',
      '/containers/create',
      { body: '{"Image": "alpine"', headers: { 'content-type': 'application/json' } },
      400,
      /unexpected EOF|invalid JSON/,
    );
    await refused(
      'POST',
      '/containers/create',
      { body: '{"Image": 5}', headers: { 'content-type': 'application/json' } },
      400,
      /cannot unmarshal number into Go struct field/,
    );
    await refused(
      'POST',
      '/containers/create',
      { body: 'Image=alpine', headers: { 'content-type': 'text/plain' } },
      400,
      /unsupported Content-Type header \(text\/plain\): must be 'application\/json'/,
    );
    await refused(
      'POST',
      '/containers/create',
      { body: '{}{}', headers: { 'content-type': 'application/json' } },
      400,
      /unexpected content after JSON|config cannot be empty|multiple JSON|Config cannot be empty/i,
    );
    await refused('POST', '/containers/create', { body: '', headers: { 'content-type': 'application/json' } }, 400, /EOF|empty/);
  });

  it('containers that are not there', async () => {
    for (const [method, path] of [
      ['GET', '/containers/nobody/json'],
      ['POST', '/containers/nobody/start'],
      ['POST', '/containers/nobody/stop'],
      ['POST', '/containers/nobody/restart'],
      ['POST', '/containers/nobody/kill'],
      ['POST', '/containers/nobody/pause'],
      ['POST', '/containers/nobody/unpause'],
      ['POST', '/containers/nobody/wait'],
      ['POST', '/containers/nobody/resize?h=1&w=1'],
      ['POST', '/containers/nobody/rename?name=x1'],
      ['GET', '/containers/nobody/top'],
      ['GET', '/containers/nobody/export'],
      ['GET', '/containers/nobody/logs?stdout=1'],
      ['DELETE', '/containers/nobody'],
    ] as const) {
      await refused(method, path, {}, 404, /^(cannot kill container: nobody: )?No such container: nobody$/);
    }
    // Attach answers in plain text, because it may have taken the connection over already.
    const attach = await pier.daemon.api('POST', '/containers/nobody/attach?stream=1&stdout=1');
    assert.deepEqual([attach.status, attach.body.toString().trim()], [404, 'No such container: nobody']);
    await refused('POST', '/containers/nobody/exec', { json: { Cmd: ['true'] } }, 404, /^No such container: nobody$/);
    await refused('POST', '/exec/nobody/start', { json: {} }, 404, /^No such exec instance: nobody$/);
  });

  it('images that are not there', async () => {
    await refused('POST', '/containers/create', { json: { Image: 'nothing', Cmd: ['true'] } }, 404, /^No such image: nothing:latest$/);
    await refused('GET', '/images/nothing/json', {}, 404, /^No such image: nothing:latest$|^No such image: nothing$/);
    await refused('GET', '/images/nothing/history', {}, 404, /^No such image: nothing(:latest)?$/);
    await refused('DELETE', '/images/nothing', {}, 404, /^No such image: nothing:latest$/);
    await refused('POST', '/images/nothing/tag?repo=x&tag=y', {}, 404, /^No such image: nothing(:latest)?$/);
  });

  it('values out of range', async () => {
    await refused(
      'POST',
      '/containers/create?name=_bad',
      { json: create },
      400,
      /^Invalid container name \(_bad\), only \[a-zA-Z0-9\]\[a-zA-Z0-9_\.-\] are allowed$/,
    );
    await refused(
      'POST',
      '/containers/create',
      { json: { ...create, HostConfig: { RestartPolicy: { Name: 'sometimes' } } } },
      400,
      /invalid restart policy|unknown policy 'sometimes'/,
    );
    await refused(
      'POST',
      '/containers/create',
      { json: { ...create, HostConfig: { RestartPolicy: { Name: 'always', MaximumRetryCount: 3 } } } },
      400,
      /maximum retry count (cannot|can only) be used with/,
    );
    await refused(
      'POST',
      '/containers/create',
      { json: { ...create, HostConfig: { Memory: 100 } } },
      400,
      /Minimum memory limit allowed is 6MB/,
    );
    await refused(
      'POST',
      '/containers/create',
      { json: { ...create, HostConfig: { Binds: ['/tmp:not-absolute'] } } },
      IS_PEER ? 500 : 400,
      /invalid volume specification|mount path must be absolute/,
    );
    await refused('POST', '/containers/create', { json: { ...create, StopSignal: 'NONSENSE' } }, 400, /invalid signal: NONSENSE/);
    await refused(
      'POST',
      '/containers/create',
      { json: { ...create, WorkingDir: 'x' } },
      400,
      /the working directory 'x' is invalid, it needs to be an absolute path/,
    );
    await refused(
      'POST',
      '/containers/create',
      { json: { ...create, HostConfig: { Runtime: 'nothing' } } },
      400,
      /unknown or invalid runtime name: nothing/,
    );
    // With 404 Docker's command line takes the image for missing, and pulls it.
    if (!IS_PEER)
      await refused(
        'POST',
        '/containers/create',
        { json: { ...create, HostConfig: { NetworkMode: 'no-such' } } },
        400,
        /network no-such not found/,
      );
    await refused('GET', '/containers/json?filters=%7Bbad', {}, 400, /invalid filter|invalid character/);
    assert.deepEqual(await pier.daemon.json('GET', '/containers/json?all=1'), []);
  });

  it('states that are in the way', async () => {
    const { Id } = await pier.daemon.json<{ Id: string }>('POST', '/containers/create?name=state', {
      status: 201,
      json: { ...create, Cmd: ['sleep', '100'] },
    });
    await refused(
      'POST',
      '/containers/create?name=state',
      { json: create },
      409,
      new RegExp(
        `^Conflict\\. The container name "/state" is already in use by container "${Id}"\\. You have to remove \\(or rename\\) that container to be able to reuse that name\\.$`,
      ),
    );
    await refused('POST', '/containers/state/kill', {}, 409, new RegExp(`^cannot kill container: state: container ${Id} is not running$`));
    await refused('POST', '/containers/state/pause', {}, 409, new RegExp(`^[cC]ontainer ${Id} is not running$`));
    await refused('POST', '/containers/state/exec', { json: { Cmd: ['true'] } }, 409, new RegExp(`^[cC]ontainer ${Id} is not running$`));
    assert.equal((await pier.daemon.api('POST', '/containers/state/stop')).status, 304);
    assert.equal((await pier.daemon.api('POST', '/containers/state/start')).status, 204);
    assert.equal((await pier.daemon.api('POST', '/containers/state/start')).status, 304);
    await refused(
      'DELETE',
      '/containers/state',
      {},
      409,
      /^cannot remove container "\/?state": container is running: stop the container before removing or force remove$/,
    );
    assert.equal((await pier.daemon.api('DELETE', '/containers/state?force=1')).status, 204);
  });

  it('a command that cannot start', async () => {
    await pier.daemon.json('POST', '/containers/create?name=nocmd', { status: 201, json: { ...create, Cmd: ['nonsense'] } });
    await refused('POST', '/containers/nocmd/start', {}, 400, /exec: "nonsense": executable file not found in \$PATH/);
    const { State } = await pier.daemon.json<{ State: { Status: string; ExitCode: number; Error: string } }>(
      'GET',
      '/containers/nocmd/json',
    );
    assert.deepEqual([State.Status, State.ExitCode], ['created', 127]);
    assert.match(State.Error, /executable file not found/);
    await refused('POST', '/containers/create', { json: { Image: 'alpine', Entrypoint: [], Cmd: [''] } }, 400, /no command specified/);
  });

  it('paths, methods and versions that do not exist', async () => {
    await refused('GET', '/nonsense', {}, 404, /^page not found$/);
    await refused(
      'GET',
      '/containers/json',
      { version: 'v1.99' },
      400,
      /^client version 1\.99 is too new\. Maximum supported API version is 1\.\d+$/,
    );
    // So old a client reads no JSON.
    const old = await pier.daemon.api('GET', '/containers/json', { version: 'v1.10' });
    assert.equal(old.status, 400);
    assert.match(
      old.body.toString(),
      /^client version 1\.10 is too old\. Minimum supported API version is 1\.24, please upgrade your client to a newer version\n?$/,
    );
    const wrongMethod = await pier.daemon.api('PUT', '/containers/json');
    assert.ok([404, 405].includes(wrongMethod.status));
  });

  it('_ping tells the version, on every path and method', async () => {
    for (const [method, version] of [
      ['GET', ''],
      ['HEAD', ''],
      ['GET', 'v1.24'],
      ['GET', 'v1.51'],
    ] as const) {
      const response = await pier.daemon.api(method, '/_ping', { version });
      assert.equal(response.status, 200);
      assert.match(String(response.headers['api-version']), /^1\.(5[1-9]|[6-9]\d)$/);
      assert.equal(response.headers['ostype'], 'linux');
      assert.equal(response.body.toString(), method === 'GET' ? 'OK' : '');
    }
  });

  it('large and slow requests leave the daemon alive', async () => {
    const huge = await pier.daemon.api('POST', '/containers/create', {
      body: `{"Image":"alpine","Labels":{"a":"${'x'.repeat(8_000_000)}"}}`,
      headers: { 'content-type': 'application/json' },
    });
    assert.ok([201, 400, 413].includes(huge.status), String(huge.status));
    assert.equal((await pier.daemon.api('GET', '/_ping')).status, 200);
  });
});
