/**
 * npm run bench: pier beside dockerd and podman, and beside what cannot be cheaper. README.md in this folder says what
 * is measured and how to read it.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { dockerClient } from '../test/harness/clients.ts';
import { SHARED } from '../test/harness/images.ts';
import { build, startDockerd, startPier } from './engines.ts';
import { measure } from './measure.ts';
import { openPodman } from './podman.ts';
import { Shell } from './shell.ts';
import { formatTable, verdicts } from './table.ts';
import { WORKS } from './works.ts';
import type { Outcome } from './measure.ts';
import type { Bench } from './work.ts';

const RUNS = 15;
const QUICK_RUNS = 3;
/** Where overlay mounts can be made and figures are those of a disk. */
const DISK_DIR = '/var/tmp';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: [] },
    runs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    'no-build': { type: 'boolean', default: false },
    'no-peers': { type: 'boolean', default: false },
  },
});

await main();

async function main(): Promise<void> {
  const works = WORKS.filter(({ name }) => options.only.length === 0 || options.only.includes(name));
  const runs = options.runs === undefined ? (options.quick ? QUICK_RUNS : RUNS) : Number(options.runs);
  if (works.length === 0 || !(runs >= 1)) {
    say(`usage: npm run bench -- [--only NAME]... [--runs N] [--quick] [--json FILE] [--no-build] [--no-peers]`);
    say(`names: ${WORKS.map(({ name }) => name).join(', ')}`);
    process.exitCode = 2;
    return;
  }
  if (process.getuid?.() !== 0 || !existsSync(SHARED.alpineTar)) {
    say(`skipped: this needs root, and ${SHARED.alpineTar}`);
    return;
  }
  if (!options['no-build']) await build();
  await using held = new AsyncDisposableStack();
  const bench = await openBench(held);
  const outcomes: Outcome[] = [];
  for (const work of works) {
    say(`measuring ${work.name}`);
    outcomes.push(await measure(work, bench, runs));
  }
  console.log(`\n${formatTable(outcomes)}\n\n${describeMachine(runs)}`);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(report(outcomes, runs), null, 2)}\n`);
}

async function openBench(held: AsyncDisposableStack): Promise<Bench> {
  const directory = mkdtempSync(join(DISK_DIR, 'pier-bench-'));
  held.defer(() => rmSync(directory, { recursive: true, force: true }));
  const shell = held.use(new Shell());
  const docker = (await dockerClient())?.command;
  if (docker === undefined) say("skipped: what needs Docker's client, which cannot be had");
  const pier = await startPier(directory, held);
  const peersDirectory = process.env['PIER_PEERS_DIR'] ?? join(process.env['PIER_TEST_CACHE'] ?? '/var/cache/pier-tests', 'peers');
  const wantsPeers = !options['no-peers'] && existsSync(SHARED.peersScript) && docker !== undefined;
  if (!wantsPeers) say('skipped: peers');
  const dockerd = wantsPeers ? await orSkip('dockerd', () => startDockerd(peersDirectory, docker, held)) : undefined;
  const podman = wantsPeers ? await orSkip('podman', () => openPodman(peersDirectory, held)) : undefined;
  return { pier, dockerd, podman, docker, directory, shell };
}

async function orSkip<T>(what: string, open: () => Promise<T>): Promise<T | undefined> {
  try {
    return await open();
  } catch (error) {
    say(`skipped: ${what}, which cannot be had: ${error instanceof Error ? error.message : String(error)}`);
    return undefined;
  }
}

function describeMachine(runs: number): string {
  const load = loadavg()[0]?.toFixed(1) ?? '?';
  return `medians of ${runs} runs (many-*, output: a fifth; memory: one), taken in turns; ${cpus().length} processors, load ${load}, node ${process.versions.node}`;
}

function report(outcomes: readonly Outcome[], runs: number): unknown {
  return {
    runs,
    processors: cpus().length,
    load: loadavg(),
    works: outcomes.map(({ work, figures, medians }) => ({
      name: work.name,
      rows: work.rows.map((row) => ({
        key: row.key,
        title: row.title.trim(),
        unit: row.unit,
        medians: medians[row.key] ?? {},
        targets: row.targets.map(({ text }) => text),
        verdicts: verdicts(row, medians[row.key] ?? {}),
        figures: figures[row.key] ?? {},
      })),
    })),
  };
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}
