import { ellipsis, shortId } from './ellipsis.ts';
import { ago } from './human-duration.ts';
import { humanSize } from './human-size.ts';
import { rfc3339 } from './local-time.ts';
import type { ImageHistoryItem } from '../../wire/index.ts';
import type { Row, TableSpec } from './table.ts';

/** Characters of a build step that tables show. */
const CREATED_BY_LENGTH = 45;

/** The fields of `docker history` rows and the table they make. */
export const HISTORY_TABLE: TableSpec = {
  typeName: '*image.historyContext',
  table: 'table {{.ID}}\t{{.CreatedSince}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}',
  headers: {
    ID: 'IMAGE',
    CreatedAt: 'CREATED AT',
    CreatedSince: 'CREATED',
    CreatedBy: 'CREATED BY',
    Size: 'SIZE',
    Comment: 'COMMENT',
  },
};

/** The default table of `docker history --human=false`. */
export const HISTORY_TABLE_EXACT: TableSpec = {
  ...HISTORY_TABLE,
  table: 'table {{.ID}}\t{{.CreatedAt}}\t{{.CreatedBy}}\t{{.Size}}\t{{.Comment}}',
};

/**
 * A step of an image's history as a row.
 *
 * @param isTruncated Ids and commands are shortened.
 * @param isHuman Sizes and ages are for people, as opposed to bytes and times.
 */
export function historyRow(item: ImageHistoryItem, isTruncated: boolean, isHuman: boolean): Row {
  const createdAt = rfc3339(item.Created);
  const createdBy = item.CreatedBy.replaceAll('\t', ' ');
  return {
    fields: {
      ID: isTruncated ? shortId(item.Id) : item.Id,
      CreatedAt: createdAt,
      CreatedSince: isHuman ? ago(item.Created) : createdAt,
      CreatedBy: isTruncated ? ellipsis(createdBy, CREATED_BY_LENGTH) : createdBy,
      Size: isHuman ? humanSize(item.Size, 3) : String(item.Size),
      Comment: item.Comment,
    },
  };
}
