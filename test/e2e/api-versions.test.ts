// Clients of every age, against the description of their version.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { machineDockerClient, run } from '../harness/clients.ts';
import { missingMaterial, useDaemon } from '../harness/fixture.ts';

describe('API versions', { skip: missingMaterial() }, () => {
  const pier = useDaemon({ images: ['alpine', 'busybox'] });

  for (const version of ['v1.24', 'v1.30', 'v1.40', 'v1.41', 'v1.43', 'v1.44', 'v1.47', 'v1.51']) {
    it(`${version}: the life of a container`, async () => {
      const create = { Image: 'alpine', Cmd: ['sh', '-c', 'echo hello; sleep 100'], Labels: { x: 'y' } };
      const { Id } = await pier.daemon.json<{ Id: string }>('POST', '/containers/create?name=one', { version, status: 201, json: create });
      const steps: [string, string, number, unknown?][] = [
        ['POST', `/containers/${Id}/start`, 204],
        ['GET', '/containers/json?all=1&size=1', 200],
        ['GET', `/containers/${Id}/json?size=1`, 200],
        ['GET', `/containers/${Id}/top`, 200],
        ['GET', `/containers/${Id}/logs?stdout=1`, 200],
        ['POST', `/containers/${Id}/pause`, 204],
        ['POST', `/containers/${Id}/unpause`, 204],
        ['POST', `/containers/${Id}/rename?name=two`, 204],
        ['POST', `/containers/${Id}/kill`, 204],
        ['POST', `/containers/${Id}/wait`, 200],
        ['POST', `/containers/${Id}/restart?t=0`, 204],
        ['POST', `/containers/${Id}/stop?t=0`, 204],
        ['GET', '/images/json', 200],
        ['GET', '/images/alpine/json', 200],
        ['GET', '/images/alpine/history', 200],
        ['POST', '/images/alpine/tag?repo=other&tag=v1', 201],
        ['DELETE', '/images/other:v1', 200],
        ['GET', '/version', 200],
        ['GET', '/info', 200],
        ['GET', '/networks', 200],
        ['GET', '/networks/bridge', 200],
        ['GET', `/events?since=0&until=${Math.floor(Date.now() / 1000)}`, 200],
        ['DELETE', `/containers/${Id}?force=1`, 204],
      ];
      for (const [method, path, status] of steps) {
        const response = await pier.daemon.api(method, path, { version });
        assert.equal(response.status, status, `${method} ${path}: ${response.body.toString().slice(0, 300)}`);
      }
      pier.daemon.assertResponsesValid();
    });
  }

  it('the machine’s own older docker works too', { skip: machineDockerClient() === undefined && 'this machine has none' }, async () => {
    const docker = machineDockerClient();
    assert.ok(docker);
    const options = { host: pier.daemon.host };
    const result = await run(docker, ['run', '--name', 'old-client', '-i', 'alpine', 'cat'], { ...options, input: 'through\n' });
    assert.deepEqual(result, { exitCode: 0, stdout: 'through\n', stderr: '' });
    assert.match((await run(docker, ['ps', '-a', '--format', '{{.Names}} {{.Status}}'], options)).stdout, /^old-client Exited \(0\)/);
    assert.equal((await run(docker, ['logs', 'old-client'], options)).stdout, 'through\n');
    assert.equal((await run(docker, ['rm', 'old-client'], options)).stdout, 'old-client\n');
  });
});
