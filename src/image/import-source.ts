import { Readable } from 'node:stream';
import { openDownload } from './download.ts';
import type { ImportOptions } from './image-service.ts';

/** Where an import reads from. Disposing of it leaves no connection, however much of it was read. */
export interface ImportSource extends Disposable {
  readonly content: Readable;
}

/** Opens what is imported: a stream of the caller's, or what a URL leads to. @throws {PierError} As {@linkcode openDownload}. */
export async function openImportSource(input: Readable | URL, { signal, onProgress }: ImportOptions): Promise<ImportSource> {
  if (!(input instanceof URL)) return { content: input, [Symbol.dispose]: () => {} };
  const ending = new AbortController();
  const { body, totalBytes = -1 } = await openDownload(
    input,
    signal === undefined ? ending.signal : AbortSignal.any([signal, ending.signal]),
  );
  const report = (currentBytes: number): void => onProgress?.({ layer: '', phase: 'loading', currentBytes, totalBytes });
  report(0);
  return {
    content: Readable.from(counted(body, report), { objectMode: false }),
    [Symbol.dispose]: () => ending.abort(),
  };
}

async function* counted(body: Readable, report: (totalBytes: number) => void): AsyncGenerator<Buffer> {
  let totalBytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    totalBytes += chunk.length;
    report(totalBytes);
    yield chunk;
  }
}
