import assert from 'node:assert/strict';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { TestDaemon } from '../harness/daemon.ts';
import { until } from '../harness/until.ts';

/** What a listing says of a container. */
export interface ListedContainer {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly State: string;
  readonly Status: string;
}

/** Everything that the tests expect to find, and everything that they know to be gone, under names. */
export class Inventory {
  /** Name → id of containers whose creation was acknowledged. */
  readonly containers = new Map<string, string>();
  /** Id → pid of containers whose start was acknowledged and that do not end by themselves. */
  readonly running = new Map<string, number>();
  /** Ids of containers whose removal was acknowledged. */
  readonly removed = new Set<string>();
  /** Names of images whose making was acknowledged. */
  readonly images = new Set<string>();
  /** Names of containers or images that an unanswered request was about: any state of theirs is right. */
  readonly uncertain = new Set<string>();
}

/** All containers by id, over the daemon's API. */
export async function listContainers(daemon: TestDaemon): Promise<Map<string, ListedContainer>> {
  const list = await daemon.json<ListedContainer[]>('GET', '/containers/json?all=1');
  return new Map(list.map((container) => [container.Id, container]));
}

/** Fails unless every acknowledged object is there, every acknowledged removal held, and what ran runs on. */
export async function checkInventory(daemon: TestDaemon, inventory: Inventory): Promise<void> {
  const listed = await listContainers(daemon);
  for (const [name, id] of inventory.containers) {
    if (inventory.uncertain.has(name)) continue;
    const found = listed.get(id);
    assert.ok(found, `container ${name} (${id.slice(0, 12)}) was acknowledged and is gone`);
    assert.ok(found.Names.includes(`/${name}`), `container ${name} is called ${found.Names.join(' ')}`);
    const pid = inventory.running.get(id);
    if (pid === undefined) continue;
    const { State } = await daemon.json<{ State: { Status: string; Pid: number } }>('GET', `/containers/${id}/json`);
    assert.deepEqual([State.Status, State.Pid], ['running', pid], `container ${name} ran before the kill`);
  }
  for (const id of inventory.removed) assert.ok(!listed.has(id), `container ${id.slice(0, 12)} was removed and is back`);
  const images = await daemon.json<{ RepoTags: readonly string[] }[]>('GET', '/images/json');
  const tags = new Set(images.flatMap(({ RepoTags }) => RepoTags));
  for (const name of inventory.images)
    if (!inventory.uncertain.has(name)) assert.ok(tags.has(name), `image ${name} was acknowledged and is gone`);
}

/** Fails if there are files, bundles or namespaces of containers that do not exist. What is being taken away may take a moment. */
export async function checkNoStrayFiles(daemon: TestDaemon): Promise<void> {
  let stray: string[] = [];
  await until(
    async () => {
      const listed = await listContainers(daemon);
      const isAlive = (id: string): boolean => ['running', 'paused', 'restarting'].includes(listed.get(id)?.State ?? '');
      stray = [
        ...entries(join(daemon.root, 'containers')).filter((id) => !listed.has(id)),
        ...entries(join(daemon.state, 'c')).filter((id) => !isAlive(id)),
        ...entries(join(daemon.state, 'netns')).filter((id) => !isAlive(id)),
        ...entries(join(daemon.state, 'crun')).filter((id) => !isAlive(id)),
      ];
      return stray.length === 0;
    },
    () => `stray: ${stray.join(', ')}`,
    5000,
  );
}

/** Fails if a root without containers and images holds more than its database. */
export function checkRootIsEmpty(daemon: TestDaemon): void {
  for (const directory of ['containers', 'layers', 'blobs/sha256', 'tmp']) {
    assert.deepEqual(entries(join(daemon.root, directory)), [], `${directory} of a root without containers and images`);
  }
}

function entries(directory: string): string[] {
  return existsSync(directory) ? readdirSync(directory).filter((name) => !name.startsWith('.')) : [];
}
