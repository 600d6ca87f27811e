/**
 * The parts of the OCI runtime specification's config.json (1.2) that pier writes. Names are the specification's own.
 *
 * @see https://github.com/opencontainers/runtime-spec/blob/main/config.md
 * @module
 */
import type { SeccompFilter } from '../linux/index.ts';

/** What a runtime is told to run: the content of a bundle's config.json. */
export interface RuntimeSpec {
  readonly ociVersion: string;
  readonly process: RuntimeProcess;
  readonly root: { readonly path: string; readonly readonly?: boolean };
  readonly hostname?: string;
  readonly mounts: readonly RuntimeMount[];
  /** By the place in the container's life: `createRuntime`, `poststop`, …. */
  readonly hooks?: Readonly<Record<string, readonly RuntimeHook[]>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly linux: RuntimeLinux;
}

/** A program that the runtime runs; the container's state is its standard input. */
export interface RuntimeHook {
  readonly path: string;
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  /** Seconds. */
  readonly timeout?: number;
}

/** The process to start; `exec` takes the same shape by itself. */
export interface RuntimeProcess {
  readonly terminal?: boolean;
  readonly consoleSize?: { readonly height: number; readonly width: number };
  readonly user: RuntimeUser;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly capabilities?: RuntimeCapabilities;
  readonly rlimits?: readonly RuntimeRlimit[];
  readonly noNewPrivileges?: boolean;
  readonly apparmorProfile?: string;
  readonly oomScoreAdj?: number;
}

/** Numeric identity of a process inside the container. */
export interface RuntimeUser {
  readonly uid: number;
  readonly gid: number;
  readonly umask?: number;
  readonly additionalGids?: readonly number[];
}

/** The five capability sets; absent ones are empty. */
export interface RuntimeCapabilities {
  readonly bounding?: readonly string[];
  readonly effective?: readonly string[];
  readonly permitted?: readonly string[];
  readonly inheritable?: readonly string[];
  readonly ambient?: readonly string[];
}

/** One `setrlimit`; `type` is `RLIMIT_NOFILE` and the like. */
export interface RuntimeRlimit {
  readonly type: string;
  readonly soft: number;
  readonly hard: number;
}

/** One mount, made in the order of the list. */
export interface RuntimeMount {
  readonly destination: string;
  readonly type: string;
  readonly source: string;
  readonly options: readonly string[];
}

/** A device node to make. */
export interface RuntimeDevice {
  readonly path: string;
  readonly type: 'c' | 'b';
  readonly major: number;
  readonly minor: number;
  /** Permission bits only. */
  readonly fileMode: number;
  readonly uid: number;
  readonly gid: number;
}

/** One rule of the device cgroup; later rules win. Absent `type` or numbers mean all. */
export interface RuntimeDeviceRule {
  readonly allow: boolean;
  readonly type?: 'c' | 'b';
  readonly major?: number;
  readonly minor?: number;
  /** Out of `rwm`. */
  readonly access: string;
}

/** A namespace: a new one, or the existing one at `path`. */
export interface RuntimeNamespace {
  readonly type: 'mount' | 'pid' | 'ipc' | 'uts' | 'network' | 'cgroup' | 'user';
  readonly path?: string;
}

/** Limits for the container's cgroup. */
export interface RuntimeResources {
  readonly devices?: readonly RuntimeDeviceRule[];
  /** Bytes; `swap` is memory and swap together. */
  readonly memory?: {
    readonly limit?: number;
    readonly swap?: number;
    readonly reservation?: number;
    readonly swappiness?: number;
    readonly disableOOMKiller?: boolean;
  };
  /** Microseconds of CPU time in each period. */
  readonly cpu?: {
    readonly shares?: number;
    readonly quota?: number;
    readonly period?: number;
    readonly realtimeRuntime?: number;
    readonly realtimePeriod?: number;
    readonly cpus?: string;
    readonly mems?: string;
  };
  readonly pids?: { readonly limit: number };
  readonly blockIO?: {
    readonly weight?: number;
    readonly weightDevice?: readonly { readonly major: number; readonly minor: number; readonly weight: number }[];
    readonly throttleReadBpsDevice?: readonly RuntimeThrottle[];
    readonly throttleWriteBpsDevice?: readonly RuntimeThrottle[];
    readonly throttleReadIOPSDevice?: readonly RuntimeThrottle[];
    readonly throttleWriteIOPSDevice?: readonly RuntimeThrottle[];
  };
}

/** A rate, a second, for one block device. */
export interface RuntimeThrottle {
  readonly major: number;
  readonly minor: number;
  readonly rate: number;
}

/** What is special to Linux. */
export interface RuntimeLinux {
  readonly namespaces: readonly RuntimeNamespace[];
  readonly cgroupsPath: string;
  readonly resources: RuntimeResources;
  readonly devices?: readonly RuntimeDevice[];
  readonly sysctl?: Readonly<Record<string, string>>;
  readonly seccomp?: RuntimeSeccomp;
  readonly maskedPaths?: readonly string[];
  readonly readonlyPaths?: readonly string[];
  readonly rootfsPropagation?: string;
}

/** A seccomp filter as runtimes take it: resolved for one machine and one set of capabilities. */
export type RuntimeSeccomp = SeccompFilter;
