import { encodeFilters } from '../../wire/index.ts';
import { CommandError } from '../command-error.ts';
import { confirm } from '../confirm.ts';
import { pruneContainers } from '../container/prune.ts';
import { parseFilterArguments } from '../filter-arguments.ts';
import { compareGoStrings } from '../format/go-value.ts';
import { humanSize } from '../format/human-size.ts';
import { pruneImages } from '../image/prune.ts';
import type { Client } from '../../client/index.ts';
import type { CommandContext } from '../command.ts';
import type { FlagValues } from '../flag-values.ts';
import type { PruneFilters, PruneReport } from '../prune-report.ts';

/** Filters that the question lists. */
const SHOWN_FILTERS: readonly string[] = ['label', 'label!', 'until'];

/** Runs `pier system prune`: everything that nobody uses goes, kind by kind, dependents first. */
export async function run({ flags, client }: CommandContext): Promise<number> {
  const filters = parseFilterArguments('--filter', flags.list('filter'));
  if (flags.bool('volumes') && filters.has('until')) {
    throw new CommandError('ERROR: The "until" filter is not supported with "--volumes"');
  }
  if (!flags.bool('force') && !(await confirm(warningOf(flags, filters)))) return 0;
  let reclaimedBytes = 0;
  for (const prune of prunersOf(flags)) {
    const report = await prune(client, filters);
    reclaimedBytes += report.reclaimedBytes;
    if (report.text !== '') process.stdout.write(`${report.text}\n`);
  }
  process.stdout.write(`Total reclaimed space: ${humanSize(reclaimedBytes)}\n`);
  return 0;
}

type Pruner = (client: Client, filters: PruneFilters) => Promise<PruneReport>;

function prunersOf(flags: FlagValues): readonly Pruner[] {
  const all = flags.bool('all');
  return [
    pruneContainers,
    ...(flags.bool('volumes') ? [pruneVolumes] : []),
    pruneNetworks,
    (client, filters) => pruneImages(client, filters, all),
    (client, filters) => pruneBuildCache(client, filters, all),
  ];
}

interface Pruned {
  readonly VolumesDeleted?: readonly string[] | null;
  readonly NetworksDeleted?: readonly string[] | null;
  readonly CachesDeleted?: readonly string[] | null;
  readonly SpaceReclaimed?: number;
}

async function pruneVolumes(client: Client, filters: PruneFilters): Promise<PruneReport> {
  const pruned = await ask(client, '/volumes/prune', { filters: encodeFilters(filters) || undefined });
  return reportOf('Deleted Volumes', pruned.VolumesDeleted, pruned.SpaceReclaimed);
}

async function pruneNetworks(client: Client, filters: PruneFilters): Promise<PruneReport> {
  const pruned = await ask(client, '/networks/prune', { filters: encodeFilters(filters) || undefined });
  return reportOf('Deleted Networks', pruned.NetworksDeleted, 0);
}

async function pruneBuildCache(client: Client, filters: PruneFilters, all: boolean): Promise<PruneReport> {
  const pruned = await ask(client, '/build/prune', { all: all ? 1 : undefined, filters: encodeFilters(filters) || undefined });
  return reportOf('Deleted build cache objects', pruned.CachesDeleted, pruned.SpaceReclaimed);
}

async function ask(client: Client, path: string, query: Readonly<Record<string, string | number | undefined>>): Promise<Pruned> {
  return await client.json<Pruned>({ method: 'POST', path, query });
}

function reportOf(title: string, deleted: readonly string[] | null | undefined, reclaimedBytes: number = 0): PruneReport {
  const names = deleted ?? [];
  return { text: names.length === 0 ? '' : `${title}:\n${names.map((name) => `${name}\n`).join('')}`, reclaimedBytes };
}

function warningOf(flags: FlagValues, filters: PruneFilters): string {
  const all = flags.bool('all');
  const items = [
    'all stopped containers',
    'all networks not used by at least one container',
    ...(flags.bool('volumes') ? ['all anonymous volumes not used by at least one container'] : []),
    all ? 'all images without at least one container associated to them' : 'all dangling images',
    all ? 'all build cache' : 'unused build cache',
  ];
  const shown = SHOWN_FILTERS.flatMap((key) => (filters.get(key) ?? []).map((value) => `${key}=${value}`)).toSorted(compareGoStrings);
  const filterLines = shown.length === 0 ? '' : `\n  Items to be pruned will be filtered with:\n${linesOf(shown)}`;
  return `WARNING! This will remove:\n${linesOf(items)}${filterLines}`;
}

function linesOf(items: readonly string[]): string {
  return items.map((item) => `  - ${item}\n`).join('');
}
