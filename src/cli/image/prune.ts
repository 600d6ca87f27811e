import { encodeFilters } from '../../wire/index.ts';
import { confirm } from '../confirm.ts';
import { parseFilterArguments } from '../filter-arguments.ts';
import { humanSize } from '../format/human-size.ts';
import type { ImageDeleteItem, ImagesPruneResponse } from '../../wire/index.ts';
import type { Client } from '../../client/index.ts';
import type { CommandContext } from '../command.ts';
import type { PruneFilters, PruneReport } from '../prune-report.ts';

const DANGLING_WARNING = 'WARNING! This will remove all dangling images.';
const ALL_WARNING = 'WARNING! This will remove all images without at least one container associated to them.';

/** Runs `pier image prune`. */
export async function run({ flags, client }: CommandContext): Promise<number> {
  const filters = parseFilterArguments('--filter', flags.list('filter'));
  const all = flags.bool('all');
  if (!flags.bool('force') && !(await confirm(all ? ALL_WARNING : DANGLING_WARNING))) return 0;
  const { text, reclaimedBytes } = await pruneImages(client, filters, all);
  if (text !== '') process.stdout.write(`${text}\n`);
  process.stdout.write(`Total reclaimed space: ${humanSize(reclaimedBytes)}\n`);
  return 0;
}

/**
 * Removes images that nobody uses.
 *
 * @param all Also those that have a name.
 */
export async function pruneImages(client: Client, filters: PruneFilters, all: boolean): Promise<PruneReport> {
  const query = { filters: encodeFilters(new Map([...filters, ['dangling', [String(!all)]]])) };
  const pruned = await client.json<ImagesPruneResponse>({ method: 'POST', path: '/images/prune', query });
  const deleted = pruned.ImagesDeleted ?? [];
  const text = deleted.length === 0 ? '' : `Deleted Images:\n${deleted.map(describeRemoval).join('')}`;
  return { text, reclaimedBytes: pruned.SpaceReclaimed };
}

function describeRemoval({ Deleted: deleted, Untagged: untagged }: ImageDeleteItem): string {
  return untagged === undefined || untagged === '' ? `deleted: ${deleted ?? ''}\n` : `untagged: ${untagged}\n`;
}
