import { Agent, request } from 'node:http';
import type { IncomingMessage } from 'node:http';

/** What came back for a request; the body as bytes, since reading JSON is not what is measured. */
export interface Reply {
  readonly status: number;
  readonly body: Buffer;
}

const LINE_FEED = 10;

/** The few calls of Docker's API that the benchmark makes, with connections kept open as Docker's client does. */
export class DockerApi implements Disposable {
  readonly #socketPath: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Sends a request, a buffer as it is and anything else as JSON, and reads the whole reply. @throws {Error} for a status of 400 and above. */
  async call(method: string, path: string, body?: unknown): Promise<Reply> {
    const response = await this.#send(method, path, body);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    return { status: response.statusCode ?? 0, body: accepted(method, path, response, Buffer.concat(chunks)) };
  }

  /** Reads a reply to its end and counts its bytes. */
  async drain(method: string, path: string): Promise<number> {
    const response = await this.#send(method, path, undefined);
    let size = 0;
    for await (const chunk of response) size += (chunk as Buffer).length;
    accepted(method, path, response, Buffer.alloc(0));
    return size;
  }

  /** Reads a stream for some time and counts its lines. */
  async countLines(method: string, path: string, durationMs: number): Promise<number> {
    const response = await this.#send(method, path, undefined);
    const timer = setTimeout(() => response.destroy(), durationMs);
    let count = 0;
    try {
      for await (const chunk of response) for (const byte of chunk as Buffer) if (byte === LINE_FEED) count += 1;
    } catch {
      // The end that was made above.
    }
    clearTimeout(timer);
    return count;
  }

  /** Asks for a raw connection (exec start) and reads it to its end, as `docker exec` does. */
  hijack(path: string, body: unknown): Promise<void> {
    return new Promise((resolve, reject) => {
      const text = JSON.stringify(body);
      const outgoing = request({
        socketPath: this.#socketPath,
        method: 'POST',
        path,
        headers: { 'content-type': 'application/json', 'content-length': text.length, connection: 'Upgrade', upgrade: 'tcp' },
      });
      outgoing.on('upgrade', (_, socket) => {
        socket.on('error', reject);
        socket.on('end', () => socket.end());
        socket.on('close', () => resolve());
        socket.resume();
      });
      outgoing.on('response', (response) => reject(new Error(`Cannot POST ${path}: status ${response.statusCode}`)));
      outgoing.on('error', reject);
      outgoing.end(text);
    });
  }

  [Symbol.dispose](): void {
    this.#agent.destroy();
  }

  #send(method: string, path: string, body: unknown): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      const bytes = Buffer.isBuffer(body) ? body : Buffer.from(body === undefined ? '' : JSON.stringify(body));
      const headers = { 'content-type': Buffer.isBuffer(body) ? 'application/x-tar' : 'application/json', 'content-length': bytes.length };
      const outgoing = request({ socketPath: this.#socketPath, agent: this.#agent, method, path, headers }, resolve);
      outgoing.on('error', reject);
      outgoing.end(bytes);
    });
  }
}

function accepted(method: string, path: string, { statusCode = 0 }: IncomingMessage, body: Buffer): Buffer {
  if (statusCode >= 400) throw new Error(`Cannot ${method} ${path}: ${statusCode} ${body.toString()}`);
  return body;
}
