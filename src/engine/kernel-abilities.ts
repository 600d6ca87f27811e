import { existsSync } from 'node:fs';

/** What this kernel can do to a container that others cannot. */
export interface KernelAbilities {
  /** A container may be kept from being killed for want of memory; cgroup version 1 alone. */
  readonly oomKillDisable: boolean;
  /** Memory of TCP buffers has a limit of its own; cgroup version 1 alone. */
  readonly kernelMemoryTcp: boolean;
  /** Swap is counted, so that it can be limited. */
  readonly swapLimit: boolean;
}

const MEMORY_V1 = '/sys/fs/cgroup/memory';

/** Looks at the files that the kernel offers. */
export function readKernelAbilities(cgroupVersion: 1 | 2): KernelAbilities {
  if (cgroupVersion === 2) return { oomKillDisable: false, kernelMemoryTcp: false, swapLimit: true };
  return {
    oomKillDisable: existsSync(`${MEMORY_V1}/memory.oom_control`),
    kernelMemoryTcp: existsSync(`${MEMORY_V1}/memory.kmem.tcp.limit_in_bytes`),
    swapLimit: existsSync(`${MEMORY_V1}/memory.memsw.limit_in_bytes`),
  };
}
