import { constants } from 'node:os';

/** Real-time signals, as glibc numbers them for programs: the first two are its own. signal(7). */
const SIGRTMIN = 34;
const SIGRTMAX = 64;

const NUMBERS = new Map<string, number>(Object.entries(constants.signals));
const NAMES = new Map<number, string>(Object.entries(constants.signals).map(([name, number]) => [number, name]));
// Node lists aliases too; the field's names are these.
for (const name of ['SIGABRT', 'SIGCHLD', 'SIGIO', 'SIGSYS']) NAMES.set(NUMBERS.get(name) ?? 0, name);

/**
 * Reads a signal as people write it: `TERM`, `SIGTERM`, `term`, `15`, `RTMIN+3`.
 *
 * @returns Its number, or `undefined` if there is no such signal.
 */
export function parseSignal(text: string): number | undefined {
  if (/^\d+$/.test(text)) {
    const number = Number(text);
    return number >= 1 && number <= SIGRTMAX ? number : undefined;
  }
  const name = text.toUpperCase().replace(/^(SIG)?/, 'SIG');
  const realTime = /^SIGRT(MIN\+|MAX-|MIN$|MAX$)(\d*)$/.exec(name);
  if (realTime === null) return NUMBERS.get(name);
  const offset = Number(realTime[2] ?? 0);
  const number = realTime[1]?.startsWith('MIN') === true ? SIGRTMIN + offset : SIGRTMAX - offset;
  return number >= SIGRTMIN && number <= SIGRTMAX ? number : undefined;
}

/** The name of a signal: `SIGTERM`; `SIGRTMIN+3`; `SIG<number>` where there is none. */
export function signalNameOf(number: number): string {
  if (number === SIGRTMIN) return 'SIGRTMIN';
  if (number > SIGRTMIN && number <= SIGRTMAX) return `SIGRTMIN+${number - SIGRTMIN}`;
  return NAMES.get(number) ?? `SIG${number}`;
}
