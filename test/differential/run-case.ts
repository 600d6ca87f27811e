import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitOf, type RunOutcome } from '../harness/clients.ts';
import type { Case, Step } from './case-file.ts';
import { Mask } from './mask.ts';
import type { Target } from './target.ts';
import type { Answer, Transcript } from './transcript.ts';

const STEP_TIMEOUT_MS = 60_000;
const AWAIT_TIMEOUT_MS = 30_000;

/**
 * Runs a case's command lines in a new directory.
 *
 * @param failures Gets a line for each step that prepares and fails, or that is waited for and never succeeds.
 */
export async function runCase(target: Target, { name, steps }: Case, failures: string[]): Promise<Transcript> {
  const directory = await mkdtemp(join(target.bindDirectory.here, 'case-'));
  const there = directory.replace(target.bindDirectory.here, target.bindDirectory.there);
  try {
    const answers: Answer[] = [];
    for (const step of steps) {
      const outcome = await perform(target, step, directory, there);
      if (step.kind === 'compare') {
        const mask = new Mask([[directory, '<here>'], [there, '<here>'], ...target.directories]);
        answers.push(answerOf(step.command, outcome, mask, target));
      } else if (outcome.exitCode !== 0) {
        failures.push(`${name} on ${target.name}: failed: ${step.command}: ${outcome.stdout}${outcome.stderr}`);
      }
    }
    return { name, answers };
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function perform(target: Target, step: Step, cwd: string, there: string): Promise<RunOutcome> {
  const deadline = Date.now() + AWAIT_TIMEOUT_MS;
  for (;;) {
    const outcome = await runLine(target, step.command, cwd, there);
    if (step.kind !== 'await' || outcome.exitCode === 0 || Date.now() > deadline) return outcome;
    await sleep(50);
  }
}

async function runLine(target: Target, command: string, cwd: string, there: string): Promise<RunOutcome> {
  const env = {
    PATH: `${target.binDirectory}:${join(import.meta.dirname, 'bin')}:${process.env['PATH'] ?? ''}`,
    HOME: cwd,
    LANG: 'C',
    TZ: 'UTC',
    NO_COLOR: '1',
    DOCKER_HOST: target.host,
    DOCKER_CLI_HINTS: 'false',
    HERE: there,
  };
  const child = spawn('bash', ['-o', 'pipefail', '-c', command], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
  const timer = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), STEP_TIMEOUT_MS);
  const [stdout, stderr, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exitOf(child)]);
  clearTimeout(timer);
  return { stdout, stderr, exitCode };
}

function answerOf(command: string, { stdout, stderr, exitCode }: RunOutcome, mask: Mask, target: Target): Answer {
  const out = linesOf(mask.apply(target.renameProgram(stdout)), '| ');
  const err = linesOf(mask.apply(target.renameProgram(stderr)), '! ');
  return { command, lines: [...out, ...err, ...(exitCode === 0 ? [] : [`= ${exitCode}`])] };
}

function linesOf(content: string, prefix: string): string[] {
  if (content === '') return [];
  const lines = content.split('\n');
  if (lines.at(-1) === '') lines.pop();
  else lines.push('<no line feed at the end>');
  return lines.map((line) => `${prefix}${line}`.trimEnd());
}
