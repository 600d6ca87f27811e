// Devices by name: what files of vendors (CDI) add to a container, and what is said where there are none.
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, it } from 'node:test';
import { IS_PEER } from '../harness/daemon.ts';
import { describeWithClients } from '../harness/fixture.ts';
import { until } from '../harness/until.ts';

const directory = mkdtempSync(join(tmpdir(), 'pier-cdi-'));
const first = join(directory, 'first');
const second = join(directory, 'second');

const YAML = `
cdiVersion: "0.6.0"
kind: acme.com/widget
containerEdits:
  env: [WIDGETS=yes]
  hooks:
    - {hookName: createRuntime, path: /bin/sh, args: [sh, -c, "echo created >> ${directory}/hooks"]}
    - {hookName: poststart, path: /bin/sh, args: [sh, -c, "echo started >> ${directory}/hooks"]}
    - {hookName: poststop, path: /bin/sh, args: [sh, -c, "echo stopped >> ${directory}/hooks"]}
devices:
  - name: zero
    containerEdits:
      env: ["PATH=/bin:/usr/bin:/sbin"]
      deviceNodes: [{path: /dev/widget0, hostPath: /dev/zero, permissions: r, fileMode: 0444}]
      mounts: [{hostPath: ${directory}/library, containerPath: /usr/lib/widget.so, options: [ro, bind]}]
      additionalGids: [4711]
  - name: loops
    containerEdits: {deviceNodes: [{path: /dev/widget1, type: c, major: 10, minor: 237}]}
`;

after(() => rmSync(directory, { recursive: true, force: true }));

const gpu = (name: string, value: string): object => ({ name, containerEdits: { env: [`GPU_${name}=${value}`] } });

describeWithClients(
  'requested devices',
  (pier) => {
    const skip = IS_PEER && 'a peer reads other folders';
    const describeDevices = async (): Promise<void> => {
      await Promise.all([mkdir(first, { recursive: true }), mkdir(second, { recursive: true })]);
      await writeFile(join(directory, 'library'), 'code');
      await writeFile(join(first, 'acme.yaml'), YAML);
    };

    it('a device of a vendor’s file brings nodes, variables, mounts, groups and hooks', { skip }, async () => {
      await describeDevices();
      await rm(join(directory, 'hooks'), { force: true });
      const flags = ['--device', 'acme.com/widget=zero', '--device', 'acme.com/widget=loops', '--user', '1000'];
      const script =
        'head -c 3 /dev/widget0 | wc -c; (echo x > /dev/widget0) 2>&1; : < /dev/widget1 && echo opened; stat -c "%a %u" /dev/widget0; cat /usr/lib/widget.so; echo; id -G; echo $WIDGETS $PATH';
      const result = await pier.cli('run', '--name', 'widget', ...flags, 'alpine', 'sh', '-c', script);
      assert.deepEqual(result.stdout.split('\n'), [
        '3',
        "sh: can't create /dev/widget0: Permission denied",
        'opened',
        '444 1000',
        'code',
        '0 4711',
        'yes /bin:/usr/bin:/sbin',
        '',
      ]);
      await until(() => existsSync(join(directory, 'hooks')));
      await until(async () => (await readFile(join(directory, 'hooks'), 'utf8')) === 'created\nstarted\nstopped\n');
      const requests =
        '[{"Driver":"cdi","Count":0,"DeviceIDs":["acme.com/widget=zero","acme.com/widget=loops"],"Capabilities":null,"Options":null}]';
      assert.equal(await pier.ok('inspect', '--format', '{{json .HostConfig.DeviceRequests}}', 'widget'), requests);
    });

    it('--gpus finds what NVIDIA’s files describe; a later folder wins, and a bad file counts for nothing', { skip }, async () => {
      await describeDevices();
      const kind = { cdiVersion: '0.5.0', kind: 'nvidia.com/gpu' };
      await writeFile(join(first, 'gpu.json'), JSON.stringify({ ...kind, devices: [gpu('0', 'old'), gpu('1', 'one')] }));
      await writeFile(join(second, 'gpu.json'), JSON.stringify({ ...kind, devices: [gpu('0', 'new')] }));
      await writeFile(join(second, 'bad.json'), JSON.stringify({ ...kind, devices: [{ name: '2', future: {} }] }));
      const gpus = async (value: string): Promise<string> =>
        await pier.ok('run', '--rm', '--gpus', value, 'alpine', 'sh', '-c', 'env | grep GPU_ | sort');
      assert.equal(await gpus('all'), 'GPU_0=new\nGPU_1=one');
      assert.equal(await gpus('1'), 'GPU_0=new');
      assert.equal(await gpus('device=1'), 'GPU_1=one');
      const more = await pier.cli('run', '--rm', '--gpus', 'device=2', 'alpine', 'true');
      assert.match(more.stderr, /CDI device injection failed: unresolvable CDI devices nvidia\.com\/gpu=2/);
      const many = await pier.cli('run', '--rm', '--gpus', '4000000000', 'alpine', 'true');
      assert.match(many.stderr, /unresolvable CDI devices nvidia\.com\/gpu=2\b/);
      await rm(join(first, 'gpu.json'));
      await rm(join(second, 'gpu.json'));
      const none = await pier.cli('run', '--rm', '--gpus', 'all', 'alpine', 'true');
      assert.equal(none.exitCode, 125);
      assert.match(none.stderr, /could not select device driver "" with capabilities: \[\[gpu\]\]/);
    });

    it('what there is not is refused in Docker’s words', async () => {
      const unknown = await pier.cli('run', '--rm', '--device', 'acme.com/widget=none', 'alpine', 'true');
      assert.equal(unknown.exitCode, 125);
      assert.match(unknown.stderr, /CDI device injection failed: unresolvable CDI devices acme\.com\/widget=none/);
      const bad = await pier.cli('create', '--gpus', 'some', 'alpine');
      assert.match(
        bad.stderr,
        /invalid argument "some" for "--gpus" flag: invalid count \(some\): value must be either "all" or an integer: invalid syntax/,
      );
      await pier.ok('create', '--name', 'gpus', '--gpus', '"device=0,1",driver=nvidia,capabilities=utility,"options=a=1,b"', 'alpine');
      assert.equal(
        await pier.ok('inspect', '--format', '{{json .HostConfig.DeviceRequests}}', 'gpus'),
        '[{"Driver":"nvidia","Count":0,"DeviceIDs":["0","1"],"Capabilities":[["utility","gpu"]],"Options":{"a":"1","b":""}}]',
      );
    });
  },
  { args: ['--cdi-spec-dir', first, '--cdi-spec-dir', second] },
);
