/** What a prune of one kind of object took away. */
export interface PruneReport {
  /** Lines that name what went; empty if nothing did. */
  readonly text: string;
  readonly reclaimedBytes: number;
}

/** Filters of a prune by key. */
export type PruneFilters = ReadonlyMap<string, readonly string[]>;
