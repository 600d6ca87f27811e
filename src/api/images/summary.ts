import { ZERO_TIME } from '../../base/timestamp.ts';
import type { ContainerConfig, ImageConfig, ImageInspect, ImageSummary } from '../../wire/index.ts';
import type { Container, Image } from '../backend.ts';
import { familiarName } from './familiar-name.ts';

// What old clients expect of the container that an image was committed from: there was none.
const NO_CONTAINER = {
  Hostname: '',
  Domainname: '',
  User: '',
  AttachStdin: false,
  AttachStdout: false,
  AttachStderr: false,
  Tty: false,
  OpenStdin: false,
  StdinOnce: false,
  Env: null,
  Cmd: null,
  Image: '',
  Volumes: null,
  WorkingDir: '',
  Entrypoint: null,
  OnBuild: null,
} as const satisfies Partial<ContainerConfig>;

/** How many containers stand on each image. */
export function countUsers(containers: readonly Container[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { imageId } of containers) counts.set(imageId, (counts.get(imageId) ?? 0) + 1);
  return counts;
}

/** One item of `GET /images/json`, as the client's API version has it. */
export function toImageSummary(image: Image, version: number, users: ReadonlyMap<string, number>): ImageSummary {
  const tags = image.tags.map(familiarName);
  const digests = image.repoDigests.map(familiarName);
  const isNameless = tags.length === 0 && digests.length === 0;
  return {
    Containers: version >= 51 ? (users.get(image.id) ?? 0) : -1,
    Created: unixSeconds(image.createdAt),
    Id: image.id,
    Labels: Object.keys(image.runConfig.labels).length === 0 ? null : image.runConfig.labels,
    ParentId: '',
    RepoDigests: isNameless && version < 43 ? ['<none>@<none>'] : digests,
    RepoTags: isNameless && version < 43 ? ['<none>:<none>'] : tags,
    SharedSize: -1,
    Size: image.sizeBytes,
    ...(version < 44 ? { VirtualSize: image.sizeBytes } : {}),
  };
}

/** `GET /images/{name}/json`, as the client's API version has it. */
export function toImageInspect(image: Image, version: number): ImageInspect {
  const { manifest } = image;
  return {
    Id: image.id,
    RepoTags: image.tags.map(familiarName),
    RepoDigests: image.repoDigests.map(familiarName),
    Parent: '',
    Comment: image.comment,
    Created: image.createdAt,
    DockerVersion: '',
    Author: image.author,
    Architecture: image.platform.architecture,
    ...(image.platform.variant === '' ? {} : { Variant: image.platform.variant }),
    Os: image.platform.os,
    Size: image.sizeBytes,
    ...(version < 44 ? { VirtualSize: image.sizeBytes } : {}),
    ...(version < 48 ? {} : { Descriptor: { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.sizeBytes } }),
    GraphDriver: { Name: 'overlay2', Data: {} },
    RootFS: { Type: 'layers', ...(image.diffIds.length === 0 ? {} : { Layers: image.diffIds }) },
    Metadata: { LastTagTime: image.lastTaggedAt ?? ZERO_TIME },
    Config: { ...(version < 50 ? NO_CONTAINER : {}), ...toImageConfig(image.runConfig) },
    ...(version < 45 ? { Container: '', ContainerConfig: NO_CONTAINER } : {}),
  };
}

/** RFC 3339 to whole seconds since the epoch. */
export function unixSeconds(text: string | undefined): number {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}

function toImageConfig(config: Image['runConfig']): ImageConfig {
  const { healthcheck } = config;
  return {
    User: config.user,
    ...(config.exposedPorts.length === 0 ? {} : { ExposedPorts: setOf(config.exposedPorts) }),
    Env: config.env.length === 0 ? null : config.env,
    Cmd: config.command ?? null,
    ...(healthcheck === undefined
      ? {}
      : {
          Healthcheck: {
            Test: healthcheck.test,
            Interval: healthcheck.intervalNs,
            Timeout: healthcheck.timeoutNs,
            StartPeriod: healthcheck.startPeriodNs,
            StartInterval: healthcheck.startIntervalNs,
            Retries: healthcheck.retries,
          },
        }),
    Volumes: config.volumes.length === 0 ? null : setOf(config.volumes),
    WorkingDir: config.workingDir,
    Entrypoint: config.entrypoint ?? null,
    OnBuild: config.onBuild.length === 0 ? null : config.onBuild,
    Labels: Object.keys(config.labels).length === 0 ? null : config.labels,
    ...(config.stopSignal === undefined ? {} : { StopSignal: config.stopSignal }),
    ...(config.shell === undefined ? {} : { Shell: config.shell }),
  };
}

function setOf(keys: readonly string[]): Record<string, Record<string, never>> {
  return Object.fromEntries(keys.map((key) => [key, {}]));
}
