import type { ServerResponse } from 'node:http';
import type { JsonMessage } from '../../wire/index.ts';
import type { ImageProgress } from '../backend.ts';
import { messageOf } from '../errors.ts';

/** How often a layer's progress is told, in milliseconds. */
const INTERVAL_MS = 100;

/** An answer made of lines of JSON, as long operations give it. The head goes out with the first line. */
export class JsonStream {
  readonly #response: ServerResponse;
  readonly #toldMs = new Map<string, number>();

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  /** Writes a line. */
  write(message: JsonMessage): void {
    const response = this.#response;
    if (response.destroyed) return;
    if (!response.headersSent) response.writeHead(200, { 'Content-Type': 'application/json' });
    response.write(`${JSON.stringify(message)}\r\n`);
  }

  /** Writes a layer's progress, unless it was told just before. */
  progress(status: string, progress: ImageProgress): void {
    const nowMs = performance.now();
    const isDone = progress.phase === 'done';
    if (!isDone && nowMs - (this.#toldMs.get(progress.layer) ?? Number.NEGATIVE_INFINITY) < INTERVAL_MS) return;
    this.#toldMs.set(progress.layer, nowMs);
    this.write({
      status,
      progressDetail: { current: progress.currentBytes, total: progress.totalBytes },
      progress: bar(progress.currentBytes, progress.totalBytes),
      ...(progress.layer === '' ? {} : { id: progress.layer }),
    });
  }

  /** Ends the answer with an error: its head said 200 already. */
  fail(error: unknown): void {
    const message = messageOf(error);
    this.write({ errorDetail: { message }, error: message });
    this.#response.end();
  }

  /** Ends the answer. */
  end(): void {
    this.#response.end();
  }
}

/** Docker's progress bar: 50 characters, then the amounts. */
function bar(current: number, total: number): string {
  if (total <= 0) return humanSize(current).padStart(9);
  const half = Math.min(50, Math.floor((current / total) * 50));
  const drawn = half >= 50 ? `${'='.repeat(50)}>` : `${'='.repeat(half)}>${' '.repeat(50 - half)}`;
  return `[${drawn}] ${humanSize(current).padStart(8)}/${humanSize(total)}`;
}

function humanSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1000 && unit < units.length - 1; unit += 1) value /= 1000;
  return `${Number(value.toPrecision(4))}${units[unit]}`;
}
