import { encodeFilters } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';
import { parseFilterArguments } from '../filter-arguments.ts';
import type * as row from '../format/container-row.ts';
import type * as table from '../format/table.ts';

const SHORT_ID = 12;
const FORMAT_IGNORED = 'WARNING: Ignoring custom format, because both --format and --quiet are set.';

/** Runs `pier ps`. */
export async function run({ flags, client }: CommandContext): Promise<number> {
  const format = flags.string('format');
  const isTruncated = !flags.bool('no-trunc');
  const filters = parseFilterArguments('-f, --filter', flags.list('filter'));
  const last = flags.bool('latest') && !flags.has('last') ? 1 : flags.int('last');
  const query = {
    all: flags.bool('all') || undefined,
    limit: last > 0 ? last : undefined,
    size: flags.bool('size') || (await showsSize(format)) || undefined,
    filters: encodeFilters(filters) || undefined,
  };
  const showsIdsOnly = flags.bool('quiet') && format !== 'raw';
  if (flags.bool('quiet') && flags.has('format')) process.stderr.write(`${FORMAT_IGNORED}\n`);
  // The formatter is loaded while the daemon answers.
  const [containers, formatter] = await Promise.all([client.containers.list(query), showsIdsOnly ? undefined : loadFormatter()]);
  if (formatter === undefined) {
    process.stdout.write(containers.map(({ Id }) => `${isTruncated ? Id.slice(0, SHORT_ID) : Id}\n`).join(''));
    return 0;
  }
  const { formatRows, containerRow, CONTAINER_TABLE, CONTAINER_TABLE_WITH_SIZE } = formatter;
  const spec = flags.bool('size') ? CONTAINER_TABLE_WITH_SIZE : CONTAINER_TABLE;
  const rows = containers.map((container) => containerRow(container, isTruncated));
  process.stdout.write(formatRows(spec, flags.bool('quiet') ? 'container_id: {{.ID}}' : format, rows));
  return 0;
}

async function loadFormatter(): Promise<typeof table & typeof row> {
  const [tables, rows] = await Promise.all([import('../format/table.ts'), import('../format/container-row.ts')]);
  return { ...tables, ...rows };
}

/** Sizes cost the daemon time: a template gets them only if it shows them. */
async function showsSize(format: string): Promise<boolean> {
  if (!format.includes('{{')) return false;
  const { fieldsOfFormat, CONTAINER_TABLE } = await loadFormatter();
  return fieldsOfFormat(CONTAINER_TABLE, format).has('Size');
}
