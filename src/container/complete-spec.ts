import { PierError } from '../base/errors.ts';
import { shortId } from '../base/ids.ts';
import { timestamp } from '../base/timestamp.ts';
import { parseTmpfsOptions } from '../oci/index.ts';
import { CREATED_STATE } from './container.ts';
import { checkHealthcheck, mergeHealthcheck } from './healthcheck.ts';
import { mergeEnv } from './process-env.ts';
import { requireStopSignal } from './signal-container.ts';
import type { Image } from '../image/index.ts';
import type { Container } from './container.ts';
import type { ContainerSpec } from './container-spec.ts';

/** Where a container's own files lie. */
export interface ContainerFiles {
  readonly logPath: string;
  readonly hostnamePath: string;
  readonly hostsPath: string;
  readonly resolvConfPath: string;
}

/** What {@linkcode completeSpec} joins. */
export interface CompleteSpecInput {
  readonly id: string;
  readonly name: string;
  readonly spec: ContainerSpec;
  readonly image: Image;
  /** The engine's choice where the spec names none. */
  readonly runtime: string;
  /** For containers that share the host's name. */
  readonly hostHostname: string;
  readonly files: ContainerFiles;
}

/** The least memory limit that Docker takes: 6 MiB. */
const MINIMUM_MEMORY_BYTES = 6 * 1024 * 1024;

/**
 * Makes a container out of what was asked and what its image brings.
 *
 * @throws {PierError} `InvalidArgument`, reasons `container.no-command`, `container.bad-signal` (facts `{ signal }`),
 * `container.bad-working-dir` (facts `{ path }`), `container.memory-too-small`, `container.bad-restart-policy`,
 * `container.auto-remove-and-restart`, `container.bad-tmpfs-option` (facts `{ option }`).
 */
export function completeSpec(input: CompleteSpecInput): Container {
  const { spec, image } = input;
  checkSpec(spec);
  const runConfig = image.runConfig;
  // An entrypoint of one's own leaves the image's command behind.
  const entrypoint = spec.entrypoint ?? runConfig.entrypoint ?? [];
  const command = spec.command ?? (spec.entrypoint === undefined ? runConfig.command : undefined) ?? [];
  const argv = [...entrypoint, ...command];
  if (argv.length === 0 || (argv.length === 1 && argv[0] === '')) {
    throw new PierError('InvalidArgument', `Cannot create container: image "${spec.image}" names no command`, {
      reason: 'container.no-command',
    });
  }
  return {
    id: input.id,
    name: input.name,
    createdAt: timestamp(),
    imageId: image.id,
    spec,
    argv,
    entrypointLength: entrypoint.length,
    env: mergeEnv(runConfig.env, spec.env),
    labels: { ...runConfig.labels, ...spec.labels },
    user: spec.user === '' ? runConfig.user : spec.user,
    workingDir: spec.workingDir === '' ? runConfig.workingDir : spec.workingDir,
    stopSignal: spec.stopSignal === '' ? (runConfig.stopSignal ?? 'SIGTERM') : spec.stopSignal,
    healthcheck: mergeHealthcheck(spec.healthcheck, runConfig.healthcheck),
    shell: spec.shell ?? runConfig.shell ?? [],
    runtime: input.runtime,
    state: CREATED_STATE,
    endpoints: [],
    hostname: spec.hostname === '' ? (spec.networkMode === 'host' ? input.hostHostname : shortId(input.id)) : spec.hostname,
    ...input.files,
    execIds: [],
  };
}

function checkSpec(spec: ContainerSpec): void {
  if (spec.stopSignal !== '') requireStopSignal(spec.stopSignal);
  if (spec.workingDir !== '' && !spec.workingDir.startsWith('/')) {
    throw new PierError('InvalidArgument', `Cannot create container: working directory "${spec.workingDir}" is not absolute`, {
      reason: 'container.bad-working-dir',
      facts: { path: spec.workingDir },
    });
  }
  const { memoryBytes } = spec.resources;
  if (memoryBytes !== 0 && memoryBytes < MINIMUM_MEMORY_BYTES) {
    throw new PierError('InvalidArgument', `Cannot create container: a memory limit of ${memoryBytes} bytes is less than 6 MiB`, {
      reason: 'container.memory-too-small',
    });
  }
  checkHealthcheck(spec.healthcheck);
  for (const options of Object.values(spec.tmpfs)) parseTmpfsOptions(options);
  if (spec.restartPolicy.name !== 'on-failure' && spec.restartPolicy.maximumRetryCount > 0) {
    throw new PierError('InvalidArgument', 'Cannot create container: only the policy "on-failure" counts retries', {
      reason: 'container.bad-restart-policy',
    });
  }
  if (spec.autoRemove && spec.restartPolicy.name !== 'no') {
    throw new PierError('InvalidArgument', 'Cannot create container: it cannot be both removed and restarted at its end', {
      reason: 'container.auto-remove-and-restart',
    });
  }
}

/** What a person should know about a container that was created nevertheless. */
export function warningsFor(image: Image, { binds, tmpfs }: Pick<ContainerSpec, 'binds' | 'tmpfs'>): string[] {
  const warnings: string[] = [];
  const mounted = new Set([...binds.map(({ target }) => target), ...Object.keys(tmpfs)]);
  const volumes = image.runConfig.volumes.filter((path) => !mounted.has(path));
  if (volumes.length > 0) {
    const paths = volumes.join(', ');
    warnings.push(`The image declares volumes (${paths}): pier keeps that data in the container itself until it supports volumes.`);
  }
  return warnings;
}
