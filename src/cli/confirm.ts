import { createInterface } from 'node:readline/promises';

/**
 * Asks a question that `y` answers with yes; anything else, the end of the input included, is no.
 *
 * @param warning Printed before the question.
 */
export async function confirm(warning: string): Promise<boolean> {
  process.stdout.write(`${warning}\nAre you sure you want to continue? [y/N] `);
  const lines = createInterface({ input: process.stdin });
  try {
    for await (const line of lines) return line.trim().toLowerCase() === 'y';
    return false;
  } finally {
    lines.close();
    // A terminal that stays readable would keep the process alive.
    process.stdin.unref?.();
  }
}
