import { readFileSync } from 'node:fs';
import type { InterfaceStats } from './container-stats.ts';

/** What is the same for all containers at one moment. */
export interface MachineStats {
  /** What all CPUs did together since boot, idling included. */
  readonly systemNs: number;
  readonly onlineCpus: number;
  /** Counters of the machine's interfaces by name, as the machine sees them. */
  readonly interfaces: ReadonlyMap<string, InterfaceStats>;
}

/** A hundred ticks a second, on every architecture that containers run on. */
const NS_PER_TICK = 10_000_000;
/** user, nice, system, idle, iowait, irq, softirq: time of guests is in user time already. */
const TIMES = 7;

/** Reads {@linkcode MachineStats}: two files, whatever the number of containers. */
export function readMachineStats(): MachineStats {
  return { ...parseCpuTimes(readFileSync('/proc/stat', 'latin1')), interfaces: parseInterfaces(readFileSync('/proc/net/dev', 'latin1')) };
}

/** proc(5), /proc/stat. */
export function parseCpuTimes(text: string): Pick<MachineStats, 'systemNs' | 'onlineCpus'> {
  const lines = text.split('\n').filter((line) => line.startsWith('cpu'));
  const ticks = (lines[0] ?? '')
    .trim()
    .split(/\s+/)
    .slice(1, 1 + TIMES);
  return { systemNs: ticks.reduce((sum, value) => sum + Number(value), 0) * NS_PER_TICK, onlineCpus: lines.length - 1 };
}

/** proc(5), /proc/net/dev: two lines of headings, then receive and transmit counters. */
export function parseInterfaces(text: string): ReadonlyMap<string, InterfaceStats> {
  const found = new Map<string, InterfaceStats>();
  for (const line of text.split('\n').slice(2)) {
    const split = line.indexOf(':');
    if (split === -1) continue;
    const numbers = line
      .slice(split + 1)
      .trim()
      .split(/\s+/)
      .map(Number);
    const [rxBytes = 0, rxPackets = 0, rxErrors = 0, rxDropped = 0, , , , , txBytes = 0, txPackets = 0, txErrors = 0, txDropped = 0] =
      numbers;
    found.set(line.slice(0, split).trim(), { rxBytes, rxPackets, rxErrors, rxDropped, txBytes, txPackets, txErrors, txDropped });
  }
  return found;
}

/** The other end's view of a cable: what one end sends the other receives. */
export function seenFromInside(outside: InterfaceStats): InterfaceStats {
  return {
    rxBytes: outside.txBytes,
    rxPackets: outside.txPackets,
    rxErrors: outside.txErrors,
    rxDropped: outside.txDropped,
    txBytes: outside.rxBytes,
    txPackets: outside.rxPackets,
    txErrors: outside.rxErrors,
    txDropped: outside.rxDropped,
  };
}
