/** What is told of a file in a container: the JSON in the header `X-Docker-Container-Path-Stat`. */
export interface ContainerPathStat {
  readonly name: string;
  readonly size: number;
  /** Go's `fs.FileMode`, see {@linkcode goFileMode}. */
  readonly mode: number;
  /** RFC 3339. */
  readonly mtime: string;
  readonly linkTarget: string;
}

/** One line of `GET /containers/{id}/changes`: modified, added, deleted. */
export interface FilesystemChange {
  readonly Path: string;
  readonly Kind: 0 | 1 | 2;
}

/** Type bits of Go's `fs.FileMode`. */
export const GO_MODE = {
  directory: 0x8000_0000,
  symlink: 0x800_0000,
  device: 0x400_0000,
  namedPipe: 0x200_0000,
  socket: 0x100_0000,
  setUid: 0x80_0000,
  setGid: 0x40_0000,
  characterDevice: 0x20_0000,
  sticky: 0x10_0000,
} as const;

const TYPES: ReadonlyMap<number, number> = new Map([
  [0o040000, GO_MODE.directory],
  [0o120000, GO_MODE.symlink],
  [0o060000, GO_MODE.device],
  [0o020000, GO_MODE.device + GO_MODE.characterDevice],
  [0o010000, GO_MODE.namedPipe],
  [0o140000, GO_MODE.socket],
]);

/** Go's `fs.FileMode` for a `st_mode`. */
export function goFileMode(mode: number): number {
  const special = [
    [0o4000, GO_MODE.setUid],
    [0o2000, GO_MODE.setGid],
    [0o1000, GO_MODE.sticky],
  ] as const;
  const set = special.reduce((sum, [bit, goBit]) => sum + ((mode & bit) === 0 ? 0 : goBit), 0);
  return (mode & 0o777) + set + (TYPES.get(mode & 0o170000) ?? 0);
}

/** Tells whether a `fs.FileMode` has one of {@linkcode GO_MODE}'s bits; they do not fit JavaScript's bit operators. */
export function hasGoMode(mode: number, bit: number): boolean {
  return Math.floor(mode / bit) % 2 === 1;
}

/** As the header carries it. */
export function encodePathStat(stat: ContainerPathStat): string {
  return Buffer.from(JSON.stringify(stat)).toString('base64');
}

/**
 * Reads the header.
 *
 * @throws {SyntaxError} If it is not what a daemon writes.
 */
export function decodePathStat(header: string): ContainerPathStat {
  // What a daemon sends is taken at its word.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return JSON.parse(Buffer.from(header, 'base64').toString()) as ContainerPathStat;
}
