// What pier does not do yet is refused by name, never ignored: flags by the CLI, fields and paths by the API.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { IS_PEER } from '../harness/daemon.ts';
import { missingMaterial, useDaemon } from '../harness/fixture.ts';
import { jsonOf, type ErrorBody } from '../harness/http.ts';

const REFUSED_RUN_FLAGS = [
  ['-p', '8080:80'],
  ['--publish-all'],
  ['--add-host', 'a:1.2.3.4'],
  ['--dns', '1.1.1.1'],
  ['--link', 'other'],
  ['--network', 'mine'],
  ['--ip', '172.17.0.9'],
  ['--volumes-from', 'other'],
  ['--mount', 'type=volume,source=x,target=/x'],
  ['-v', 'named:/data'],
] as const;

const REFUSED_FIELDS: readonly (readonly [string, object])[] = [
  ['PortBindings', { HostConfig: { PortBindings: { '80/tcp': [{ HostPort: '8080' }] } } }],
  ['VolumesFrom', { HostConfig: { VolumesFrom: ['other'] } }],
  ['Links', { HostConfig: { Links: ['other:alias'] } }],
  ['ExtraHosts', { HostConfig: { ExtraHosts: ['a:1.2.3.4'] } }],
  ['Dns', { HostConfig: { Dns: ['1.1.1.1'] } }],
  ['MacAddress', { MacAddress: '02:00:00:00:00:01' }],
  ['Volumes', { Volumes: { '/data': {} } }],
  ['NetworkMode', { HostConfig: { NetworkMode: 'container:other' } }],
  ['log driver', { HostConfig: { LogConfig: { Type: 'fluentd' } } }],
];

describe('refusals', { skip: missingMaterial() || (IS_PEER && 'a peer does more') }, () => {
  const pier = useDaemon();

  for (const flags of REFUSED_RUN_FLAGS) {
    it(`run ${flags.join(' ')} is refused by name`, async () => {
      const result = await pier.cli('run', '--rm', ...flags, 'alpine', 'true');
      assert.equal(result.exitCode, 125, result.stdout + result.stderr);
      const name = flags[0].replace(/^-+/, '');
      const value = 'value' in flags ? '' : (flags[1] ?? name);
      const says = result.stderr.toLowerCase();
      assert.ok(says.includes(name) || says.includes(value.toLowerCase()) || says.includes('not support'), result.stderr);
      assert.match(says, /not (yet )?support|unknown|unsupported|not implemented|network mine not found/);
    });
  }

  for (const [field, body] of REFUSED_FIELDS) {
    it(`the API refuses ${field} by name`, async () => {
      const response = await pier.daemon.api('POST', '/containers/create', { json: { Image: 'alpine', Cmd: ['true'], ...body } });
      assert.ok([400, 500, 501].includes(response.status), `${response.status} ${response.body.toString()}`);
      assert.match(jsonOf<ErrorBody>(response).message, new RegExp(field === 'Volumes' ? 'Volumes|volume' : field, 'i'));
      assert.deepEqual(await pier.daemon.json('GET', '/containers/json?all=1'), []);
      pier.daemon.assertResponsesValid();
    });
  }

  it('commands of later are refused by name', async () => {
    for (const command of [
      ['build', '.'],
      ['pull', 'alpine'],
      ['push', 'alpine'],
      ['login'],
      ['volume', 'create'],
      ['network', 'create', 'x1'],
      ['compose', 'up'],
      ['swarm', 'init'],
    ]) {
      const result = await pier.cli(...command);
      assert.notEqual(result.exitCode, 0, command.join(' '));
      assert.match(result.stderr, new RegExp(command[0] ?? ''), command.join(' '));
    }
  });

  it('paths of later answer 501 or 404 with a message', async () => {
    for (const [method, path] of [
      ['POST', '/build'],
      ['POST', '/volumes/create'],
      ['POST', '/networks/create'],
      ['GET', '/swarm'],
      ['GET', '/services'],
    ] as const) {
      const response = await pier.daemon.api(method, path, { headers: { 'content-type': 'application/json' }, body: '{}' });
      assert.ok([404, 405, 500, 501, 503].includes(response.status), `${method} ${path}: ${response.status}`);
      assert.notEqual(jsonOf<ErrorBody>(response).message, '');
    }
  });

  it('a misspelt flag is unknown', async () => {
    const result = await pier.cli('run', '--mermory', '1g', 'alpine');
    assert.equal(result.exitCode, 125);
    assert.match(result.stderr, /unknown flag: --mermory/);
  });
});
