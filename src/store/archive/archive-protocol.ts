/**
 * Messages between the archive worker and the thread that started it.
 *
 * @module
 */
import { PierError, codeOfErrno, findPierError } from '../../base/errors.ts';
import type { ErrorCode, ErrorFacts } from '../../base/errors.ts';
import type { LayerChange, LayerUsage } from '../layer-store.ts';
import type { LayerTree } from './layer-changes.ts';
import type { PackJob } from '../../tar/index.ts';
import type { CopyInJob, ViewPathJob } from './copy-files.ts';
import type { PathStat } from './view-path.ts';
import type { UnpackJob, UnpackedLayer } from './unpack-layer.ts';

/** What the worker can be asked to do, and what it answers. */
export interface ArchiveOperations {
  readonly unpack: { readonly job: UnpackJob; readonly result: UnpackedLayer };
  readonly measure: { readonly job: { readonly directory: string }; readonly result: LayerUsage };
  readonly empty: { readonly job: { readonly directory: string }; readonly result: undefined };
  readonly pack: { readonly job: PackJob; readonly result: undefined };
  readonly changes: { readonly job: LayerTree; readonly result: readonly LayerChange[] };
  readonly packLayer: { readonly job: LayerTree; readonly result: undefined };
  readonly stat: { readonly job: ViewPathJob; readonly result: PathStat };
  readonly copyOut: { readonly job: ViewPathJob; readonly result: undefined };
  readonly copyIn: { readonly job: CopyInJob; readonly result: undefined };
}

/** A name of an operation. */
export type ArchiveOperation = keyof ArchiveOperations;

/** To the worker. */
export type ArchiveRequest =
  | {
      readonly [O in ArchiveOperation]: {
        readonly kind: 'start';
        readonly id: number;
        readonly operation: O;
        readonly job: ArchiveOperations[O]['job'];
      };
    }[ArchiveOperation]
  /** A part of what `copyIn` reads; none is the end. */
  | { readonly kind: 'push'; readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> | undefined }
  /** Asks a `pack` or `copyOut` for one more chunk. */
  | { readonly kind: 'pull'; readonly id: number }
  | { readonly kind: 'cancel'; readonly id: number };

/** From the worker. */
export type ArchiveResponse =
  | { readonly kind: 'done'; readonly id: number; readonly result: unknown }
  | { readonly kind: 'failed'; readonly id: number; readonly error: PlainError }
  /** What `copyOut` has found, before the first chunk. */
  | { readonly kind: 'found'; readonly id: number; readonly stat: PathStat }
  /** `copyIn` has opened its directory, or has done with a part of what it reads. */
  | { readonly kind: 'ready'; readonly id: number }
  | { readonly kind: 'taken'; readonly id: number }
  | { readonly kind: 'progress'; readonly id: number; readonly readBytes: number }
  | { readonly kind: 'chunk'; readonly id: number; readonly bytes: Uint8Array<ArrayBuffer> };

/** An error as it crosses threads: structured cloning keeps no fields of ours. */
export interface PlainError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly reason: string | undefined;
  readonly facts: ErrorFacts;
  readonly stack: string | undefined;
}

/** Takes an error apart. */
export function toPlainError(error: unknown): PlainError {
  const known = findPierError(error);
  if (known !== undefined) {
    const { code, message, reason, facts, stack } = known;
    return { code, message, reason, facts, stack };
  }
  const errno = error instanceof Error && 'code' in error ? String(error.code) : '';
  const message = error instanceof Error ? error.message : String(error);
  return { code: codeOfErrno(errno), message, reason: undefined, facts: {}, stack: error instanceof Error ? error.stack : undefined };
}

/** Puts an error together again; the worker's own stack is in its cause. */
export function fromPlainError({ code, message, reason, facts, stack }: PlainError): PierError {
  const cause = new Error(message);
  if (stack !== undefined) cause.stack = stack;
  return new PierError(code, message, { cause, facts, ...(reason !== undefined && { reason }) });
}
