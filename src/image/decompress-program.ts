import { PierError } from '../base/errors.ts';
import { filterThrough, findProgram } from '../oci/index.ts';

/** Compressions that a program on this machine undoes, because nothing in Node does. */
export type ProgramCompression = 'bzip2' | 'xz';

// A hostile xz header may ask for gigabytes.
const PROGRAMS = {
  bzip2: { arguments: ['--decompress', '--stdout', '--quiet'], debianPackage: 'bzip2' },
  xz: { arguments: ['--decompress', '--stdout', '--quiet', '--no-warn', '--memlimit-decompress=1GiB'], debianPackage: 'xz-utils' },
} as const satisfies Record<ProgramCompression, object>;

/**
 * Undoes bzip2 or xz. The consumer's pace is the program's; leaving early ends it.
 *
 * @yields The uncompressed bytes.
 * @throws {PierError} `InvalidArgument`, reason `image.unsupported-compression`, facts `{ compression, program, package }`, if the
 * program is not installed; `InvalidArgument` if the input is damaged; whatever the input throws.
 */
export async function* decompressByProgram(compression: ProgramCompression, input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  yield* filterThrough(requireProgram(compression), PROGRAMS[compression].arguments, input);
}

function requireProgram(compression: ProgramCompression): string {
  const path = findProgram(compression);
  if (path !== undefined) return path;
  const { debianPackage } = PROGRAMS[compression];
  throw new PierError(
    'InvalidArgument',
    `Cannot read archive: it is compressed by ${compression}, and that program is not installed (on Debian: apt-get install ${debianPackage})`,
    { reason: 'image.unsupported-compression', facts: { compression, program: compression, package: debianPackage } },
  );
}
