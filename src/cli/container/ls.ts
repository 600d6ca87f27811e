import { encodeFilters } from '../../wire/index.ts';
import type { ContainerSummary } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';
import { parseFilterArguments } from '../filter-arguments.ts';

const SHORT_ID = 12;

/** Runs `pier ps`. */
export async function run({ flags, client }: CommandContext): Promise<number> {
  const format = flags.string('format');
  const isTruncated = !flags.bool('no-trunc');
  const filters = parseFilterArguments('-f, --filter', flags.list('filter'));
  const last = flags.bool('latest') && !flags.has('last') ? 1 : flags.int('last');
  const containers = await client.containers.list({
    all: flags.bool('all') || undefined,
    limit: last > 0 ? last : undefined,
    size: flags.bool('size') || (await showsSize(format)) || undefined,
    filters: encodeFilters(filters) || undefined,
  });
  process.stdout.write(await formatted(containers, format, isTruncated, flags.bool('quiet'), flags.bool('size')));
  return 0;
}

/** Sizes cost the daemon time: a template gets them only if it shows them. */
async function showsSize(format: string): Promise<boolean> {
  if (!format.includes('{{')) return false;
  const [{ fieldsOfFormat }, { CONTAINER_TABLE }] = await Promise.all([import('../format/table.ts'), import('../format/container-row.ts')]);
  return fieldsOfFormat(CONTAINER_TABLE, format).has('Size');
}

async function formatted(
  containers: readonly ContainerSummary[],
  format: string,
  isTruncated: boolean,
  isQuiet: boolean,
  withSize: boolean,
): Promise<string> {
  if (isQuiet && (format === '' || format === 'table')) {
    return containers.map(({ Id }) => `${isTruncated ? Id.slice(0, SHORT_ID) : Id}\n`).join('');
  }
  const [{ formatRows }, rows] = await Promise.all([import('../format/table.ts'), import('../format/container-row.ts')]);
  const spec = withSize ? rows.CONTAINER_TABLE_WITH_SIZE : rows.CONTAINER_TABLE;
  return formatRows(
    spec,
    isQuiet && format === 'raw' ? 'container_id: {{.ID}}' : format,
    containers.map((container) => rows.containerRow(container, isTruncated)),
  );
}
