import { inKeyOrder } from '../key-order.ts';
import { ZERO_TIME } from '../../base/timestamp.ts';
import type { HealthConfig, ImageConfig, ImageInspect, ImageSummary } from '../../wire/index.ts';
import type { Backend, Container, Image, ImageLayer } from '../backend.ts';
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
  Labels: null,
} as const satisfies NonNullable<ImageInspect['ContainerConfig']>;

/** Sizes that several images share, for {@linkcode toImageSummary}. */
export type SharedSizes = (image: Image) => number;

/** How many containers stand on each image. */
export function countUsers(containers: readonly Container[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { imageId } of containers) counts.set(imageId, (counts.get(imageId) ?? 0) + 1);
  return counts;
}

/**
 * Counts which layers the images share.
 *
 * @param images All there are, also those that are not shown.
 */
export function sharedSizesOf(backend: Backend, images: readonly Image[]): SharedSizes {
  const uses = new Map<string, number>();
  for (const { id } of images) {
    for (const { chainId } of backend.images.layers(id)) uses.set(chainId, (uses.get(chainId) ?? 0) + 1);
  }
  return ({ id }) =>
    backend.images.layers(id).reduce((sum, { chainId, contentBytes }) => sum + ((uses.get(chainId) ?? 0) > 1 ? contentBytes : 0), 0);
}

/**
 * One item of `GET /images/json`, as the client's API version has it.
 *
 * @param users How many containers each image has; not told where `undefined`.
 * @param sharedSize Not told where `undefined`.
 */
export function toImageSummary(image: Image, version: number, users?: ReadonlyMap<string, number>, sharedSize?: SharedSizes): ImageSummary {
  const tags = image.tags.map(familiarName);
  const digests = image.repoDigests.map(familiarName);
  const isNameless = tags.length === 0 && digests.length === 0;
  // Before API 1.43 what is empty was null, or a placeholder where the image had no name at all.
  const listOf = (names: readonly string[], placeholder: string): readonly string[] | null =>
    version >= 43 || names.length > 0 ? names : isNameless ? [placeholder] : null;
  return {
    Containers: users === undefined ? -1 : (users.get(image.id) ?? 0),
    Created: unixSeconds(image.createdAt),
    Id: image.id,
    Labels: Object.keys(image.runConfig.labels).length === 0 ? null : inKeyOrder(image.runConfig.labels),
    ParentId: image.parentId ?? '',
    RepoDigests: listOf(digests, '<none>@<none>'),
    RepoTags: listOf(tags, '<none>:<none>'),
    SharedSize: sharedSize === undefined ? -1 : sharedSize(image),
    Size: image.sizeBytes,
    ...(version < 44 ? { VirtualSize: image.sizeBytes } : {}),
  };
}

/**
 * `GET /images/{name}/json`, as the client's API version has it.
 *
 * @param layers Those of the image, bottom first.
 */
export function toImageInspect(image: Image, version: number, layers: readonly ImageLayer[]): ImageInspect {
  const { manifest } = image;
  return {
    Id: image.id,
    RepoTags: image.tags.map(familiarName),
    RepoDigests: image.repoDigests.map(familiarName),
    Parent: image.parentId ?? '',
    Comment: image.comment,
    Created: image.createdAt,
    ...(version < 45 ? { ContainerConfig: NO_CONTAINER } : {}),
    DockerVersion: image.dockerVersion,
    Author: image.author,
    Architecture: image.platform.architecture,
    ...(image.platform.variant === '' ? {} : { Variant: image.platform.variant }),
    Os: image.platform.os,
    Size: image.sizeBytes,
    ...(version < 44 ? { VirtualSize: image.sizeBytes } : {}),
    ...(version < 48 ? {} : { Descriptor: { mediaType: manifest.mediaType, digest: manifest.digest, size: manifest.sizeBytes } }),
    GraphDriver: { Data: directoriesOf(layers), Name: 'overlay2' },
    RootFS: { Type: 'layers', ...(image.diffIds.length === 0 ? {} : { Layers: image.diffIds }) },
    Metadata: { LastTagTime: image.lastTaggedAt ?? ZERO_TIME },
    Config: version < 50 ? { ...NO_CONTAINER, ...toImageConfig(image.runConfig) } : sortedConfig(image.runConfig),
  };
}

/** Where the image's layers lie on the host, in overlayfs's words; empty for an image without layers. */
function directoriesOf(layers: readonly ImageLayer[]): Readonly<Record<string, string>> {
  const [top, ...lower] = layers.map((layer) => layer.directory).toReversed();
  if (top === undefined) return {};
  return {
    ...(lower.length === 0 ? {} : { LowerDir: lower.map((directory) => `${directory}/fs`).join(':') }),
    MergedDir: `${top}/merged`,
    UpperDir: `${top}/fs`,
    WorkDir: `${top}/work`,
  };
}

/** RFC 3339 to whole seconds since the epoch. */
export function unixSeconds(text: string | undefined): number {
  const ms = Date.parse(text ?? '');
  return Number.isNaN(ms) ? 0 : Math.floor(ms / 1000);
}

// Docker takes fields out of it by way of a map, which sorts the others.
function sortedConfig(config: Image['runConfig']): ImageConfig {
  const sorted: object = inKeyOrder({ ...toImageConfig(config) });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same members
  return sorted as ImageConfig;
}

function toImageConfig(config: Image['runConfig']): ImageConfig {
  const { healthcheck } = config;
  return {
    User: config.user,
    ...(config.exposedPorts.length === 0 ? {} : { ExposedPorts: setOf(config.exposedPorts) }),
    Env: config.env.length === 0 ? null : config.env,
    Cmd: config.command ?? null,
    ...(healthcheck === undefined ? {} : { Healthcheck: toHealthConfig(healthcheck) }),
    Volumes: config.volumes.length === 0 ? null : setOf(config.volumes),
    WorkingDir: config.workingDir,
    Entrypoint: config.entrypoint ?? null,
    OnBuild: config.onBuild.length === 0 ? null : config.onBuild,
    Labels: Object.keys(config.labels).length === 0 ? null : inKeyOrder(config.labels),
    ...(config.stopSignal === undefined ? {} : { StopSignal: config.stopSignal }),
    ...(config.shell === undefined ? {} : { Shell: config.shell }),
  };
}

/** Docker leaves out what the image does not say. */
function toHealthConfig(check: NonNullable<Image['runConfig']['healthcheck']>): HealthConfig {
  return {
    ...(check.test.length === 0 ? {} : { Test: check.test }),
    ...(check.intervalNs === 0 ? {} : { Interval: check.intervalNs }),
    ...(check.timeoutNs === 0 ? {} : { Timeout: check.timeoutNs }),
    ...(check.startPeriodNs === 0 ? {} : { StartPeriod: check.startPeriodNs }),
    ...(check.startIntervalNs === 0 ? {} : { StartInterval: check.startIntervalNs }),
    ...(check.retries === 0 ? {} : { Retries: check.retries }),
  };
}

function setOf(keys: readonly string[]): Record<string, Record<string, never>> {
  return Object.fromEntries(keys.map((key) => [key, {}]));
}
