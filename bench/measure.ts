import { CONTENDERS } from './work.ts';
import type { Bench, Contender, Medians, Work } from './work.ts';

/** What came out of a work: every figure, and the medians, by row and contender. */
export interface Outcome {
  readonly work: Work;
  readonly figures: Readonly<Record<string, Partial<Record<Contender, readonly number[]>>>>;
  readonly medians: Readonly<Record<string, Medians>>;
}

/**
 * Measures a work: after one round that does not count, the contenders take turns run by run, so that what else the
 * machine does hits all of them alike.
 */
export async function measure(work: Work, bench: Bench, runs: number): Promise<Outcome> {
  await using held = new AsyncDisposableStack();
  const ways = await work.open(bench, held);
  const figures: Record<string, Partial<Record<Contender, number[]>>> = {};
  // A single run stands for itself: what is so heavy, or changes so by being done, needs no warming up.
  const count = Math.max(1, Math.round(runs * (work.share ?? 1)));
  for (let run = count === 1 ? 0 : -1; run < count; run++) {
    for (const contender of CONTENDERS) {
      const figuresOfRun = await ways[contender]?.();
      if (run < 0) continue;
      for (const [key, figure] of Object.entries(figuresOfRun ?? {})) ((figures[key] ??= {})[contender] ??= []).push(figure);
    }
  }
  const medians = Object.fromEntries(Object.entries(figures).map(([key, byContender]) => [key, mediansOf(byContender)]));
  return { work, figures, medians };
}

function mediansOf(figures: Partial<Record<Contender, number[]>>): Medians {
  return Object.fromEntries(Object.entries(figures).map(([contender, values]) => [contender, median(values)]));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
}
