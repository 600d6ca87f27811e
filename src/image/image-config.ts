import { parseDocument } from '../oci/index.ts';
import type { DocumentValue } from '../oci/index.ts';
import { ZERO_TIME, parseNs } from '../base/timestamp.ts';
import type { Digest } from '../base/digest.ts';
import type { Platform } from '../base/platform.ts';
import type { Healthcheck, HistoryEntry, ImageRunConfig } from './image.ts';

/** What an image's config says. image-spec, config.md. */
export interface ImageConfig {
  readonly platform: Platform;
  /** RFC 3339; {@linkcode ZERO_TIME} when the config does not say. */
  readonly createdAt: string;
  readonly author: string;
  readonly comment: string;
  /** `docker_version`; empty when the config does not say. */
  readonly dockerVersion: string;
  readonly runConfig: ImageRunConfig;
  readonly history: readonly HistoryEntry[];
  readonly diffIds: readonly Digest[];
}

/** A run config in which nothing is set. */
export const EMPTY_RUN_CONFIG: ImageRunConfig = {
  user: '',
  exposedPorts: [],
  env: [],
  entrypoint: undefined,
  command: undefined,
  volumes: [],
  workingDir: '',
  labels: {},
  stopSignal: undefined,
  healthcheck: undefined,
  shell: undefined,
  onBuild: [],
};

/**
 * Reads a config blob.
 *
 * @throws {PierError} `InvalidArgument`.
 */
export function parseImageConfig(content: Uint8Array): ImageConfig {
  const document = parseDocument(content, 'image config');
  return {
    // Docker takes a config without an OS for one of its own.
    platform: {
      os: document.get('os').text() || 'linux',
      architecture: document.get('architecture').text(),
      variant: document.get('variant').text(),
    },
    createdAt: timeOf(document.get('created')) ?? ZERO_TIME,
    author: document.get('author').text(),
    comment: document.get('comment').text(),
    dockerVersion: document.get('docker_version').text(),
    runConfig: parseRunConfig(document.get('config')),
    history: document.get('history').list().map(parseHistoryEntry),
    diffIds: document
      .get('rootfs')
      .get('diff_ids')
      .list()
      .map((item) => item.digest()),
  };
}

/** The container that became an image. Written for other engines, never read. */
export interface MadeFrom {
  readonly containerId: string;
  readonly hostname: string;
  readonly runConfig: ImageRunConfig;
}

/**
 * Writes a config blob: top-level members in alphabetical order, as Docker does, so that the same image always has the
 * same id.
 */
export function encodeImageConfig(config: ImageConfig, madeFrom?: MadeFrom): Buffer {
  const document = {
    architecture: config.platform.architecture,
    ...omitEmpty({ author: config.author, comment: config.comment }),
    config: encodeRunConfig(config.runConfig),
    ...(madeFrom && {
      container: madeFrom.containerId,
      container_config: { Hostname: madeFrom.hostname, ...encodeRunConfig(madeFrom.runConfig) },
    }),
    created: config.createdAt,
    ...omitEmpty({ docker_version: config.dockerVersion }),
    history: config.history.map(encodeHistoryEntry),
    os: config.platform.os,
    rootfs: { type: 'layers', diff_ids: config.diffIds },
    ...omitEmpty({ variant: config.platform.variant }),
  };
  return Buffer.from(JSON.stringify(document));
}

function parseRunConfig(value: DocumentValue): ImageRunConfig {
  const healthcheck = value.get('Healthcheck');
  return {
    user: value.get('User').text(),
    exposedPorts: value.get('ExposedPorts').names(),
    env: value.get('Env').texts(),
    entrypoint: argumentsOf(value.get('Entrypoint')),
    command: argumentsOf(value.get('Cmd')),
    volumes: value.get('Volumes').names(),
    workingDir: value.get('WorkingDir').text(),
    labels: value.get('Labels').record(),
    stopSignal: value.get('StopSignal').text() || undefined,
    healthcheck: healthcheck.isMissing ? undefined : parseHealthcheck(healthcheck),
    shell: argumentsOf(value.get('Shell')),
    onBuild: value.get('OnBuild').texts(),
  };
}

/** Old images write a command of one word as text instead of a list. */
function argumentsOf(value: DocumentValue): readonly string[] | undefined {
  if (value.isMissing) return undefined;
  return value.isText ? [value.text()] : value.texts();
}

function parseHealthcheck(value: DocumentValue): Healthcheck {
  return {
    test: value.get('Test').texts(),
    intervalNs: value.get('Interval').count(),
    timeoutNs: value.get('Timeout').count(),
    startPeriodNs: value.get('StartPeriod').count(),
    startIntervalNs: value.get('StartInterval').count(),
    retries: value.get('Retries').count(),
  };
}

function parseHistoryEntry(value: DocumentValue): HistoryEntry {
  return {
    createdAt: timeOf(value.get('created')),
    createdBy: value.get('created_by').text(),
    author: value.get('author').text(),
    comment: value.get('comment').text(),
    isEmptyLayer: value.get('empty_layer').flag(),
  };
}

function timeOf(value: DocumentValue): string | undefined {
  const text = value.optionalText();
  if (text !== undefined && parseNs(text) === undefined) throw value.bad('an RFC 3339 time');
  return text;
}

function encodeRunConfig(config: ImageRunConfig): object {
  return {
    ...omitEmpty({ User: config.user, ExposedPorts: setOf(config.exposedPorts), Env: config.env }),
    ...(config.entrypoint === undefined ? {} : { Entrypoint: config.entrypoint }),
    ...(config.command === undefined ? {} : { Cmd: config.command }),
    ...omitEmpty({
      Volumes: setOf(config.volumes),
      WorkingDir: config.workingDir,
      Labels: config.labels,
      StopSignal: config.stopSignal ?? '',
    }),
    ...(config.healthcheck === undefined ? {} : { Healthcheck: encodeHealthcheck(config.healthcheck) }),
    ...omitEmpty({ OnBuild: config.onBuild }),
    ...(config.shell === undefined ? {} : { Shell: config.shell }),
  };
}

function encodeHealthcheck(check: Healthcheck): object {
  return omitEmpty({
    Test: check.test,
    Interval: check.intervalNs,
    Timeout: check.timeoutNs,
    StartPeriod: check.startPeriodNs,
    StartInterval: check.startIntervalNs,
    Retries: check.retries,
  });
}

function encodeHistoryEntry(entry: HistoryEntry): object {
  return {
    ...(entry.createdAt === undefined ? {} : { created: entry.createdAt }),
    ...omitEmpty({ created_by: entry.createdBy, author: entry.author, comment: entry.comment }),
    ...(entry.isEmptyLayer ? { empty_layer: true } : {}),
  };
}

function setOf(names: readonly string[]): Readonly<Record<string, object>> {
  return Object.fromEntries(names.toSorted().map((name) => [name, {}]));
}

function omitEmpty(members: Readonly<Record<string, string | number | readonly string[] | object>>): object {
  return Object.fromEntries(
    Object.entries(members).filter(([, value]) =>
      typeof value === 'object' ? Object.keys(value).length > 0 : value !== '' && value !== 0,
    ),
  );
}
