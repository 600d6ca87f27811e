import { readdirSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';

/** Tells of the exit codes that monitors leave in a directory: at once through inotify. */
export class ExitWatcher implements Disposable {
  readonly #watcher: FSWatcher;

  /**
   * @param directory Where monitors write a file for each container that ends.
   * @param onExit Called with a container's id, perhaps more than once for one end. Must not throw.
   */
  constructor(directory: string, onExit: (id: string) => void) {
    this.#watcher = watch(directory, (_, name) => {
      // Monitors write to a temporary name first, which is longer than an id.
      if (name === null) for (const id of readdirSync(directory)) onExit(id);
      else if (/^[0-9a-f]{64}$/.test(name)) onExit(name);
    });
  }

  [Symbol.dispose](): void {
    this.#watcher.close();
  }
}
