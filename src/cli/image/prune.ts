import { encodeFilters } from '../../wire/index.ts';
import { confirm } from '../confirm.ts';
import { parseFilterArguments } from '../filter-arguments.ts';
import { humanSize } from '../format/human-size.ts';
import type { ImageDeleteItem, ImagesPruneResponse } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';

const DANGLING_WARNING = 'WARNING! This will remove all dangling images.';
const ALL_WARNING = 'WARNING! This will remove all images without at least one container associated to them.';

/** Runs `pier image prune`. */
export async function run({ flags, client }: CommandContext): Promise<number> {
  const filters = parseFilterArguments('--filter', flags.list('filter'));
  const all = flags.bool('all');
  filters.set('dangling', [String(!all)]);
  if (!flags.bool('force') && !(await confirm(all ? ALL_WARNING : DANGLING_WARNING))) return 0;
  const query = { filters: encodeFilters(filters) };
  const pruned = await client.json<ImagesPruneResponse>({ method: 'POST', path: '/images/prune', query });
  const deleted = pruned.ImagesDeleted ?? [];
  if (deleted.length > 0) process.stdout.write(`Deleted Images:\n${deleted.map(describeRemoval).join('')}\n`);
  process.stdout.write(`Total reclaimed space: ${humanSize(pruned.SpaceReclaimed)}\n`);
  return 0;
}

function describeRemoval({ Deleted: deleted, Untagged: untagged }: ImageDeleteItem): string {
  return untagged === undefined || untagged === '' ? `deleted: ${deleted ?? ''}\n` : `untagged: ${untagged}\n`;
}
