import type { IncomingMessage } from 'node:http';
import { randomUUID } from 'node:crypto';
import { Trace } from '../../base/trace.ts';
import type { TraceStep } from '../../base/trace.ts';

const HEADER = 'pier-explain';

/** Explanations that a client listens to, by their tokens. */
const open = new Map<string, { readonly trace: Trace; readonly end: () => void }>();

/**
 * Opens an explanation: the steps of requests that carry its token in the header `Pier-Explain`.
 *
 * @param onEnd Called when {@linkcode endExplanation} was asked for it.
 * @returns Its token, and how it is forgotten.
 */
export function openExplanation(
  onStep: (step: TraceStep) => void,
  onEnd: () => void,
): { readonly token: string; readonly [Symbol.dispose]: () => void } {
  const token = randomUUID();
  const trace = new Trace(onStep);
  open.set(token, { trace, end: onEnd });
  return {
    token,
    [Symbol.dispose]: () => {
      open.delete(token);
      trace[Symbol.dispose]();
    },
  };
}

/** Ends an explanation. @returns `false` if there is none of that token. */
export function endExplanation(token: string): boolean {
  const found = open.get(token);
  found?.end();
  return found !== undefined;
}

/** Does a request's work, explaining it if the request asks for that. An unknown token asks for nothing. */
export async function explained(message: IncomingMessage, work: () => Promise<void> | void): Promise<void> {
  const token = open.size === 0 ? undefined : message.headers[HEADER];
  const trace = typeof token === 'string' ? open.get(token)?.trace : undefined;
  if (trace === undefined) {
    await work();
    return;
  }
  trace.hear({ kind: 'request', facts: { method: message.method, target: message.url } });
  await trace.run(work);
}
