import type { Readable, Writable } from 'node:stream';

/** Prints everything that a stream gives. A slow reader of ours slows the stream down. */
export async function writeRaw(source: Readable, target: Writable): Promise<void> {
  const chunks: AsyncIterable<Buffer> = source;
  for await (const chunk of chunks) await write(target, chunk);
}

/** Writes and waits until there is room for more. */
export async function write(target: Writable, chunk: Uint8Array): Promise<void> {
  if (target.write(chunk)) return;
  await new Promise((resolve) => target.once('drain', resolve));
}
