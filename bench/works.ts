import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { COPY_WORKS } from './copy-works.ts';
import { createContainer, eightAtATime, IMAGE, MARK, removeContainers } from './docker-engine.ts';
import { makeFloor } from './floor.ts';
import { quote } from './shell.ts';
import { atMost, overFloor, row, timesFaster, timesFloor } from './work.ts';
import type { DockerEngine } from './docker-engine.ts';
import type { Bench, Contender, Way, Work } from './work.ts';

const MANY = 50;
const LISTED = 300;
const OUTPUT_BYTES = 100_000_000;
const RUN_TRUE = ['run', '--rm', '--network', 'none', IMAGE, 'true'];
const SETTLE_MS = 1500;
const WATCHED_MS = 10_000;
/** pier lets go of its archive worker five seconds after the last import. */
const IDLE_MS = 8000;

/** All that is measured, in the order of the table. Memory comes first, while the engines are as fresh as they get. */
export const WORKS: readonly Work[] = [
  {
    name: 'memory',
    rows: [
      row('idleRss', 'memory idle, RSS', 'MB', atMost(90, 'MB')),
      row('idle', '  PSS', 'MB'),
      row('manyRss', `memory with ${MANY} containers, RSS`, 'MB', atMost(240, 'MB')),
      row('many', '  PSS', 'MB'),
    ],
    share: 0,
    open: async (bench) => forEngines(bench, measureMemory),
  },
  {
    name: 'api',
    rows: [
      row('total', 'API create→start→wait→remove, none', 'ms', timesFaster(4.5), timesFloor(2.5)),
      row('create', '  create', 'ms'),
      row('start', '  start', 'ms'),
      row('wait', '  wait', 'ms'),
      row('remove', '  remove', 'ms'),
    ],
    open: async (bench, held) => {
      const ways = forEngines(bench, (engine) => runByApi(engine, 'none'));
      const floor = await makeFloor(bench.pier, bench.directory, held);
      return floor === undefined ? ways : { ...ways, floor: async () => ({ total: await bench.shell.time(floor) }) };
    },
  },
  {
    name: 'api-bridge',
    rows: [row('total', 'API create→start→wait→remove, bridge', 'ms')],
    open: async (bench) => forEngines(bench, (engine) => runByApi(engine, 'bridge')),
  },
  {
    name: 'docker-run',
    rows: [row('ms', "docker run --rm, Docker's CLI, none", 'ms', timesFaster(3))],
    open: async (bench) => byDockersCli(bench, RUN_TRUE),
  },
  { name: 'run', rows: [row('ms', 'run --rm, own CLI, none', 'ms')], open: async (bench) => byOwnCli(bench, RUN_TRUE) },
  {
    name: 'exec',
    rows: [row('ms', 'API exec true', 'ms', timesFaster(3))],
    open: async (bench, held) => {
      const ways: Partial<Record<Contender, Way>> = {};
      for (const engine of enginesOf(bench)) ways[engine.name] = await execWay(engine, held);
      return ways;
    },
  },
  {
    name: 'many-cli',
    rows: [row('ms', `${MANY} containers, 8 at a time, own CLI`, 'ms', timesFaster(3))],
    share: 0.2,
    open: async (bench) => byOwnCli(bench, RUN_TRUE, manyTimes),
  },
  {
    name: 'many-docker',
    rows: [row('ms', `${MANY} containers, 8 at a time, Docker's CLI`, 'ms', timesFaster(3))],
    share: 0.2,
    open: async (bench) => byDockersCli(bench, RUN_TRUE, manyTimes),
  },
  {
    name: 'many-api',
    rows: [row('ms', `${MANY} containers, 8 at a time, API`, 'ms', timesFaster(4))],
    share: 0.2,
    open: async (bench) =>
      forEngines(bench, async (engine) => {
        const began = performance.now();
        await eightAtATime(times(MANY), () => runByApi(engine, 'none'));
        return { ms: performance.now() - began };
      }),
  },
  {
    name: 'list',
    rows: [row('ms', `GET /containers/json?all=1, ${LISTED} containers`, 'ms', atMost(5, 'ms'))],
    open: async (bench, held) => {
      for (const engine of enginesOf(bench)) {
        held.defer(() => removeContainers(engine.api));
        await eightAtATime(times(LISTED), () => createContainer(engine.api, { command: ['true'] }));
      }
      return forEngines(bench, async ({ api }) => {
        const began = performance.now();
        await api.call('GET', '/containers/json?all=1');
        return { ms: performance.now() - began };
      });
    },
  },
  {
    name: 'output',
    rows: [row('write', '100 MB to stdout: start→wait', 'ms', timesFaster(1)), row('read', '  logs, read back', 'ms', timesFaster(1))],
    share: 0.2,
    open: async (bench) => forEngines(bench, measureOutput),
  },
  {
    name: 'health',
    rows: [row('ms', `health checks of ${MANY} containers every second, CPU of one`, 'ms', timesFaster(3))],
    share: 0,
    open: async (bench) => forEngines(bench, measureHealthChecks),
  },
  {
    name: 'stats',
    rows: [row('ms', `stats of ${MANY} containers every second, CPU of one`, 'ms', timesFaster(3))],
    share: 0,
    open: async (bench) => forEngines(bench, measureStats),
  },
  {
    name: 'ps',
    rows: [row('ms', 'ps, own CLI (floor: node -e 0)', 'ms', overFloor(60))],
    open: async (bench) => ({ ...byOwnCli(bench, ['ps']), floor: timed(bench.shell, [process.execPath, '-e', '0']) }),
  },
  ...COPY_WORKS,
];

function times(count: number): readonly number[] {
  return [...Array(count).keys()];
}

function enginesOf({ pier, dockerd }: Bench): readonly DockerEngine[] {
  return dockerd === undefined ? [pier] : [pier, dockerd];
}

function forEngines(bench: Bench, work: (engine: DockerEngine) => ReturnType<Way>): Partial<Record<Contender, Way>> {
  return Object.fromEntries(enginesOf(bench).map((engine) => [engine.name, () => work(engine)]));
}

/** Each engine through its own command line client. */
function manyTimes(line: string): string {
  return `seq ${MANY} | xargs -P 8 -I{} ${line}`;
}

/** Docker's CLI for both engines: what it costs itself is the same for either. */
function byDockersCli(
  { docker, pier, dockerd, shell }: Bench,
  words: readonly string[],
  wrap: (line: string) => string = (line) => line,
): Partial<Record<Contender, Way>> {
  if (docker === undefined) return {};
  const way = ({ host }: DockerEngine): Way => timed(shell, [...docker, '-H', host, ...words], wrap);
  return { pier: way(pier), ...(dockerd && { dockerd: way(dockerd) }) };
}

function byOwnCli(
  bench: Bench,
  words: readonly string[],
  wrap: (line: string) => string = (line) => line,
): Partial<Record<Contender, Way>> {
  const ways: Partial<Record<Contender, Way>> = {};
  for (const { name, cli } of enginesOf(bench)) {
    if (cli !== undefined) ways[name] = timed(bench.shell, [...cli, ...words], wrap);
  }
  if (bench.podman !== undefined) ways.podman = timed(bench.podman.shell, [...bench.podman.cli, ...words], wrap);
  return ways;
}

function timed(shell: Bench['shell'], words: readonly string[], wrap: (line: string) => string = (line) => line): Way {
  const line = wrap(quote(words));
  return async () => ({ ms: await shell.time(line) });
}

async function runByApi({ api }: DockerEngine, network: 'none' | 'bridge'): ReturnType<Way> {
  const marks = [performance.now()];
  const id = await createContainer(api, { command: ['true'], network });
  marks.push(performance.now());
  await api.call('POST', `/containers/${id}/start`);
  marks.push(performance.now());
  await api.call('POST', `/containers/${id}/wait`);
  marks.push(performance.now());
  await api.call('DELETE', `/containers/${id}`);
  marks.push(performance.now());
  const [create = 0, start = 0, wait = 0, remove = 0] = marks.slice(1).map((mark, index) => mark - (marks[index] ?? 0));
  return { total: create + start + wait + remove, create, start, wait, remove };
}

async function execWay({ api }: DockerEngine, held: AsyncDisposableStack): Promise<Way> {
  held.defer(() => removeContainers(api));
  const container = await createContainer(api, { command: ['sleep', '100000'] });
  await api.call('POST', `/containers/${container}/start`);
  return async () => {
    const began = performance.now();
    const wish = { AttachStdout: true, AttachStderr: true, Cmd: ['true'] };
    const { body } = await api.call('POST', `/containers/${container}/exec`, wish);
    const { Id } = JSON.parse(body.toString()) as { Id: string };
    await api.hijack(`/exec/${Id}/start`, { Detach: false, Tty: false });
    await api.call('GET', `/exec/${Id}/json`);
    return { ms: performance.now() - began };
  };
}

async function measureMemory({ api, memory }: DockerEngine): ReturnType<Way> {
  await sleep(IDLE_MS);
  const idle = memory();
  await eightAtATime(times(MANY), async () => {
    const id = await createContainer(api, { command: ['sleep', '100000'] });
    await api.call('POST', `/containers/${id}/start`);
  });
  await sleep(SETTLE_MS);
  const many = memory();
  await removeContainers(api);
  return { idle: idle.pssMb, idleRss: idle.rssMb, many: many.pssMb, manyRss: many.rssMb };
}

/** The engine with all that it starts for it, the probes themselves included. */
async function measureHealthChecks({ api, cpuMs }: DockerEngine): ReturnType<Way> {
  const healthcheck = { Test: ['CMD', 'true'], Interval: 1e9 };
  await eightAtATime(times(MANY), async () => {
    const id = await createContainer(api, { command: ['sleep', '100000'], healthcheck });
    await api.call('POST', `/containers/${id}/start`);
  });
  await sleep(SETTLE_MS);
  const before = cpuMs();
  const filters = encodeURIComponent(JSON.stringify({ event: ['exec_die'], label: [MARK] }));
  // Counted: an engine that is late probes less often, and would look cheap.
  const { body } = await api.call('GET', `/events?until=${(Date.now() + WATCHED_MS) / 1000}&since=${Date.now() / 1000}&filters=${filters}`);
  const ms = (cpuMs() - before) / (body.toString().split('\n').length - 1);
  await removeContainers(api);
  return { ms };
}

/** A stream for each container, as `docker stats` opens them; the engine and what it starts for them. */
async function measureStats({ api, cpuMs }: DockerEngine): ReturnType<Way> {
  const ids: string[] = [];
  await eightAtATime(times(MANY), async () => {
    const id = await createContainer(api, { command: ['sleep', '100000'], network: 'bridge' });
    await api.call('POST', `/containers/${id}/start`);
    ids.push(id);
  });
  await sleep(SETTLE_MS);
  const before = cpuMs();
  const lines = await Promise.all(ids.map((id) => api.countLines('GET', `/containers/${id}/stats`, WATCHED_MS)));
  const ms = (cpuMs() - before) / lines.reduce((sum, count) => sum + count, 0);
  await removeContainers(api);
  return { ms };
}

async function measureOutput({ api }: DockerEngine): ReturnType<Way> {
  const line = 'x'.repeat(79);
  const id = await createContainer(api, { command: ['sh', '-c', `yes ${line} | head -c ${OUTPUT_BYTES}`] });
  const began = performance.now();
  await api.call('POST', `/containers/${id}/start`);
  await api.call('POST', `/containers/${id}/wait`);
  const written = performance.now();
  const size = await api.drain('GET', `/containers/${id}/logs?stdout=1&stderr=1`);
  const read = performance.now();
  await api.call('DELETE', `/containers/${id}`);
  if (size < OUTPUT_BYTES) throw new Error(`Cannot measure the log of 100 MB: ${size} bytes came back`);
  return { write: written - began, read: read - written };
}
