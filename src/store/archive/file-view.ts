import { composeMounts, copyMountsOf } from '../../linux/index.ts';
import type { ComposedMounts, MountView, ProcessRef } from '../../linux/index.ts';

/** Whose files a copy is about. */
export interface FileView {
  /** What it sees mounted is shown, as long as it lives. */
  readonly process: ProcessRef | undefined;
  /** Shown otherwise. */
  readonly composed: ComposedMounts;
}

/** Opens a view for the calling thread. It is gone with its descriptors. */
export function openFileView({ process, composed }: FileView): MountView {
  return (process === undefined ? undefined : copyMountsOf(process)) ?? composeMounts(composed);
}
