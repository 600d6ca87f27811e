import type { Case } from './case-file.ts';
import { Comparison, type Difference } from './compare.ts';
import { runCase } from './run-case.ts';
import { startPier, type ClientName, type Target } from './target.ts';
import type { Transcript } from './transcript.ts';

/** What a whole comparison found. */
export interface Report {
  readonly differences: readonly Difference[];
  readonly comparison: Comparison;
  /** Cases that could not be run. */
  readonly failures: readonly string[];
}

/** Daemons at a time. Each runs one case after the other, so that a case has its daemon for itself. */
const LANES_PER_CLIENT: Readonly<Record<ClientName, number>> = { docker: 1, pier: 2 };

/** Runs the cases on pier with its own CLI and with Docker's, and compares both with what Docker answered. */
export async function comparePier(
  cases: readonly Case[],
  docker: ReadonlyMap<string, Transcript>,
  clients: readonly ClientName[] = ['docker', 'pier'],
): Promise<Report> {
  const comparison = new Comparison();
  const differences: Difference[] = [];
  const failures: string[] = [];
  const lanes = clients.flatMap((client) => {
    const queue = [...cases];
    return Array.from({ length: LANES_PER_CLIENT[client] }, async () => {
      await using target = await startPier(client);
      await runQueue(target, queue, failures, (transcript) => {
        const expected = docker.get(transcript.name) ?? { name: transcript.name, answers: [] };
        differences.push(...comparison.compare(client, expected, transcript));
      });
    });
  });
  await Promise.all(lanes);
  return { differences, comparison, failures };
}

/** Runs cases until there are none left in the queue, which others may take from, too. */
export async function runQueue(target: Target, queue: Case[], failures: string[], onDone: (transcript: Transcript) => void): Promise<void> {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    try {
      await target.reset();
      onDone(await runCase(target, next, failures));
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error));
    }
  }
}
