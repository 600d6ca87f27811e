import { BUILD_CACHE_TABLE, buildCacheRow } from './build-cache-row.ts';
import { CONTAINER_TABLE_WITH_SIZE, containerRow } from './container-row.ts';
import { GoStruct, encodeGoJson, encodeGoString } from './go-value.ts';
import { humanSize } from './human-size.ts';
import { IMAGE_TABLE, IMAGE_TABLE_WITH_DIGESTS, imageRowOnce } from './image-row.ts';
import { formatRows, formatValue, rowStruct } from './table.ts';
import { VOLUME_TABLE, volumeRow } from './volume-row.ts';
import type { DiskUsage } from '../../wire/index.ts';
import type { Row, TableSpec } from './table.ts';

/** One kind of object in the listing. */
interface Part {
  /** The field that templates see it under. */
  readonly field: string;
  readonly title: string;
  readonly spec: TableSpec;
  readonly table: string;
  readonly rows: readonly Row[];
  readonly raw: string;
}

/**
 * Formats `docker system df --verbose`: a table for each kind of object, or one template over all of them.
 *
 * @param format As for {@linkcode formatRows}; a template is run once, and nothing follows what it gives.
 * @throws {CommandError} For a template that cannot be read or run, in Docker's words.
 */
export function formatDiskUsage(usage: DiskUsage, format: string): string {
  const isTable = format === '' || format.startsWith('table');
  const parts = partsOf(usage, isTable);
  if (format === '' || format === 'table') {
    return parts.map(({ title, spec, table, rows }) => `${title}\n\n${formatRows(spec, table, rows)}`).join('\n');
  }
  const lists = new Map(parts.map(({ field, spec, rows }) => [field, rows.map((row) => rowStruct(spec, row))]));
  const members = (): string[] => [...lists].map(([field, rows]) => `${encodeGoString(field)}:${encodeGoJson(rows)}`);
  const all = new GoStruct('*formatter.diskUsageContext', lists, () => `{${members().join(',')}}`);
  if (format === 'json') return formatValue('{{json .}}', all);
  if (format === 'raw') return parts.map(({ field, raw }) => formatValue(`{{range .${field}}}${raw}\n{{end -}}`, all)).join('');
  return formatValue(isTable ? format.slice('table'.length) : format, all);
}

function partsOf(usage: DiskUsage, isTruncated: boolean): readonly Part[] {
  const records = usage.BuildCache ?? [];
  const cacheBytes = records.reduce((sum, record) => sum + (record.Shared ? 0 : record.Size), 0);
  return [
    {
      field: 'Images',
      title: 'Images space usage:',
      spec: IMAGE_TABLE,
      table: `${IMAGE_TABLE.table}\t{{.SharedSize}}\t{{.UniqueSize}}\t{{.Containers}}`,
      rows: (usage.Images ?? []).map((image) => imageRowOnce(image, isTruncated)),
      raw: `type: Image\n${IMAGE_TABLE_WITH_DIGESTS.raw ?? ''}`,
    },
    {
      field: 'Containers',
      title: 'Containers space usage:',
      spec: CONTAINER_TABLE_WITH_SIZE,
      table: 'table {{.ID}}\t{{.Image}}\t{{.Command}}\t{{.LocalVolumes}}\t{{.Size}}\t{{.RunningFor}}\t{{.Status}}\t{{.Names}}',
      // What the image takes is told above.
      rows: (usage.Containers ?? []).map((container) => containerRow({ ...container, SizeRootFs: 0 }, isTruncated)),
      raw: `type: Container\n${CONTAINER_TABLE_WITH_SIZE.raw ?? ''}`,
    },
    {
      field: 'Volumes',
      title: 'Local Volumes space usage:',
      spec: VOLUME_TABLE,
      table: 'table {{.Name}}\t{{.Links}}\t{{.Size}}',
      rows: (usage.Volumes ?? []).map(volumeRow),
      raw: `type: Volume\n${VOLUME_TABLE.raw ?? ''}`,
    },
    {
      field: 'BuildCache',
      title: `Build cache usage: ${humanSize(cacheBytes)}`,
      spec: BUILD_CACHE_TABLE,
      table: BUILD_CACHE_TABLE.table,
      rows: records.map((record) => buildCacheRow(record, isTruncated)),
      raw: `type: Build Cache\n${BUILD_CACHE_TABLE.raw ?? ''}`,
    },
  ];
}
