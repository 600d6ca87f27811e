import { PierError } from '../base/errors.ts';
import { readFileInRoot } from '../linux/index.ts';

/** Who a process runs as, in numbers. */
export interface ResolvedUser {
  readonly uid: number;
  readonly gid: number;
  /** The primary group first, then those the group file lists; doubles are kept as Docker keeps them. */
  readonly additionalGids: readonly number[];
  /** Home directory of the uid; `/` where the image does not say. */
  readonly home: string;
}

/** Far more than any real user database of an image; a bound because the container chooses the size, and everybody waits. */
const MAX_BYTES = 1024 * 1024;
const MAX_ID = 2_147_483_647;

interface PasswdEntry {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

interface GroupEntry {
  readonly name: string;
  readonly gid: number;
  readonly members: readonly string[];
}

/**
 * Finds a user in an image's own passwd and group files. The image is not trusted: no path leaves its root.
 *
 * A number needs no entry, but takes the group and groups of its entry if there is one. `user:group` and `:group` set
 * the group and drop the others. Empty is user 0.
 *
 * @param rootfsPath The container's root on the host.
 * @param user `user`, `user:group`, `:group`; names or numbers.
 * @param groupAdd Further groups, names or numbers.
 * @throws {PierError} `InvalidArgument`, reasons `container.no-such-user` (facts `{ user }`), `container.no-such-group` (facts `{ group }`),
 * `container.bad-user-id` (facts `{ user, maximum }`).
 */
export function lookUpUser(rootfsPath: string, user: string, groupAdd: readonly string[] = []): ResolvedUser {
  const separator = user.indexOf(':');
  const userText = separator === -1 ? user : user.slice(0, separator);
  const groupText = separator === -1 ? '' : user.slice(separator + 1);
  const passwd = read(rootfsPath, 'etc/passwd');
  const entry = findPasswd(passwd, ({ name, uid }) => (userText === '' ? uid === 0 : name === userText || String(uid) === userText));
  const uid = entry?.uid ?? (userText === '' ? 0 : idOf(userText, 'user'));
  const { gid, others } = groupsOf(rootfsPath, groupText, entry);
  const home = findPasswd(passwd, (line) => line.uid === uid)?.home ?? '';
  return { uid, gid, additionalGids: [gid, ...others, ...furtherGroups(rootfsPath, groupAdd)], home: home === '' ? '/' : home };
}

function groupsOf(rootfsPath: string, groupText: string, entry: PasswdEntry | undefined): { gid: number; others: readonly number[] } {
  const primary = entry?.gid ?? 0;
  if (groupText === '' && entry === undefined) return { gid: primary, others: [] };
  const groups = groupEntries(read(rootfsPath, 'etc/group'));
  if (groupText === '') {
    const others: number[] = [];
    for (const { gid, members } of groups) if (entry !== undefined && members.includes(entry.name)) others.push(gid);
    return { gid: primary, others };
  }
  for (const { name, gid } of groups) if (name === groupText || String(gid) === groupText) return { gid, others: [] };
  return { gid: idOf(groupText, 'group'), others: [] };
}

function furtherGroups(rootfsPath: string, names: readonly string[]): readonly number[] {
  if (names.length === 0) return [];
  const gids = new Map<string, number>();
  for (const { name, gid } of groupEntries(read(rootfsPath, 'etc/group'))) {
    if (!gids.has(name)) gids.set(name, gid);
  }
  return [...new Set(names.map((name) => gids.get(name) ?? idOf(name, 'group')))];
}

function idOf(text: string, kind: 'user' | 'group'): number {
  if (!/^[+-]?\d+$/.test(text)) {
    throw new PierError(
      'InvalidArgument',
      `Cannot find ${kind} "${text}": the image's etc/${kind === 'user' ? 'passwd' : 'group'} has no entry`,
      {
        reason: `container.no-such-${kind}`,
        facts: { [kind]: text },
      },
    );
  }
  const id = Number(text);
  if (id >= 0 && id <= MAX_ID) return id;
  throw new PierError('InvalidArgument', `Cannot use ${kind} id "${text}": ids go from 0 to ${MAX_ID}`, {
    reason: 'container.bad-user-id',
    facts: { [kind]: text, maximum: String(MAX_ID) },
  });
}

function read(rootfsPath: string, path: string): string {
  return readFileInRoot(rootfsPath, path, MAX_BYTES)?.toString('utf8') ?? '';
}

/** passwd(5). A line without valid numbers counts for nothing: taking it for user 0 would be a gift. */
function findPasswd(text: string, isWanted: (entry: PasswdEntry) => boolean): PasswdEntry | undefined {
  for (const [name = '', , uid = '', gid = '', , home = ''] of fieldsOf(text)) {
    if (!isId(uid) || !isId(gid)) continue;
    const entry = { name, uid: Number(uid), gid: Number(gid), home };
    if (isWanted(entry)) return entry;
  }
  return undefined;
}

/**
 * group(5)
 *
 * @yields Lines with a valid number.
 */
function* groupEntries(text: string): Generator<GroupEntry> {
  for (const [name = '', , gid = '', members = ''] of fieldsOf(text)) {
    if (isId(gid)) yield { name, gid: Number(gid), members: members.split(',') };
  }
}

/**
 * Line after line, so that a hostile file costs time alone and not a hundred times its size.
 *
 * @yields A line's fields.
 */
function* fieldsOf(text: string): Generator<string[]> {
  for (let start = 0; start < text.length;) {
    const lineFeed = text.indexOf('\n', start);
    const end = lineFeed === -1 ? text.length : lineFeed;
    if (end - start > 2) yield text.slice(start, end).trim().split(':');
    start = end + 1;
  }
}

function isId(text: string): boolean {
  return /^\d{1,10}$/.test(text) && Number(text) <= MAX_ID;
}
