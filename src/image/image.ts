import type { Digest } from '../base/digest.ts';
import type { Platform } from '../base/platform.ts';

/** An OCI content descriptor. image-spec, descriptor.md. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: Digest;
  readonly sizeBytes: number;
}

/** Health check of an image or a container. Durations in nanoseconds, 0 for the default. */
export interface Healthcheck {
  readonly test: readonly string[];
  readonly intervalNs: number;
  readonly timeoutNs: number;
  readonly startPeriodNs: number;
  readonly startIntervalNs: number;
  readonly retries: number;
}

/** Defaults that an image gives its containers. image-spec, config.md, "config". */
export interface ImageRunConfig {
  readonly user: string;
  readonly exposedPorts: readonly string[];
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly entrypoint: readonly string[] | undefined;
  readonly command: readonly string[] | undefined;
  readonly volumes: readonly string[];
  readonly workingDir: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly stopSignal: string | undefined;
  readonly healthcheck: Healthcheck | undefined;
  readonly shell: readonly string[] | undefined;
  readonly onBuild: readonly string[];
}

/** One step in an image's making. image-spec, config.md, "history". */
export interface HistoryEntry {
  /** RFC 3339; `undefined` when the image does not say. */
  readonly createdAt: string | undefined;
  readonly createdBy: string;
  readonly author: string;
  readonly comment: string;
  /** The step changed no files, so it has no layer. */
  readonly isEmptyLayer: boolean;
}

/** An image in the store: an immutable value; only its names change (as a new value). */
export interface Image {
  /** Digest of the config blob: Docker's image ID. */
  readonly id: Digest;
  readonly platform: Platform;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly author: string;
  readonly comment: string;
  readonly runConfig: ImageRunConfig;
  readonly history: readonly HistoryEntry[];
  /** Manifest that names the config and the layer blobs. */
  readonly manifest: Descriptor;
  /** Compressed layer blobs, bottom first; as many as `diffIds`. */
  readonly layers: readonly Descriptor[];
  readonly diffIds: readonly Digest[];
  /** The top layer's chain ID; `undefined` for an image without layers. */
  readonly chainId: Digest | undefined;
  /** Sum of the layers' contentBytes. */
  readonly sizeBytes: number;
  /** The image that it was made from on this machine and that is kept for it; `undefined` for one that came whole. */
  readonly parentId: Digest | undefined;
  /** What made it, where its config says (`docker_version`); empty otherwise. */
  readonly dockerVersion: string;
  /** Full tags, `docker.io/library/alpine:latest` in normal form, sorted. */
  readonly tags: readonly string[];
  /** Full digest references, `docker.io/library/alpine@sha256:…`, sorted. */
  readonly repoDigests: readonly string[];
  /** When a tag last moved to it; RFC 3339, `undefined` when never. */
  readonly lastTaggedAt: string | undefined;
}
