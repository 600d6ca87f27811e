import { EMPTY_SPEC } from '../container/index.ts';
import type { ContainerService, ContainerSpec } from '../container/index.ts';
import type { RunResult } from './engine-api.ts';

/** What to run: at least an image; everything else as in {@linkcode ContainerSpec}. */
export interface RunOptions extends Partial<Omit<ContainerSpec, 'image' | 'autoRemove'>> {
  readonly image: string;
  /** Input for the process, which ends with it. */
  readonly input?: string | Uint8Array;
  readonly name?: string;
  /** Stops the container. */
  readonly signal?: AbortSignal;
}

/** Runs a container to its end, collects what it says, and removes it. */
export async function runContainer(containers: ContainerService, options: RunOptions): Promise<RunResult> {
  const { input, name, signal, ...wanted } = options;
  signal?.throwIfAborted();
  const withInput = input === undefined ? {} : { openStdin: true, stdinOnce: true, attachStdin: true };
  const { id } = await containers.create({ ...EMPTY_SPEC, ...wanted, ...withInput, attachStdout: true, attachStderr: true }, name);
  try {
    await using session = await containers.attach(id, { stdin: input !== undefined, stdout: true, stderr: true, stream: true });
    const result = containers.wait(id, 'next-exit');
    await containers.start(id);
    signal?.addEventListener('abort', () => void containers.kill(id).catch(() => undefined), { once: true });
    if (input !== undefined) void session.write(Buffer.from(input)).then(() => session.end());
    const output = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    for await (const { stream, data } of session.output) output[stream].push(data);
    const { exitCode } = await result;
    signal?.throwIfAborted();
    return { exitCode, stdout: Buffer.concat(output.stdout), stderr: Buffer.concat(output.stderr) };
  } finally {
    await containers.remove(id, { force: true });
  }
}
