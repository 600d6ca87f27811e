/** A rate for one block device. */
export interface DeviceRate {
  /** Host path of its node. */
  readonly path: string;
  /** Bytes or operations a second. */
  readonly rate: number;
}

/** What a container may use. 0, an empty string or list means no limit, unless said otherwise. */
export interface ResourceLimits {
  readonly memoryBytes: number;
  /** Memory plus swap; -1 unlimited swap; 0 as Docker: twice the memory. */
  readonly memorySwapBytes: number;
  /** What it keeps when the machine runs short. */
  readonly memoryReservationBytes: number;
  /** 0 to 100, how readily the kernel swaps its pages out; `undefined` for the machine's. Version 1 of cgroups only. */
  readonly memorySwappiness: number | undefined;
  /** At its memory limit its processes wait instead of being killed. Version 1 of cgroups only. */
  readonly isOomKillDisabled: boolean;
  /** Billionths of a CPU. */
  readonly nanoCpus: number;
  /** Its part when CPUs are short, against 1024 of one that says nothing. */
  readonly cpuShares: number;
  /** CPU time in each period, microseconds. `nanoCpus` says both in one. */
  readonly cpuQuotaUs: number;
  readonly cpuPeriodUs: number;
  /** Version 1 of cgroups only, of a kernel that groups real-time processes. */
  readonly cpuRealtimeRuntimeUs: number;
  readonly cpuRealtimePeriodUs: number;
  /** CPUs and memory nodes it runs on: `0-2,7`. */
  readonly cpusetCpus: string;
  readonly cpusetMems: string;
  readonly pidsLimit: number;
  /** 10 to 1000. */
  readonly blkioWeight: number;
  readonly blkioWeightDevices: readonly { readonly path: string; readonly weight: number }[];
  readonly blkioReadBps: readonly DeviceRate[];
  readonly blkioWriteBps: readonly DeviceRate[];
  readonly blkioReadIops: readonly DeviceRate[];
  readonly blkioWriteIops: readonly DeviceRate[];
}

/** Limits that limit nothing. */
export const NO_LIMITS: ResourceLimits = {
  memoryBytes: 0,
  memorySwapBytes: 0,
  memoryReservationBytes: 0,
  memorySwappiness: undefined,
  isOomKillDisabled: false,
  nanoCpus: 0,
  cpuShares: 0,
  cpuQuotaUs: 0,
  cpuPeriodUs: 0,
  cpuRealtimeRuntimeUs: 0,
  cpuRealtimePeriodUs: 0,
  cpusetCpus: '',
  cpusetMems: '',
  pidsLimit: 0,
  blkioWeight: 0,
  blkioWeightDevices: [],
  blkioReadBps: [],
  blkioWriteBps: [],
  blkioReadIops: [],
  blkioWriteIops: [],
};
