/**
 * Counts what ran and says whether it is good: no failure, in CI no skip that is not on the list of allowed ones, and not
 * fewer passed tests than the floor. Arguments: the counts, the runner's exit code, failures so far, number of chosen files.
 */
import { readFileSync } from 'node:fs';
import type { TestOutcome } from './count-tests.ts';

const [countsPath = '', runnerStatus = '1', failedBefore = '0', chosenFiles = '0'] = process.argv.slice(2);
// oxlint-disable-next-line typescript/no-unsafe-type-assertion -- count-tests.ts wrote it
const parse = (line: string): TestOutcome => JSON.parse(line) as TestOutcome;
const outcomes = readFileSync(countsPath, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map(parse);
const count = (result: TestOutcome['result']): number => outcomes.filter((outcome) => outcome.result === result).length;

const passed = count('passed');
let failed = count('failed') + Number(failedBefore);
const skipped = outcomes.filter(({ result }) => result === 'skipped');
const isWhole = chosenFiles === '0';

if (skipped.length > 0) {
  console.log('skipped:');
  for (const { name, reason } of skipped) console.log(`  ${name}${reason === '' ? '' : ` (${reason})`}`);
}
if (process.env['CI'] === 'true' && isWhole) {
  const allowed = readLines('tools/allowed-skips').map((line) => new RegExp(line));
  const unexpected = skipped.filter(({ name, reason }) => !allowed.some((pattern) => pattern.test(`${name} (${reason})`)));
  for (const { name } of unexpected) console.log(`an unexpected skip counts as a failure: ${name}`);
  failed += unexpected.length;
}
const floor = Number(readLines('tools/test-floor')[0] ?? 0);
if (isWhole && passed < floor) {
  console.log(`only ${passed} tests passed, at least ${floor} must (tools/test-floor)`);
  failed += 1;
}
if (runnerStatus !== '0' && failed === 0) {
  console.log(`the test runner ended with code ${runnerStatus}`);
  failed += 1;
}
for (const { name, file, result } of outcomes) if (result === 'failed') console.log(`failed: ${name} (${file})`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** Lines of a file without comments and empty ones. */
function readLines(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'));
}
