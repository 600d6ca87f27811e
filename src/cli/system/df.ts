import { humanSize } from '../format/human-size.ts';
import { formatDiskUsage } from '../format/disk-usage.ts';
import { formatRows } from '../format/table.ts';
import type { DiskUsage } from '../../wire/index.ts';
import type { CommandContext } from '../command.ts';
import type { Row, TableSpec } from '../format/table.ts';

const DISK_USAGE_TABLE: TableSpec = {
  typeName: '*formatter.diskUsageImagesContext',
  table: 'table {{.Type}}\t{{.TotalCount}}\t{{.Active}}\t{{.Size}}\t{{.Reclaimable}}',
  raw: 'type: {{.Type}}\ntotal: {{.TotalCount}}\nactive: {{.Active}}\nsize: {{.Size}}\nreclaimable: {{.Reclaimable}}\n',
  headers: { Type: 'TYPE', TotalCount: 'TOTAL', Active: 'ACTIVE', Size: 'SIZE', Reclaimable: 'RECLAIMABLE' },
};

/** Containers in these states count as active. */
const ACTIVE_STATES: ReadonlySet<string> = new Set(['running', 'paused', 'restarting']);

/** Runs `pier system df`. */
export async function run({ flags, client }: CommandContext): Promise<number> {
  const usage = await client.json<DiskUsage>({ method: 'GET', path: '/system/df' });
  if (flags.bool('verbose')) {
    process.stdout.write(formatDiskUsage(usage, flags.string('format')));
    return 0;
  }
  const rows = [imagesRow(usage), containersRow(usage), volumesRow(usage), buildCacheRow(usage)];
  process.stdout.write(formatRows(DISK_USAGE_TABLE, flags.string('format'), rows));
  return 0;
}

interface Usage {
  readonly type: string;
  readonly total: number;
  readonly active: number;
  readonly sizeBytes: number;
  readonly reclaimableBytes: number;
  /** Sizes of the build cache have no share behind them. */
  readonly hasShare?: boolean;
}

function usageRow({ type, total, active, sizeBytes, reclaimableBytes, hasShare = true }: Usage): Row {
  const share = sizeBytes > 0 && hasShare ? ` (${Math.trunc((reclaimableBytes * 100) / sizeBytes)}%)` : '';
  return {
    fields: {
      Type: type,
      TotalCount: String(total),
      Active: String(active),
      Size: humanSize(sizeBytes),
      Reclaimable: `${humanSize(reclaimableBytes)}${share}`,
    },
  };
}

function imagesRow({ Images: images, LayersSize: layersSize }: DiskUsage): Row {
  const used = (images ?? []).filter((image) => image.Containers > 0);
  const usedBytes = used.reduce((sum, image) => sum + (image.SharedSize === -1 ? 0 : image.Size - image.SharedSize), 0);
  const reclaimableBytes = layersSize - usedBytes;
  return usageRow({ type: 'Images', total: images?.length ?? 0, active: used.length, sizeBytes: layersSize, reclaimableBytes });
}

function containersRow({ Containers: containers }: DiskUsage): Row {
  const all = containers ?? [];
  const bytesOf = (list: typeof all): number => list.reduce((sum, container) => sum + (container.SizeRw ?? 0), 0);
  return usageRow({
    type: 'Containers',
    total: all.length,
    active: all.filter((container) => ACTIVE_STATES.has(container.State)).length,
    sizeBytes: bytesOf(all),
    reclaimableBytes: bytesOf(all.filter((container) => !ACTIVE_STATES.has(container.State))),
  });
}

function volumesRow({ Volumes: volumes }: DiskUsage): Row {
  const all = volumes ?? [];
  const bytesOf = (list: typeof all): number => list.reduce((sum, { UsageData: data }) => sum + Math.max(data?.Size ?? 0, 0), 0);
  const used = all.filter(({ UsageData: data }) => (data?.RefCount ?? 0) > 0);
  const unused = all.filter((volume) => !used.includes(volume));
  return usageRow({
    type: 'Local Volumes',
    total: all.length,
    active: used.length,
    sizeBytes: bytesOf(all),
    reclaimableBytes: bytesOf(unused),
  });
}

function buildCacheRow({ BuildCache: records }: DiskUsage): Row {
  const all = records ?? [];
  const bytesOf = (list: typeof all): number => list.reduce((sum, record) => sum + (record.Shared ? 0 : record.Size), 0);
  const used = all.filter((record) => record.InUse);
  return usageRow({
    type: 'Build Cache',
    total: all.length,
    active: used.length,
    sizeBytes: bytesOf(all),
    reclaimableBytes: bytesOf(all.filter((record) => !record.InUse)),
    hasShare: false,
  });
}
