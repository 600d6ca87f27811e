import { closeSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { createContainer, MARK, removeContainers } from './docker-engine.ts';
import { quote } from './shell.ts';
import { row, timesFaster } from './work.ts';
import type { DockerEngine } from './docker-engine.ts';
import type { Bench, Contender, Way, Work } from './work.ts';

const LARGE_MB = 100;
const FOLDERS = 100;
const FILES_EACH = 100;
const IMAGE_FILES = 3;
const MADE = `${MARK}-made`;
const IMPORTED = `${MARK}-imported`;

/** Files into containers, out of them, and into images: Docker's client for both engines. */
export const COPY_WORKS: readonly Work[] = [
  {
    name: 'copy',
    rows: [
      row('largeIn', `docker cp of ${LARGE_MB} MB, in`, 'ms', timesFaster(1)),
      row('largeOut', '  out', 'ms', timesFaster(1)),
      row('manyIn', `docker cp of ${FOLDERS * FILES_EACH} files, in`, 'ms', timesFaster(1)),
      row('manyOut', '  out', 'ms', timesFaster(1)),
      row('commit', 'commit of both', 'ms', timesFaster(1)),
      row('export', 'export', 'ms', timesFaster(1)),
      row('import', 'import of that', 'ms', timesFaster(1)),
    ],
    share: 0.4,
    open: (bench, held) => byDocker(bench, held, copyBothWays),
  },
  {
    name: 'save-load',
    rows: [
      row('save', `save of an image of ${LARGE_MB * IMAGE_FILES} MB`, 'ms', timesFaster(1)),
      row('load', '  load', 'ms', timesFaster(1)),
    ],
    share: 0.2,
    open: (bench, held) => byDocker(bench, held, saveAndLoad),
  },
];

/** What a way has at hand. */
interface Place {
  /** Runs a command of Docker's client. @returns Milliseconds. */
  readonly docker: (...words: string[]) => Promise<number>;
  readonly engine: DockerEngine;
  /** Holds `large`, `many/` and an `out/` that is empty. */
  readonly directory: string;
}

async function byDocker(
  bench: Bench,
  held: AsyncDisposableStack,
  work: (place: Place) => ReturnType<Way>,
): Promise<Partial<Record<Contender, Way>>> {
  const { docker } = bench;
  if (docker === undefined) return {};
  const directory = join(bench.directory, 'copy');
  makeFiles(directory);
  held.defer(() => rmSync(directory, { recursive: true, force: true }));
  const wayOf = (engine: DockerEngine): Way => {
    const run = (...words: string[]): Promise<number> => bench.shell.time(quote([...docker, '-H', engine.host, ...words]));
    return async () => {
      const out = join(directory, 'out');
      mkdirSync(out);
      try {
        return await work({ docker: run, engine, directory });
      } finally {
        rmSync(out, { recursive: true });
        await removeContainers(engine.api);
        for (const name of [MADE, IMPORTED]) await engine.api.call('DELETE', `/images/${name}?force=1`).catch(() => undefined);
      }
    };
  };
  return { pier: wayOf(bench.pier), ...(bench.dockerd && { dockerd: wayOf(bench.dockerd) }) };
}

async function copyBothWays({ docker, engine, directory }: Place): ReturnType<Way> {
  const id = await startContainer(engine);
  const archive = join(directory, 'out', 'export.tar');
  const largeIn = await docker('cp', join(directory, 'large'), `${id}:/large`);
  const manyIn = await docker('cp', join(directory, 'many'), `${id}:/many`);
  const largeOut = await docker('cp', `${id}:/large`, join(directory, 'out', 'large'));
  const manyOut = await docker('cp', `${id}:/many`, join(directory, 'out', 'many'));
  const commit = await docker('commit', id, MADE);
  const exported = await docker('export', '-o', archive, id);
  const imported = await docker('import', archive, IMPORTED);
  return { largeIn, manyIn, largeOut, manyOut, commit, export: exported, import: imported };
}

async function saveAndLoad({ docker, engine, directory }: Place): ReturnType<Way> {
  const id = await startContainer(engine);
  const archive = join(directory, 'out', 'saved.tar');
  for (let i = 0; i < IMAGE_FILES; i++) await docker('cp', join(directory, 'large'), `${id}:/large-${i}`);
  await docker('commit', id, MADE);
  const save = await docker('save', '-o', archive, MADE);
  await removeContainers(engine.api);
  await docker('rmi', MADE);
  const load = await docker('load', '-q', '-i', archive);
  return { save, load };
}

async function startContainer({ api }: DockerEngine): Promise<string> {
  const id = await createContainer(api, { command: ['sleep', '100000'] });
  await api.call('POST', `/containers/${id}/start`);
  return id;
}

function makeFiles(directory: string): void {
  mkdirSync(directory);
  const large = openSync(join(directory, 'large'), 'w');
  for (let i = 0; i < LARGE_MB; i++) writeSync(large, randomBytes(1_000_000));
  closeSync(large);
  for (let folder = 0; folder < FOLDERS; folder++) {
    const path = join(directory, 'many', String(folder));
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < FILES_EACH; file++) writeFileSync(join(path, String(file)), `file ${file} of folder ${folder}\n`);
  }
}
