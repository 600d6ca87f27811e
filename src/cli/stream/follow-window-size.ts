import { setTimeout as sleep } from 'node:timers/promises';

/** Height and width of our terminal, as the API orders them. */
export interface WindowSize {
  readonly h: number;
  readonly w: number;
}

/** The process on the other side may not have its terminal yet when its start is answered. */
const FIRST_ATTEMPTS = 10;
const RETRY_STEP_MS = 10;

/** The size of the terminal that we print to; `undefined` if it is not one. */
export function windowSize(): WindowSize | undefined {
  const { isTTY, rows, columns } = process.stdout;
  return isTTY && rows > 0 && columns > 0 ? { h: rows, w: columns } : undefined;
}

/**
 * Gives another terminal the size of ours, now and whenever ours changes.
 *
 * @param resize Its failure is retried the first time and ignored later.
 * @returns Stops it.
 */
export function followWindowSize(resize: (size: WindowSize) => Promise<unknown>): () => void {
  const stop = new AbortController();
  const update = async (attempts: number): Promise<void> => {
    for (let attempt = 1; attempt <= attempts && !stop.signal.aborted; attempt++) {
      const size = windowSize();
      if (size === undefined) return;
      try {
        await resize(size);
        return;
      } catch {
        await sleep(attempt * RETRY_STEP_MS);
      }
    }
  };
  // One after the other: each goes on a connection of its own, and an old size must not arrive last.
  let last = Promise.resolve();
  const enqueue = (attempts: number): void => {
    last = last.then(() => update(attempts));
  };
  const onResize = (): void => enqueue(1);
  enqueue(FIRST_ATTEMPTS);
  process.stdout.on('resize', onResize);
  return () => {
    stop.abort();
    process.stdout.off('resize', onResize);
  };
}
