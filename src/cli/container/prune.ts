import { encodeFilters } from '../../wire/index.ts';
import type { Client } from '../../client/index.ts';
import type { CommandContext } from '../command.ts';
import type { PruneFilters, PruneReport } from '../prune-report.ts';
import { confirm } from '../confirm.ts';
import { parseFilterArguments } from '../filter-arguments.ts';
import { humanSize } from '../format/human-size.ts';

/** Runs `pier container prune`. */
export async function run({ flags, client }: CommandContext): Promise<number> {
  const filters = parseFilterArguments('--filter', flags.list('filter'));
  if (!flags.bool('force') && !(await confirm('WARNING! This will remove all stopped containers.'))) return 0;
  const { text, reclaimedBytes } = await pruneContainers(client, filters);
  if (text !== '') process.stdout.write(`${text}\n`);
  process.stdout.write(`Total reclaimed space: ${humanSize(reclaimedBytes)}\n`);
  return 0;
}

/** Removes the containers that do not run. */
export async function pruneContainers(client: Client, filters: PruneFilters): Promise<PruneReport> {
  const { ContainersDeleted, SpaceReclaimed } = await client.containers.prune(encodeFilters(filters));
  const deleted = ContainersDeleted ?? [];
  const text = deleted.length === 0 ? '' : `Deleted Containers:\n${deleted.map((id) => `${id}\n`).join('')}`;
  return { text, reclaimedBytes: SpaceReclaimed };
}
