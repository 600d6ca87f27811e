import { PierError } from '../base/errors.ts';

/** A failure whose text is printed as it is, and whose exit code is known. */
export class CommandError extends PierError {
  readonly exitCode: number;
  /** Show "Run 'pier … --help' for more information" below the message. */
  readonly hint: boolean;

  /**
   * @param message Printed to standard error; nothing is printed when it is empty.
   * @param exitCode Between 1 and 255.
   */
  constructor(message: string, exitCode: number = 1, options: ErrorOptions & { readonly hint?: boolean } = {}) {
    super('InvalidArgument', message, options);
    this.exitCode = exitCode;
    this.hint = options.hint ?? false;
  }
}
