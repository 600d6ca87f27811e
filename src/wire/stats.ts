/** Answer, or a line of it, to `GET /containers/{id}/stats`. Bytes and nanoseconds; counters grow from the container's start. */
export interface ContainerStatsResponse {
  /** With Docker's leading slash. */
  readonly name: string;
  readonly id: string;
  readonly read: string;
  readonly preread: string;
  /** `limit` may be a number of 64 bits, written without loss. */
  readonly pids_stats: { readonly current?: number; readonly limit?: unknown };
  readonly blkio_stats: {
    readonly io_service_bytes_recursive: readonly BlockIoStat[] | null;
    readonly io_serviced_recursive: readonly BlockIoStat[] | null;
    readonly io_queue_recursive: readonly BlockIoStat[] | null;
    readonly io_service_time_recursive: readonly BlockIoStat[] | null;
    readonly io_wait_time_recursive: readonly BlockIoStat[] | null;
    readonly io_merged_recursive: readonly BlockIoStat[] | null;
    readonly io_time_recursive: readonly BlockIoStat[] | null;
    readonly sectors_recursive: readonly BlockIoStat[] | null;
  };
  readonly num_procs: number;
  readonly storage_stats: Readonly<Record<string, never>>;
  readonly cpu_stats: CpuStatsResponse;
  readonly precpu_stats: CpuStatsResponse;
  readonly memory_stats: {
    readonly usage?: number;
    readonly max_usage?: number;
    readonly stats?: Readonly<Record<string, number>>;
    readonly failcnt?: number;
    readonly limit?: number;
  };
  readonly networks?: Readonly<Record<string, NetworkStats>>;
}

/** CPU time of a container and of its machine. */
export interface CpuStatsResponse {
  readonly cpu_usage: {
    readonly total_usage: number;
    readonly percpu_usage?: readonly number[];
    readonly usage_in_kernelmode: number;
    readonly usage_in_usermode: number;
  };
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
  readonly throttling_data: { readonly periods: number; readonly throttled_periods: number; readonly throttled_time: number };
}

/** What one device did. */
export interface BlockIoStat {
  readonly major: number;
  readonly minor: number;
  readonly op: string;
  readonly value: number;
}

/** What went through an interface, seen from inside. */
export interface NetworkStats {
  readonly rx_bytes: number;
  readonly rx_packets: number;
  readonly rx_errors: number;
  readonly rx_dropped: number;
  readonly tx_bytes: number;
  readonly tx_packets: number;
  readonly tx_errors: number;
  readonly tx_dropped: number;
}

/** Answer to `POST /containers/{id}/update`. */
export interface ContainerUpdateResponse {
  readonly Warnings: readonly string[] | null;
}
