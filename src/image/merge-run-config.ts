import type { Healthcheck, ImageRunConfig } from './image.ts';

/**
 * Fills what a config leaves open from another: Docker's rule for a container's config over its image's, and for a committed
 * image's over its container's.
 */
export function mergeRunConfig(config: ImageRunConfig, defaults: ImageRunConfig): ImageRunConfig {
  const hasEntrypoint = (config.entrypoint ?? []).length > 0;
  const hasCommand = (config.command ?? []).length > 0;
  return {
    ...config,
    user: config.user || defaults.user,
    exposedPorts: union(config.exposedPorts, defaults.exposedPorts),
    env: [...config.env, ...defaults.env.filter((line) => !config.env.some((own) => nameOf(own) === nameOf(line)))],
    labels: { ...defaults.labels, ...config.labels },
    command: hasEntrypoint || hasCommand ? config.command : defaults.command,
    entrypoint: hasEntrypoint ? config.entrypoint : (config.entrypoint ?? defaults.entrypoint),
    healthcheck: mergeHealthcheck(config.healthcheck, defaults.healthcheck),
    workingDir: config.workingDir || defaults.workingDir,
    volumes: union(config.volumes, defaults.volumes),
    stopSignal: config.stopSignal ?? defaults.stopSignal,
    shell: config.shell ?? defaults.shell,
  };
}

function mergeHealthcheck(check: Healthcheck | undefined, defaults: Healthcheck | undefined): Healthcheck | undefined {
  if (check === undefined || defaults === undefined) return check ?? defaults;
  return {
    test: check.test.length === 0 ? defaults.test : check.test,
    intervalNs: check.intervalNs || defaults.intervalNs,
    timeoutNs: check.timeoutNs || defaults.timeoutNs,
    startPeriodNs: check.startPeriodNs || defaults.startPeriodNs,
    startIntervalNs: check.startIntervalNs || defaults.startIntervalNs,
    retries: check.retries || defaults.retries,
  };
}

function union(a: readonly string[], b: readonly string[]): readonly string[] {
  return [...new Set([...a, ...b])].toSorted();
}

function nameOf(line: string): string {
  return line.split('=', 1)[0] ?? '';
}
