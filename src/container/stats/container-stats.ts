/** What a container uses, read from its cgroup at one moment. Counters only grow, from the container's start. */
export interface ContainerStats {
  /** RFC 3339 with nanoseconds. */
  readonly readAt: string;
  readonly cpu: CpuStats;
  readonly memory: MemoryStats;
  readonly pids: {
    readonly current: number;
    /** `undefined` for no limit. */
    readonly limit: number | undefined;
  };
  readonly blockIo: readonly BlockIoEntry[];
  /** Operations; empty with version 2 of cgroups. */
  readonly blockIoOperations: readonly BlockIoEntry[];
  /** By the interface's name in the container; `undefined` where it has none that are its own. */
  readonly networks: Readonly<Record<string, InterfaceStats>> | undefined;
  readonly cgroupVersion: 1 | 2;
}

/** Nanoseconds of CPU time. */
export interface CpuStats {
  readonly totalNs: number;
  /** By CPU; empty with version 2 of cgroups. */
  readonly perCpuNs: readonly number[];
  readonly kernelNs: number;
  readonly userNs: number;
  readonly periods: number;
  readonly throttledPeriods: number;
  readonly throttledNs: number;
  /** What all of the machine's CPUs did together, idling included. */
  readonly systemNs: number;
  readonly onlineCpus: number;
}

/** Bytes. */
export interface MemoryStats {
  readonly usageBytes: number;
  /** The most it was; `undefined` with version 2 of cgroups. */
  readonly maxUsageBytes: number | undefined;
  /** The machine's memory if there is no limit. */
  readonly limitBytes: number;
  /** How often the limit was met; `undefined` with version 2 of cgroups. */
  readonly failCount: number | undefined;
  /** The kernel's own counters, `memory.stat`. */
  readonly details: Readonly<Record<string, number>>;
}

/** What went to or came from one block device. */
export interface BlockIoEntry {
  readonly major: number;
  readonly minor: number;
  /** `Read`, `Write`, … as the kernel calls it; `read` and `write` with version 2. */
  readonly operation: string;
  readonly value: number;
}

/** What went through an interface, seen from inside. */
export interface InterfaceStats {
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly txDropped: number;
}
