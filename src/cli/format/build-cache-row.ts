import { shortId } from './ellipsis.ts';
import { ago } from './human-duration.ts';
import { humanSize } from './human-size.ts';
import type { BuildCacheRecord } from '../../wire/index.ts';
import type { Row, TableSpec } from './table.ts';

/** The fields of the build cache's rows and the table they make. */
export const BUILD_CACHE_TABLE: TableSpec = {
  typeName: '*formatter.buildCacheContext',
  table: 'table {{.ID}}\t{{.CacheType}}\t{{.Size}}\t{{.CreatedSince}}\t{{.LastUsedSince}}\t{{.UsageCount}}\t{{.Shared}}',
  raw:
    'build_cache_id: {{.ID}}\nparent_id: {{.Parent}}\nbuild_cache_type: {{.CacheType}}\ndescription: {{.Description}}\n' +
    'created_at: {{.CreatedAt}}\ncreated_since: {{.CreatedSince}}\nlast_used_at: {{.LastUsedAt}}\n' +
    'last_used_since: {{.LastUsedSince}}\nusage_count: {{.UsageCount}}\nin_use: {{.InUse}}\nshared: {{.Shared}}\n',
  headers: {
    ID: 'CACHE ID',
    Parent: 'PARENT',
    CacheType: 'CACHE TYPE',
    Size: 'SIZE',
    CreatedAt: 'CREATED AT',
    CreatedSince: 'CREATED',
    LastUsedAt: 'LAST USED AT',
    LastUsedSince: 'LAST USED',
    UsageCount: 'USAGE',
    InUse: 'IN USE',
    Shared: 'SHARED',
    Description: 'DESCRIPTION',
  },
};

/**
 * A result in the build cache as a row.
 *
 * @param isTruncated Ids are shortened, and those in use are marked.
 */
export function buildCacheRow(record: BuildCacheRecord, isTruncated: boolean): Row {
  const id = isTruncated ? shortId(record.ID) : record.ID;
  const parent = record.Parents?.[0] ?? '';
  const { LastUsedAt: lastUsedAt } = record;
  return {
    fields: {
      ID: record.InUse ? `${id}*` : id,
      Parent: isTruncated ? shortId(parent) : parent,
      CacheType: record.Type,
      Description: record.Description,
      Size: humanSize(record.Size, 3),
      CreatedAt: record.CreatedAt,
      CreatedSince: ago(Date.parse(record.CreatedAt) / 1000),
      LastUsedAt: lastUsedAt ?? '',
      LastUsedSince: lastUsedAt === undefined || lastUsedAt === null ? '' : ago(Date.parse(lastUsedAt) / 1000),
      UsageCount: String(record.UsageCount),
      InUse: String(record.InUse),
      Shared: String(record.Shared),
    },
  };
}
