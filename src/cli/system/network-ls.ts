import { encodeFilters } from '../../wire/index.ts';
import { parseFilterArguments } from '../filter-arguments.ts';
import { compareGoStrings } from '../format/go-value.ts';
import { NETWORK_TABLE, networkRow } from '../format/network-row.ts';
import { formatRows } from '../format/table.ts';
import type { NetworkInspect } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';

/** Runs `pier network ls`. */
export async function run({ flags, client }: CommandContext): Promise<number> {
  const filters = parseFilterArguments('-f, --filter', flags.list('filter'));
  const query = { filters: encodeFilters(filters) || undefined };
  const networks = await client.json<readonly NetworkInspect[]>({ method: 'GET', path: '/networks', query });
  const rows = networks.toSorted((a, b) => compareGoStrings(a.Name, b.Name)).map((network) => networkRow(network, !flags.bool('no-trunc')));
  const format = flags.string('format');
  const isQuiet = flags.bool('quiet') && (format === '' || format === 'table');
  process.stdout.write(formatRows(NETWORK_TABLE, isQuiet ? '{{.ID}}' : format, rows));
  return 0;
}
