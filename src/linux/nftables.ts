/**
 * Packet filter rules, through libnftables in this process. The library is loaded on first use: a machine whose containers
 * never join a bridge needs none.
 *
 * @module
 */
import koffi from 'koffi';
import { PierError } from '../base/errors.ts';
import { traceStep } from '../base/trace.ts';

const LIBRARY = 'libnftables.so.1';
/** NFT_CTX_OUTPUT_HANDLE of nftables/libnftables.h. */
const OUTPUT_HANDLES = 1 << 3;

type Context = unknown;

interface Library {
  readonly newContext: (flags: number) => Context;
  readonly freeContext: (context: Context) => void;
  readonly bufferOutput: (context: Context) => number;
  readonly bufferErrors: (context: Context) => number;
  readonly outputOf: (context: Context) => string;
  readonly errorsOf: (context: Context) => string;
  readonly setOutputFlags: (context: Context, flags: number) => void;
  readonly run: (context: Context, commands: string) => number;
}

let loaded: Library | undefined;

/**
 * Runs nft(8) commands as one transaction, in the calling thread's network namespace. About 9 ms, on the calling thread.
 *
 * @param commands As in a file for `nft -f`.
 * @returns What listing commands print, with handles.
 * @throws {PierError} `Unavailable` with reason `network.nftables-missing` if the library is not installed; `Internal` with
 * the library's own words when it refuses, and then nothing was changed.
 */
export function runNftables(commands: string): string {
  const library = (loaded ??= loadLibrary());
  const context = library.newContext(0);
  if (context === null) throw new PierError('ResourceExhausted', 'Cannot open nftables: no memory for a context');
  try {
    library.bufferOutput(context);
    library.bufferErrors(context);
    library.setOutputFlags(context, OUTPUT_HANDLES);
    const result = library.run(context, commands);
    if (!commands.startsWith('list ')) traceStep('nftables', () => ({ commands }));
    if (result !== 0) throw new PierError('Internal', `Cannot change nftables rules: ${oneLine(library.errorsOf(context))}`);
    return library.outputOf(context);
  } finally {
    library.freeContext(context);
  }
}

/** Drops the lines that only point at the place of an error. */
function oneLine(errors: string): string {
  const lines = errors.split('\n').filter((line) => !/^[\s^~]*$/.test(line));
  return lines.map((line) => line.trim()).join('; ') || 'no reason given';
}

function loadLibrary(): Library {
  const library = openLibrary();
  return {
    newContext: library.func('void *nft_ctx_new(uint32_t flags)'),
    freeContext: library.func('void nft_ctx_free(void *ctx)'),
    bufferOutput: library.func('int nft_ctx_buffer_output(void *ctx)'),
    bufferErrors: library.func('int nft_ctx_buffer_error(void *ctx)'),
    outputOf: library.func('const char *nft_ctx_get_output_buffer(void *ctx)'),
    errorsOf: library.func('const char *nft_ctx_get_error_buffer(void *ctx)'),
    setOutputFlags: library.func('void nft_ctx_output_set_flags(void *ctx, unsigned int flags)'),
    run: library.func('int nft_run_cmd_from_buffer(void *ctx, const char *commands)'),
  };
}

function openLibrary(): ReturnType<typeof koffi.load> {
  try {
    return koffi.load(LIBRARY);
  } catch (cause) {
    throw new PierError(
      'Unavailable',
      `Cannot load library "${LIBRARY}": install the package libnftables1 (Debian, Ubuntu) or nftables (Alpine, Arch, Fedora)`,
      { cause, reason: 'network.nftables-missing', facts: { library: LIBRARY } },
    );
  }
}
