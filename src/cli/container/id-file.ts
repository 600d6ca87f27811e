import { existsSync, unlinkSync, writeFileSync } from 'node:fs';
import { CommandError } from '../command-error.ts';

const ERROR_TEXTS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'not a directory',
  EROFS: 'read-only file system',
};

/** A `--cidfile` that cannot be had. */
export class IdFileError extends CommandError {}

/** The file of `--cidfile`: made before the container, and taken away again if there comes to be none. */
export class IdFile implements Disposable {
  readonly #path: string;
  #isWritten = false;

  /**
   * @param path Empty for none.
   * @throws {IdFileError} If there is something already, or it cannot be made.
   */
  constructor(path: string) {
    this.#path = path;
    if (path === '') return;
    if (existsSync(path)) {
      throw new IdFileError(`container ID file found, make sure the other container isn't running or delete ${path}`);
    }
    try {
      writeFileSync(path, '', { flag: 'wx', mode: 0o666 });
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? String(error.code) : '';
      throw new IdFileError(`failed to create the container ID file: open ${path}: ${ERROR_TEXTS[code] ?? code}`, 1, { cause: error });
    }
  }

  write(id: string): void {
    if (this.#path !== '') writeFileSync(this.#path, id);
    this.#isWritten = true;
  }

  [Symbol.dispose](): void {
    if (this.#path !== '' && !this.#isWritten) unlinkSync(this.#path);
  }
}
