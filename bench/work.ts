import type { DockerEngine } from './docker-engine.ts';
import type { PierPlace } from './engines.ts';
import type { Podman } from './podman.ts';
import type { Shell } from './shell.ts';

/** Who does a work, in the order of the table's columns. `floor` is what the work cannot be cheaper than. */
export const CONTENDERS = ['pier', 'dockerd', 'podman', 'floor'] as const;

/** One of {@linkcode CONTENDERS}. */
export type Contender = (typeof CONTENDERS)[number];

/** Medians by contender; whoever could not be had is missing. */
export type Medians = Readonly<Partial<Record<Contender, number>>>;

/** What a row shall reach. */
export interface Target {
  readonly text: string;
  /** Larger is better, 1 and above is met; `undefined` where a median for it is missing. */
  readonly reach: (medians: Medians) => number | undefined;
}

/** A line of the table. */
export interface Row {
  readonly key: string;
  readonly title: string;
  readonly unit: 'ms' | 'MB';
  readonly targets: readonly Target[];
}

/** Does a work once. @returns A figure for each of the work's rows, by key. */
export type Way = () => Promise<Readonly<Record<string, number>>>;

/** What works are done with. */
export interface Bench {
  readonly pier: DockerEngine & PierPlace;
  readonly dockerd: DockerEngine | undefined;
  readonly podman: Podman | undefined;
  /** Docker's own client without an address; `undefined` where it cannot be had. */
  readonly docker: readonly string[] | undefined;
  /** For files of a run; on a disk. */
  readonly directory: string;
  readonly shell: Shell;
}

/** Something to measure, giving one or more rows of the table. */
export interface Work {
  /** For `--only`. */
  readonly name: string;
  readonly rows: readonly Row[];
  /** Heavy works are done less often than `--runs` says: this part of it. @default {1} */
  readonly share?: number;
  /** Makes what the ways need; what it holds is let go of after the last run. */
  readonly open: (bench: Bench, held: AsyncDisposableStack) => Promise<Partial<Record<Contender, Way>>>;
}

/** Makes a row. */
export function row(key: string, title: string, unit: 'ms' | 'MB', ...targets: readonly Target[]): Row {
  return { key, title, unit, targets };
}

/** pier is so many times faster than dockerd. */
export function timesFaster(factor: number): Target {
  return {
    text: factor === 1 ? 'no slower than dockerd' : `≥ ${factor}× faster`,
    reach: ({ pier, dockerd }) => (pier === undefined || dockerd === undefined ? undefined : dockerd / pier / factor),
  };
}

/** pier takes at most so many times the floor. */
export function timesFloor(factor: number): Target {
  return {
    text: `≤ ${factor}× floor`,
    reach: ({ pier, floor }) => (pier === undefined || floor === undefined ? undefined : factor / (pier / floor)),
  };
}

/** pier takes at most so many milliseconds more than the floor. */
export function overFloor(ms: number): Target {
  return {
    text: `≤ floor + ${ms} ms`,
    reach: ({ pier, floor }) => (pier === undefined || floor === undefined ? undefined : (floor + ms) / pier),
  };
}

/** pier takes at most so many of the row's unit. */
export function atMost(limit: number, unit: 'ms' | 'MB'): Target {
  return { text: `≤ ${limit} ${unit}`, reach: ({ pier }) => (pier === undefined ? undefined : limit / pier) };
}
