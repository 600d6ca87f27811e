import { encodeFilters } from '../../wire/index.ts';
import { parseFilterArguments } from '../filter-arguments.ts';
import { IMAGE_TABLE, IMAGE_TABLE_WITH_DIGESTS, imageRows } from '../format/image-row.ts';
import { formatRows } from '../format/table.ts';
import type { ImageSummary } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';

/** Runs `pier images`. */
export async function run({ args, flags, client }: CommandContext): Promise<number> {
  const filters = parseFilterArguments('-f, --filter', flags.list('filter'));
  const [reference] = args;
  if (reference !== undefined) filters.set('reference', [...(filters.get('reference') ?? []), reference]);
  const query = { all: flags.bool('all') ? 1 : undefined, filters: encodeFilters(filters) || undefined };
  const images = await client.json<readonly ImageSummary[]>({ method: 'GET', path: '/images/json', query });
  const showsDigests = flags.bool('digests');
  const format = flags.bool('quiet') ? quietFormat(flags.string('format')) : flags.string('format');
  const options = { isTruncated: !flags.bool('no-trunc'), showsDigests, needsDigest: showsDigests || format.includes('.Digest') };
  const rows = images.toSorted((a, b) => b.Created - a.Created).flatMap((image) => imageRows(image, options));
  process.stdout.write(formatRows(showsDigests ? IMAGE_TABLE_WITH_DIGESTS : IMAGE_TABLE, format, rows));
  return 0;
}

/** `--quiet` replaces the default table only: a format of one's own wins. */
function quietFormat(format: string): string {
  return format === '' || format === 'table' ? '{{.ID}}' : format;
}
