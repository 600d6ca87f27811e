import { join } from 'node:path';
import { SeqpacketSender } from '../linux/index.ts';

/**
 * Standard input of one run of a container: one connection to its monitor, shared by all clients.
 *
 * It is opened when somebody first has something to say, or comes whose going away shall end the input. The monitor closes
 * the process's input when the connection ends, unless it was told to leave it open; that is how end of input is passed on.
 */
export class ProcessInput {
  readonly #socketPath: string;
  readonly #isClosedOnEnd: boolean;
  #sender: SeqpacketSender | undefined;
  #queue: Promise<void> = Promise.resolve();
  #isEnded = false;

  /**
   * @param bundleDir Where the monitor listens.
   * @param isClosedOnEnd Whether the first client's end of input ends the process's input.
   */
  constructor(bundleDir: string, isClosedOnEnd: boolean) {
    this.#socketPath = join(bundleDir, 'attach');
    this.#isClosedOnEnd = isClosedOnEnd;
  }

  /** Sends input after all that was sent before. Input for a process that has gone, or after its end, is dropped. Never rejects. */
  write(data: Buffer): Promise<void> {
    return this.#enqueue(async () => {
      if (!this.#isEnded && data.length > 0) await this.#connect().send(data);
    });
  }

  /** A client has come whose end, or the engine's death, shall end the process's input, if it is one that ends so. */
  open(): Promise<void> {
    return this.#enqueue(async () => {
      if (this.#isClosedOnEnd && !this.#isEnded) this.#connect();
    });
  }

  /** A client's input has ended. */
  end(): Promise<void> {
    return this.#enqueue(async () => {
      if (!this.#isClosedOnEnd || this.#isEnded) return;
      this.#connect().end();
      this.#isEnded = true;
    });
  }

  /** The process has ended. */
  close(): void {
    this.#isEnded = true;
    this.#sender?.close();
  }

  #connect(): SeqpacketSender {
    this.#sender ??= new SeqpacketSender(this.#socketPath);
    return this.#sender;
  }

  #enqueue(work: () => Promise<void>): Promise<void> {
    this.#queue = this.#queue.then(work).catch(() => {
      // Whatever the reason: the monitor cannot be reached, mostly because it has gone and the process with it.
      this.#isEnded = true;
    });
    return this.#queue;
  }
}
