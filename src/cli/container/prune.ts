import { encodeFilters } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';
import { confirm } from '../confirm.ts';
import { parseFilterArguments } from '../filter-arguments.ts';
import { humanSize } from '../format/human-size.ts';

/** Runs `pier container prune`. */
export async function run({ flags, client }: CommandContext): Promise<number> {
  const filters = parseFilterArguments('--filter', flags.list('filter'));
  if (!flags.bool('force') && !(await confirm('WARNING! This will remove all stopped containers.'))) return 0;
  const { ContainersDeleted, SpaceReclaimed } = await client.containers.prune(encodeFilters(filters));
  const deleted = ContainersDeleted ?? [];
  if (deleted.length > 0) process.stdout.write(`Deleted Containers:\n${deleted.map((id) => `${id}\n`).join('')}\n`);
  process.stdout.write(`Total reclaimed space: ${humanSize(SpaceReclaimed)}\n`);
  return 0;
}
