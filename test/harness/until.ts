import { PATIENCE } from './patience.ts';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Waits for something to become true.
 *
 * @param found What is there instead, for the message when it does not happen.
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  found: () => string = () => 'it is not',
  timeoutMs: number = 15_000 * PATIENCE,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline)
      throw new Error(`Cannot see it become true within ${timeoutMs} ms (${condition.toString().slice(0, 120)}): found ${found()}`);
    await sleep(20);
  }
}
