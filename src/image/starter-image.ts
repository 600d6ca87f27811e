import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pack } from 'tar-stream';
import { PierError, hasCode, isErrno } from '../base/errors.ts';
import type { ImageService } from './image-service.ts';
import type { Image } from './image.ts';
import { STARTER_APPLETS } from './starter-applets.ts';

/** The name of the image that pier brings along. */
export const STARTER_REFERENCE = 'pier/starter:latest';

/** Where a statically linked busybox lies on the usual distributions. */
const BUSYBOX_PATHS: readonly string[] = ['/bin/busybox', '/usr/bin/busybox', '/bin/busybox.static', '/usr/sbin/busybox'];

/** Fixed, so that one busybox always makes one image. */
const CREATED_AT = '2026-01-01T00:00:00Z';

const FILES: Readonly<Record<string, string>> = {
  'etc/group': 'root:x:0:\nnogroup:x:65534:\n',
  'etc/passwd': 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n',
  // The shell reads this through the variable ENV, whether it is a login shell or not.
  'etc/profile': `case $- in
  *i*)
    PS1='\\u@\\h:\\w\\$ '
    if [ -z "$PIER_GREETED" ]; then
      export PIER_GREETED=1
      echo 'You are in a container. Its programs are busybox; "busybox --list" names them, "exit" leaves.'
    fi
    ;;
esac
`,
};

const DIRECTORIES: readonly (readonly [path: string, mode: number])[] = [
  ['bin', 0o755],
  ['dev', 0o755],
  ['etc', 0o755],
  ['home', 0o755],
  ['mnt', 0o755],
  ['proc', 0o555],
  ['root', 0o700],
  ['run', 0o755],
  ['sys', 0o555],
  ['tmp', 0o1777],
  ['usr', 0o755],
  ['var', 0o755],
];

/** Paths that scripts name, as links into `bin`. */
const LINKS: readonly (readonly [path: string, target: string])[] = [
  ['sbin', 'bin'],
  ['usr/bin', '../bin'],
  ['usr/sbin', '../bin'],
  ['var/tmp', '../tmp'],
];

/**
 * Makes the image `pier/starter` out of this machine's busybox, unless it is there.
 *
 * @param busyboxPaths Where to look for a statically linked busybox.
 * @throws {PierError} `NotFound`, reason `image.starter-unavailable`, if this machine has none.
 */
export async function ensureStarterImage(service: ImageService, busyboxPaths: readonly string[] = BUSYBOX_PATHS): Promise<Image> {
  try {
    return service.get(STARTER_REFERENCE);
  } catch (error) {
    if (!hasCode(error, 'NotFound')) throw error;
  }
  return service.import(Readable.from(starterTar(await readStaticBusybox(busyboxPaths)), { objectMode: false }), {
    reference: STARTER_REFERENCE,
    message: 'Made from the busybox of this machine',
    createdAt: CREATED_AT,
    changes: ['ENV PATH=/usr/local/bin:/usr/bin:/bin ENV=/etc/profile', 'CMD ["/bin/sh"]'],
  });
}

function starterTar(busybox: Buffer): AsyncIterable<unknown> {
  const tar = pack();
  const fixed = { uid: 0, gid: 0, mtime: new Date(CREATED_AT) };
  for (const [name, mode] of DIRECTORIES) tar.entry({ ...fixed, name: `${name}/`, type: 'directory', mode });
  tar.entry({ ...fixed, name: 'bin/busybox', mode: 0o755 }, busybox);
  // Names of programs stand in the binary as C strings, so what it lacks can be told without running it.
  for (const applet of STARTER_APPLETS) {
    if (busybox.includes(`\0${applet}\0`))
      tar.entry({ ...fixed, name: `bin/${applet}`, type: 'symlink', linkname: 'busybox', mode: 0o777 });
  }
  for (const [name, text] of Object.entries(FILES)) tar.entry({ ...fixed, name, mode: 0o644 }, text);
  for (const [name, linkname] of LINKS) tar.entry({ ...fixed, name, type: 'symlink', linkname, mode: 0o777 });
  tar.finalize();
  return tar;
}

async function readStaticBusybox(paths: readonly string[]): Promise<Buffer> {
  for (const path of paths) {
    try {
      const content = await readFile(path);
      if (isStaticElf(content)) return content;
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) throw error;
    }
  }
  throw new PierError('NotFound', 'Cannot make image "pier/starter": this machine has no static busybox, install busybox-static', {
    reason: 'image.starter-unavailable',
  });
}

/** A program for this machine's word size that names no interpreter, so it runs without any library. elf(5). */
export function isStaticElf(content: Buffer): boolean {
  if (content.length < 64 || content.readUInt32BE(0) !== 0x7f454c46) return false;
  const is64Bit = content[4] === 2;
  const isLittle = content[5] === 1;
  const half = (at: number): number => (isLittle ? content.readUInt16LE(at) : content.readUInt16BE(at));
  const word = (at: number): number => (isLittle ? content.readUInt32LE(at) : content.readUInt32BE(at));
  const tableAt = is64Bit ? Number(isLittle ? content.readBigUInt64LE(32) : content.readBigUInt64BE(32)) : word(28);
  const entrySize = half(is64Bit ? 54 : 42);
  const entryCount = half(is64Bit ? 56 : 44);
  if (entryCount === 0 || tableAt + entrySize * entryCount > content.length) return false;
  const PT_INTERP = 3;
  return !Array.from({ length: entryCount }, (_, i) => word(tableAt + i * entrySize)).includes(PT_INTERP);
}
