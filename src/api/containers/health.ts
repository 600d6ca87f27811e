import { PierError } from '../../base/errors.ts';
import { formatGoDuration } from '../../base/go-duration.ts';
import type { ContainerHealth, HealthConfig, Loose } from '../../wire/index.ts';
import type { Container, ContainerSpec } from '../backend.ts';
import { messageOf } from '../errors.ts';
import { checkFields } from '../field-kinds.ts';
import type { FieldKinds } from '../field-kinds.ts';

type Healthcheck = NonNullable<ContainerSpec['healthcheck']>;
type Health = NonNullable<Container['state']['health']>;
type ProbeResult = Health['log'][number];

const NS_PER_MS = 1e6;

const HEALTH_KINDS: FieldKinds<HealthConfig> = {
  Test: 'strings',
  Interval: 'duration',
  Timeout: 'duration',
  StartPeriod: 'duration',
  StartInterval: 'duration',
  Retries: 'integer',
};

/** Reads the health check of a create request. @throws {PierError} `InvalidArgument` in Docker's words. */
export function fromHealthConfig(config: Readonly<Record<string, unknown>> | null | undefined): Healthcheck | undefined {
  if (config === undefined || config === null) return undefined;
  const check: Loose<HealthConfig> = checkFields(config, HEALTH_KINDS, 'Healthcheck');
  return {
    test: check.Test ?? [],
    intervalNs: check.Interval ?? 0,
    timeoutNs: check.Timeout ?? 0,
    startPeriodNs: check.StartPeriod ?? 0,
    startIntervalNs: check.StartInterval ?? 0,
    retries: check.Retries ?? 0,
  };
}

/** A health check as inspect shows it; what is not said is left out. */
export function toHealthConfig(check: Healthcheck): HealthConfig {
  return {
    ...(check.test.length > 0 && { Test: check.test }),
    ...(check.intervalNs !== 0 && { Interval: check.intervalNs }),
    ...(check.timeoutNs !== 0 && { Timeout: check.timeoutNs }),
    ...(check.startPeriodNs !== 0 && { StartPeriod: check.startPeriodNs }),
    ...(check.startIntervalNs !== 0 && { StartInterval: check.startIntervalNs }),
    ...(check.retries !== 0 && { Retries: check.retries }),
  };
}

/** What health checks found, as inspect shows it. */
export function toHealth({ status, failingStreak, log }: Health): ContainerHealth {
  return {
    Status: status,
    FailingStreak: failingStreak,
    Log: log.map((result) => ({
      Start: result.startedAt,
      End: result.endedAt,
      ExitCode: result.exitCode,
      Output: outputText(result),
    })),
  };
}

/** Health in one word, as filters know it. */
export function healthWord({ state }: Container): string {
  return state.health?.status ?? 'none';
}

// A probe without an exit code has its reason for output.
function outputText({ output, failure }: ProbeResult): string {
  if (failure === undefined) return output;
  const { reason, detail, command } = failure;
  if (reason !== 'timed-out') return messageOf(new PierError('Internal', detail, { reason, facts: { command, detail } }));
  const text = `Health check exceeded timeout (${formatGoDuration(Number(detail) * NS_PER_MS)})`;
  return output === '' ? text : `${text}: ${output}`;
}
