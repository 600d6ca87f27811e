import type { LogLevel } from '../base/logger.ts';

/** What a daemon is told by its flags and its configuration file; everything may be missing. */
export interface DaemonOptions {
  /** Images, containers, metadata. */
  readonly root?: string;
  /** Sockets, mounts, bundles: what a reboot may take. */
  readonly state?: string;
  /** Where to listen: `unix:///run/pier/pier.sock`, `fd://`. */
  readonly hosts?: readonly string[];
  /** The group that owns unix sockets, name or number. */
  readonly group?: string;
  readonly logLevel?: LogLevel;
  readonly logFormat?: 'text' | 'json';
  readonly defaultRuntime?: string;
  /** Log driver and options of containers that name none. */
  readonly logDriver?: string;
  readonly logOptions?: Readonly<Record<string, string>>;
  /** Folders of files that describe devices. */
  readonly cdiSpecDirs?: readonly string[];
  /** Further runtimes by name. */
  readonly runtimes?: Readonly<Record<string, { readonly path: string; readonly args?: readonly string[] }>>;
}
