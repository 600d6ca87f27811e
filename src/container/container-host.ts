import type { Logger } from '../base/logger.ts';
import type { Cgroups } from '../linux/index.ts';
import type { Runtime, RuntimeDevice, RuntimeSeccomp } from '../oci/index.ts';

/** A seccomp filter for one set of capabilities, in both forms that runtimes take. */
export interface SeccompFilter {
  readonly profile: RuntimeSeccomp;
  /** Compiled, base64, for crun; `undefined` where it cannot be compiled ahead. */
  readonly bpf: string | undefined;
}

/** What this machine offers to containers. Found out once, when the engine opens. */
export interface ContainerHost {
  /** conmon's path. */
  readonly monitorPath: string;
  readonly runtimes: ReadonlyMap<string, Runtime>;
  readonly defaultRuntime: string;
  readonly cgroups: Cgroups;
  /** Cgroup that holds those of this engine's containers: `/pier/<engine id>`. */
  readonly cgroupParent: string;
  /** What the engine itself has; containers cannot have more. */
  readonly capabilities: ReadonlySet<string>;
  readonly hasRecursiveReadOnly: boolean;
  readonly extraMaskedPaths: readonly string[];
  /** A static init (tini); `undefined` if there is none. */
  readonly initPath: string | undefined;
  readonly hostname: string;
  /** The nodes of /dev, for privileged containers. */
  readonly hostDevices: () => readonly RuntimeDevice[];
  /** The usual filter, or that of a profile in Docker's format. @returns `undefined` if the profile asks for none. @throws {PierError} For what is wrong with it. */
  readonly seccompFilter: (capabilities: readonly string[], profile?: string) => SeccompFilter | undefined;
  /** Folders of files that describe devices (CDI); later ones win. */
  readonly cdiSpecDirs: readonly string[];
  readonly logger: Logger;
  /** The kernel confines processes by AppArmor profiles. */
  readonly hasAppArmor: boolean;
}
