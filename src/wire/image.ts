import type { GraphDriverData } from './container.ts';
import type { ContainerConfig, HealthConfig, StringMap, StringSet } from './container-config.ts';

/** Defaults that an image gives its containers. */
export interface ImageConfig {
  readonly User: string;
  readonly ExposedPorts?: StringSet;
  readonly Env: readonly string[] | null;
  readonly Cmd: readonly string[] | null;
  readonly Healthcheck?: HealthConfig;
  readonly ArgsEscaped?: boolean;
  readonly Volumes: StringSet | null;
  readonly WorkingDir: string;
  readonly Entrypoint: readonly string[] | null;
  readonly OnBuild: readonly string[] | null;
  readonly Labels: StringMap | null;
  readonly StopSignal?: string;
  readonly Shell?: readonly string[];
}

/** `GET /images/{name}/json`. Sizes in bytes. */
export interface ImageInspect {
  readonly Id: string;
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  readonly Parent: string;
  readonly Comment: string;
  /** RFC 3339. */
  readonly Created?: string;
  readonly DockerVersion: string;
  readonly Author: string;
  readonly Architecture: string;
  readonly Variant?: string;
  readonly Os: string;
  readonly Size: number;
  /** Before API 1.44. */
  readonly VirtualSize?: number;
  /** API 1.48 and later. */
  readonly Descriptor?: { readonly mediaType: string; readonly digest: string; readonly size: number };
  readonly GraphDriver: GraphDriverData;
  readonly RootFS: { readonly Type: string; readonly Layers?: readonly string[] };
  readonly Metadata: { readonly LastTagTime: string };
  /** Before API 1.50 with the fields of a container, all empty. */
  readonly Config: ImageConfig & Omit<Partial<ContainerConfig>, keyof ImageConfig>;
  /** Before API 1.45. */
  readonly ContainerConfig?: Omit<Partial<ContainerConfig>, 'Labels'> & { readonly Labels: StringMap | null };
}

/** One item of `GET /images/json`. Sizes in bytes, -1 for not computed. */
export interface ImageSummary {
  readonly Id: string;
  readonly ParentId: string;
  readonly RepoTags: readonly string[] | null;
  readonly RepoDigests: readonly string[] | null;
  /** Unix seconds. */
  readonly Created: number;
  readonly Size: number;
  readonly SharedSize: number;
  /** Before API 1.44. */
  readonly VirtualSize?: number;
  readonly Labels: StringMap | null;
  readonly Containers: number;
}

/** One item of `GET /images/{name}/history`. */
export interface ImageHistoryItem {
  readonly Id: string;
  /** Unix seconds. */
  readonly Created: number;
  readonly CreatedBy: string;
  readonly Tags: readonly string[] | null;
  readonly Size: number;
  readonly Comment: string;
}

/** One item of the answer to `DELETE /images/{name}`. */
export interface ImageDeleteItem {
  readonly Untagged?: string;
  readonly Deleted?: string;
}

/** `POST /images/prune`. */
export interface ImagesPruneResponse {
  readonly ImagesDeleted: readonly ImageDeleteItem[] | null;
  readonly SpaceReclaimed: number;
}
