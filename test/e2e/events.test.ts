// docker events: what happened, in order, to whom.
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { describeWithClients } from '../harness/fixture.ts';
import { until } from '../harness/until.ts';

describeWithClients('events', (pier) => {
  it('tells the story of a container', async () => {
    const since = String(Date.now() / 1000);
    await pier.cli('run', '--name', 'story', '--label', 'a=b', 'alpine', 'sh', '-c', 'exit 3');
    await pier.ok('rm', 'story');
    const output = await pier.ok(
      'events',
      '--since',
      since,
      '--until',
      String(Date.now() / 1000 + 0.2),
      '--filter',
      'container=story',
      '--format',
      '{{.Action}}',
    );
    assert.deepEqual(output.split('\n'), ['create', 'attach', 'start', 'die', 'destroy']);
  });

  it('carries names, image, labels and exit code', async () => {
    const since = String(Date.now() / 1000);
    await pier.cli('run', '--name', 'facts', '--label', 'a=b', 'alpine', 'sh', '-c', 'exit 3');
    const output = await pier.ok(
      'events',
      '--since',
      since,
      '--until',
      String(Date.now() / 1000 + 0.2),
      '--filter',
      'event=die',
      '--format',
      '{{json .}}',
    );
    const event = JSON.parse(output) as {
      Type: string;
      Action: string;
      Actor: { ID: string; Attributes: Record<string, string> };
      scope: string;
      status: string;
    };
    assert.deepEqual([event.Type, event.Action, event.scope], ['container', 'die', 'local']);
    assert.match(event.Actor.ID, /^[0-9a-f]{64}$/);
    const { name, image, a, exitCode } = event.Actor.Attributes;
    assert.deepEqual([name, image, a, exitCode], ['facts', 'alpine', 'b', '3']);
  });

  it('streams as things happen', async () => {
    const listener = pier.background('events', '--format', '{{.Type}} {{.Action}}');
    let text = '';
    listener.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    listener.once('exit', () => resolve());
    // The stream has no beginning that a client could see: create until one arrives.
    await until(async () => {
      await pier.ok('rm', '-f', await pier.ok('create', 'alpine', 'true'));
      return text.includes('container destroy');
    });
    await pier.ok('run', '-d', '--name', 'live', 'alpine', 'sleep', '1000');
    await pier.ok('exec', 'live', 'true');
    await pier.ok('pause', 'live');
    await pier.ok('unpause', 'live');
    await pier.ok('stop', '-t', '0', 'live');
    await pier.ok('tag', 'alpine', 'again:v1');
    await pier.ok('rmi', 'again:v1');
    await until(
      () =>
        [
          'container create',
          'container start',
          'container exec_create: true ',
          'container exec_start: true ',
          'container exec_die',
          'container pause',
          'container unpause',
          'container kill',
          'container die',
          'container stop',
          'image tag',
          'image untag',
        ].every((line) => text.includes(line)),
      () => text,
    );
    listener.kill('SIGTERM');
    await ended;
  });

  it("the order is Docker's", async () => {
    const since = String(Date.now() / 1000);
    await pier.ok('run', '-d', '--name', 'ordered', 'alpine', 'sleep', '1000');
    await pier.cli('exec', 'ordered', 'nosuch');
    await pier.ok('rename', 'ordered', 'order');
    await pier.ok('pause', 'order');
    await pier.ok('kill', 'order');
    await pier.ok('start', 'order');
    await pier.ok('restart', '-t', '0', 'order');
    await pier.ok('stop', '-t', '0', 'order');
    await pier.ok('rm', 'order');
    await pier.ok('container', 'prune', '-f');
    const output = await pier.ok(
      'events',
      '--since',
      since,
      '--until',
      String(Date.now() / 1000),
      '--format',
      '{{.Type}} {{.Action}} {{json .Actor.Attributes}}',
    );
    const story = output
      .split('\n')
      .map((line) => line.replace(/"(?:image|container|execID)":"[^"]*",?/g, '').replace(/"execDuration":"\d+"/, '"execDuration":"N"'));
    const named = (name: string, more = ''): string => `{${more}"name":"${name}"}`;
    const bridge = '{"name":"bridge","type":"bridge"}';
    const die = `container die ${named('order', '"execDuration":"N","exitCode":"137",')}`;
    const killed = (signal: number): string => `container kill {"name":"order","signal":"${signal}"}`;
    const started = [`network connect ${bridge}`, `container start ${named('order')}`];
    const stopped = [killed(15), killed(9), `network disconnect ${bridge}`, `container stop ${named('order')}`, die];
    assert.deepEqual(story, [
      `container create ${named('ordered')}`,
      `network connect ${bridge}`,
      `container start ${named('ordered')}`,
      `container exec_create: nosuch  ${named('ordered')}`,
      `container exec_start: nosuch  ${named('ordered')}`,
      'container rename {"name":"order","oldName":"/ordered"}',
      `container pause ${named('order')}`,
      killed(9),
      `network disconnect ${bridge}`,
      die,
      ...started,
      ...stopped,
      ...started,
      `container restart ${named('order')}`,
      ...stopped,
      `container destroy ${named('order')}`,
      'container prune {"reclaimed":"0"}',
    ]);
  });

  it('filters by type and label', async () => {
    const since = String(Date.now() / 1000);
    await pier.ok('create', '--name', 'yes', '--label', 'pick', 'alpine', 'true');
    await pier.ok('create', '--name', 'no', 'alpine', 'true');
    const output = await pier.ok(
      'events',
      '--since',
      since,
      '--until',
      String(Date.now() / 1000 + 0.2),
      '--filter',
      'type=container',
      '--filter',
      'label=pick',
      '--format',
      '{{.Actor.Attributes.name}}',
    );
    assert.equal(output, 'yes');
  });
});
