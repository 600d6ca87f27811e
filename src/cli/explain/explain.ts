import { createInterface } from 'node:readline';
import { ApiError } from '../../client/index.ts';
import type { Client } from '../../client/index.ts';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { describeStep } from './describe-step.ts';
import { StepPrinter } from './step-printer.ts';
import type { ExplainedStep } from './explained-step.ts';

/**
 * Runs `pier explain`: the command that follows as it would run by itself, then what the engine asked of the kernel and of
 * the runtime for it, in order.
 *
 * @returns The command's exit code.
 */
export async function run({ args, client, flags, runWords }: CommandContext): Promise<number> {
  const format = flags.string('format');
  if (format !== '' && format !== 'json') throw new CommandError(`unknown format ${JSON.stringify(format)}: 'json' is the only one`, 125);
  const explanation = await openExplanation(client);
  let exitCode: number;
  let failure: unknown;
  try {
    exitCode = await runWords(args, client.withHeaders({ 'Pier-Explain': explanation.token }));
  } catch (error) {
    exitCode = 1;
    failure = error;
  }
  await client.send({ method: 'DELETE', path: `/pier/explain/${explanation.token}` });
  const steps = await explanation.steps;
  if (format === 'json') for (const step of steps) process.stdout.write(`${JSON.stringify(step)}\n`);
  else print(steps);
  if (failure !== undefined) throw failure;
  return exitCode;
}

/** Opens the stream of steps. @throws {CommandError} If the daemon is not pier's. */
async function openExplanation(client: Client): Promise<{ readonly token: string; readonly steps: Promise<readonly ExplainedStep[]> }> {
  const stream = await client.open({ method: 'GET', path: '/pier/explain' }).catch((error: unknown) => {
    if (!(error instanceof ApiError) || error.status !== 404) throw error;
    throw new CommandError('the daemon cannot explain what it does: only pier’s own can', 1, { cause: error });
  });
  const lines = createInterface({ input: stream })[Symbol.asyncIterator]();
  const first = await lines.next();
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the API sends
  const { token } = JSON.parse(String(first.value)) as { readonly token: string };
  return { token, steps: collect(lines) };
}

async function collect(lines: AsyncIterator<string>): Promise<readonly ExplainedStep[]> {
  const steps: ExplainedStep[] = [];
  for (let line = await lines.next(); line.done !== true; line = await lines.next()) {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what the API sends
    steps.push(JSON.parse(line.value) as ExplainedStep);
  }
  return steps;
}

function print(steps: readonly ExplainedStep[]): void {
  const printer = new StepPrinter(process.stdout);
  for (const step of steps) {
    if (step.kind === 'request') printer.request(String(step.facts['method']), String(step.facts['target']));
    else for (const line of describeStep(step)) printer.line(line);
  }
  printer.end();
}
