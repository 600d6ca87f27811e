import { shortId } from '../format/ellipsis.ts';
import { HISTORY_TABLE, HISTORY_TABLE_EXACT, historyRow } from '../format/history-row.ts';
import { formatRows } from '../format/table.ts';
import { platformQuery } from './platform-query.ts';
import { imagePath } from './image-path.ts';
import type { ImageHistoryItem } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';

/** Runs `pier history`. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const [name = ''] = args;
  const items = await client.json<readonly ImageHistoryItem[]>({
    method: 'GET',
    path: imagePath(name, '/history'),
    query: { platform: platformQuery(flags.string('platform')) },
  });
  const isTruncated = !flags.bool('no-trunc');
  if (flags.bool('quiet')) {
    process.stdout.write(items.map(({ Id: id }) => `${isTruncated ? shortId(id) : id}\n`).join(''));
    return 0;
  }
  const isHuman = flags.bool('human');
  const rows = items.map((item) => historyRow(item, isTruncated, isHuman));
  process.stdout.write(formatRows(isHuman ? HISTORY_TABLE : HISTORY_TABLE_EXACT, flags.string('format'), rows));
  return 0;
}
