import { Socket } from 'node:net';
import { isErrno } from '../base/errors.ts';

/** What the writable side is told when a write is through. */
type WriteCallback = (error?: Error | null) => void;

/**
 * A socket on which the other side may stop listening before it has said everything.
 *
 * A container that ends without reading its standard input makes the daemon close the connection with our bytes unread. The
 * kernel then fails our next write with EPIPE, and our reads with ECONNRESET once all that was sent to us is read. Node takes
 * either for the end of the whole socket and drops what it has not handed out yet: the container's last words. Here a write
 * that nobody reads is a write, and the reset is the end of the stream.
 */
export class TolerantSocket extends Socket {
  override _write(chunk: unknown, encoding: BufferEncoding, callback: WriteCallback): void {
    // oxlint-disable-next-line no-underscore-dangle -- Node's name for what a stream overrides
    super._write(chunk, encoding, tolerant(callback));
  }

  override _writev(chunks: { chunk: unknown; encoding: BufferEncoding }[], callback: WriteCallback): void {
    // oxlint-disable-next-line no-underscore-dangle -- Node's name for what a stream overrides
    super._writev?.(chunks, tolerant(callback));
  }

  override destroy(error?: Error): this {
    if (!isErrno(error, 'ECONNRESET') || this.readableEnded || this.destroyed) return super.destroy(error);
    this.push(null);
    return this;
  }
}

function tolerant(callback: WriteCallback): WriteCallback {
  return (error) => callback(isErrno(error, 'EPIPE') || isErrno(error, 'ECONNRESET') ? null : error);
}
