import type { KeyedLock } from '../base/keyed-lock.ts';
import type { Logger } from '../base/logger.ts';
import type { ImageService } from '../image/index.ts';
import type { NetworkService } from '../network/index.ts';
import type { Database, LayerStore } from '../store/index.ts';
import type { ContainerEvent } from './container-service.ts';
import type { ContainerHost } from './container-host.ts';
import type { ContainerIndex } from './container-index.ts';
import type { ContainerPaths } from './container-paths.ts';
import type { LogKeeper } from './log/log-keeper.ts';
import type { RunTable } from './run-table.ts';

/** What the parts of the container noun share. */
export interface ContainerContext {
  readonly index: ContainerIndex;
  readonly database: Database;
  readonly layers: LayerStore;
  readonly images: ImageService;
  readonly networks: NetworkService;
  readonly host: ContainerHost;
  readonly paths: ContainerPaths;
  readonly runs: RunTable;
  readonly logs: LogKeeper;
  /** Serialises the mutations of one container, by id. */
  readonly locks: KeyedLock;
  readonly logger: Logger;
  readonly emit: (event: ContainerEvent) => void;
}
