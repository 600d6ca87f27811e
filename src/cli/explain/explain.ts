import { createInterface } from 'node:readline';
import { ApiError } from '../../client/index.ts';
import type { Client } from '../../client/index.ts';
import type { CommandContext } from '../command.ts';
import { CommandError } from '../command-error.ts';
import { describeStep } from './describe-step.ts';
import { StepPrinter } from './step-printer.ts';
import type { ExplainedLine, ExplainedStep } from './explained-step.ts';

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
  const requests = steps.filter(({ kind }) => kind === 'request');
  for (const step of inRuntimeOrder(steps)) {
    if ('whom' in step) printer.line(step);
    else printer.request(String(step.facts['method']), String(step.facts['target']));
  }
  printer.end(requests.every(({ facts }) => facts['method'] === 'GET' || facts['method'] === 'HEAD'));
}

/**
 * Lines of steps. The engine writes what it wants of the runtime and starts it; what the runtime does stands below that: all but
 * the last, the execve, which waits until the container is let go.
 *
 * @yields What to print, requests as they are.
 */
function* inRuntimeOrder(steps: readonly ExplainedStep[]): Generator<ExplainedLine | ExplainedStep> {
  let held: readonly ExplainedLine[] = [];
  for (const step of steps) {
    if (step.kind === 'request') {
      yield step;
      continue;
    }
    const [first, ...others] = describeStep(step);
    if (first !== undefined) yield first;
    if (step.kind === 'runtime-config') {
      held = others;
      continue;
    }
    yield* others;
    if (step.kind === 'spawn') {
      yield* held.slice(0, -1);
      held = held.slice(-1);
    } else if (step.kind === 'release') {
      yield* held;
      held = [];
    }
  }
  yield* held;
}
