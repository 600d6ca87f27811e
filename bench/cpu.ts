import { readFileSync } from 'node:fs';

/** `utime`, `stime`, and the same of children that were waited for. proc(5), /proc/pid/stat, counted from `state`. */
const CPU_FIELDS_AFTER_STATE = [11, 12, 13, 14];
/** Clock ticks a second in /proc, on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100;

/** CPU time in milliseconds that processes have used, with the children that they have waited for. */
export function cpuMsOf(pids: readonly number[]): number {
  let ticks = 0;
  for (const pid of pids) {
    const fields = statFieldsOf(pid);
    for (const index of CPU_FIELDS_AFTER_STATE) ticks += Number(fields[index] ?? 0);
  }
  return (ticks * 1000) / TICKS_PER_SECOND;
}

/** Nothing for a process that is gone meanwhile. */
function statFieldsOf(pid: number): readonly string[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return [];
  }
}
