import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** Memory of some processes, in MB (10^6 bytes). */
export interface Memory {
  /** Proportional: what processes share is counted once. */
  readonly pssMb: number;
  /** Resident: what `ps` shows, added up, so shared pages count as often as there are processes. */
  readonly rssMb: number;
}

/** Adds up the memory of processes; one that is gone meanwhile counts nothing. */
export function memoryOf(pids: readonly number[]): Memory {
  let pssKb = 0;
  let rssKb = 0;
  for (const pid of pids) {
    const text = attempt(() => readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8')) ?? '';
    pssKb += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
    rssKb += Number(/^Rss:\s+(\d+)/m.exec(text)?.[1] ?? 0);
  }
  return { pssMb: (pssKb * 1024) / 1e6, rssMb: (rssKb * 1024) / 1e6 };
}

/** The pids of a program whose command line holds a text. */
export function pidsByCommandLine(program: string, text: string): number[] {
  return allPids().filter((pid) => {
    const words = attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8'))?.split('\0') ?? [];
    return words[0]?.endsWith(program) === true && words.some((word) => word.includes(text));
  });
}

/** The pids in one process's mount namespace: for a daemon in a root of its own, itself and its helpers, without containers. */
export function pidsBeside(pid: number): number[] {
  const namespace = readlinkSync(`/proc/${pid}/ns/mnt`);
  return allPids().filter((other) => attempt(() => readlinkSync(`/proc/${other}/ns/mnt`)) === namespace);
}

function allPids(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** Processes go away while one looks at them. */
function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
