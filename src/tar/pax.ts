import { malformed } from './tar-header.ts';

/** Values of PAX records by keyword. Values are bytes: an extended attribute may hold any. */
export type PaxRecords = ReadonlyMap<string, Buffer>;

const SPARSE_KEYWORDS: readonly string[] = ['GNU.sparse.offset', 'GNU.sparse.numbytes'];

/**
 * Decodes the content of a PAX extended header: records of `LENGTH KEYWORD=VALUE\n`, where the length counts itself.
 * POSIX.1-2017, pax, "pax Extended Header".
 *
 * @throws {PierError} `InvalidArgument` if a record's length does not fit.
 */
export function decodePax(content: Buffer): PaxRecords {
  const records = new Map<string, Buffer>();
  /** Version 0.0 of sparse files repeats keywords, which nothing else does. */
  const sparse: string[] = [];
  for (let offset = 0; offset < content.length && content[offset] !== 0;) {
    const space = content.indexOf(0x20, offset);
    const digits = space < 0 ? '' : content.toString('latin1', offset, space);
    const end = offset + (/^\d{1,9}$/.test(digits) ? Number(digits) : 0);
    const equals = content.indexOf(0x3d, space + 1);
    if (end <= space + 1 || end > content.length || content[end - 1] !== 0x0a || equals < 0 || equals >= end) {
      throw malformed('an extended header has a record of a wrong length');
    }
    const keyword = content.toString('utf8', space + 1, equals);
    const value = content.subarray(equals + 1, end - 1);
    if (keyword === SPARSE_KEYWORDS[sparse.length % 2]) sparse.push(value.toString('latin1'));
    else if (SPARSE_KEYWORDS.includes(keyword)) throw malformed('the map of a sparse file is incomplete');
    else records.set(keyword, value);
    offset = end;
  }
  if (sparse.length > 0) records.set('GNU.sparse.map', Buffer.from(sparse.join(',')));
  return records;
}

/** Encodes records in the order given. */
export function encodePax(records: Iterable<readonly [string, Buffer]>): Buffer {
  const parts: Buffer[] = [];
  for (const [keyword, value] of records) {
    const body = Buffer.concat([Buffer.from(` ${keyword}=`), value, Buffer.from('\n')]);
    let length = body.length + 1;
    while (length !== body.length + String(length).length) length = body.length + String(length).length;
    parts.push(Buffer.from(String(length)), body);
  }
  return Buffer.concat(parts);
}
