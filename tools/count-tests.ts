/**
 * A reporter for node:test that writes a JSON line for each test that is not a suite, so that what ran can be counted.
 */
import type { TestEvent } from 'node:test/reporters';

/** What became of one test. */
export interface TestOutcome {
  readonly name: string;
  readonly file: string;
  readonly result: 'passed' | 'failed' | 'skipped';
  /** Why it was skipped; empty otherwise. */
  readonly reason: string;
}

/** @yields JSON lines. */
export default async function* countTests(source: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of source) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { name, skip, details, file = '' } = event.data;
    // A suite fails with its tests, unless it fails by itself: in a hook, or as a file that could not be loaded.
    const isSuite = details.type === 'suite';
    if (isSuite && (event.type === 'test:pass' || isSubtestFailure(details))) continue;
    const isSkipped = skip !== undefined && skip !== false;
    const outcome: TestOutcome = {
      name,
      file,
      result: event.type === 'test:fail' ? 'failed' : isSkipped ? 'skipped' : 'passed',
      reason: typeof skip === 'string' ? skip : '',
    };
    yield `${JSON.stringify(outcome)}\n`;
  }
}

function isSubtestFailure(details: object): boolean {
  return (
    'error' in details && details.error instanceof Error && 'failureType' in details.error && details.error.failureType === 'subtestsFailed'
  );
}
