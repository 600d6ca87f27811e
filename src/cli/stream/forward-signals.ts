import { constants } from 'node:os';

/** Those that a process cannot catch, that speak of itself, or that the window's size is handled by. */
const NOT_FORWARDED: ReadonlySet<string> = new Set(
  'SIGKILL SIGSTOP SIGPOLL SIGCHLD SIGPIPE SIGURG SIGWINCH SIGSEGV SIGBUS SIGFPE SIGILL SIGPROF SIGTRAP SIGABRT SIGIOT'.split(' '),
);

/**
 * Sends the signals that this process gets to somebody else, in place of what they would do here.
 *
 * @param send Given the name without `SIG`; its failure is ignored, since the receiver may be gone.
 * @returns Stops it.
 */
export function forwardSignals(send: (signal: string) => Promise<unknown>): () => void {
  const forward = (signal: NodeJS.Signals): void => void send(signal.slice('SIG'.length)).catch(() => {});
  // Node ignores it already. That somebody listens tells that a broken pipe is an error to be reported, not an end: so it is
  // for Docker's client, which takes note of every signal while it passes signals on.
  process.on('SIGPIPE', ignore);
  const signals = Object.keys(constants.signals).filter(isForwarded);
  for (const signal of signals) process.on(signal, forward);
  return () => {
    process.off('SIGPIPE', ignore);
    for (const signal of signals) process.off(signal, forward);
  };
}

function ignore(): void {}

function isForwarded(name: string): name is NodeJS.Signals {
  return !NOT_FORWARDED.has(name);
}
