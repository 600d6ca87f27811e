/** One `mount(2)` call, not yet made. Producers describe it; only this layer performs it. */
export interface Mount {
  readonly type: 'bind' | 'overlay' | 'tmpfs';
  /** A path for `bind`; the type's own name otherwise. */
  readonly source: string;
  /** As in fstab: `ro`, `lowerdir=/a:/b`. */
  readonly options: readonly string[];
}
