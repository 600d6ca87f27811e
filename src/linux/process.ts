/**
 * Other processes, named so that a reused pid cannot be mistaken for the one that was meant.
 *
 * @module
 */
import { closeSync, readFileSync, readdirSync } from 'node:fs';
import { SyscallError } from '../base/errors.ts';
import { traceStep } from '../base/trace.ts';
import { checkSyscall, errnoName, libcFunction } from './libc.ts';

const syscall3 = libcFunction<(number: number, a: number, b: number, c: number, d: number) => number>(
  'long syscall(long number, long a, long b, long c, long d)',
);

/** The same on every architecture that has them. */
const SYS_PIDFD_SEND_SIGNAL = 424;
const SYS_PIDFD_OPEN = 434;
/** Likewise `flags`, and the one of a process that has begun to end. sched.h */
const FLAGS_AFTER_STATE = 6;
const PF_EXITING = 0x4;
/** Likewise `pgrp`. */
const PGRP_AFTER_STATE = 2;
/** `starttime` counts from `state`, the first field after the command's closing parenthesis. proc(5), /proc/pid/stat. */
const STARTTIME_AFTER_STATE = 19;

/**
 * When a process began, in clock ticks since boot: together with the pid it names a process for good.
 *
 * @returns `undefined` if there is no such process, or only a zombie of it.
 */
export function processStartTicks(pid: number): number | undefined {
  try {
    const fields = statFields(pid);
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : Number(fields[STARTTIME_AFTER_STATE]);
  } catch {
    return undefined;
  }
}

/**
 * Tells whether a process has begun to end, or is a zombie. The process 1 of a PID namespace takes its time: it goes when
 * all others in there are gone and their parents, which may be outside, have asked for them.
 */
export function isProcessEnding(pid: number): boolean {
  try {
    return (Number(statFields(pid)[FLAGS_AFTER_STATE]) & PF_EXITING) !== 0;
  } catch {
    return false;
  }
}

/** Tells whether a pid is still the process that began at `startTicks`. */
export function isProcessAlive(pid: number, startTicks: number): boolean {
  return pid > 0 && processStartTicks(pid) === startTicks;
}

/**
 * Signals one certain process.
 *
 * @returns `false` if it has ended.
 * @throws {SyscallError} `EPERM`.
 */
export function signalProcess(pid: number, startTicks: number, signal: number): boolean {
  const fd = syscall3(SYS_PIDFD_OPEN, pid, 0, 0, 0);
  if (fd < 0) {
    if (errnoName() === 'ESRCH') return false;
    checkSyscall(fd, 'pidfd_open');
  }
  try {
    // The descriptor pins the process; only now is it certain which one it is.
    if (!isProcessAlive(pid, startTicks)) return false;
    traceStep('signal', () => ({ pid, signal }));
    if (syscall3(SYS_PIDFD_SEND_SIGNAL, fd, signal, 0, 0) === 0) return true;
    const errno = errnoName();
    if (errno === 'ESRCH') return false;
    throw new SyscallError('pidfd_send_signal', errno);
  } finally {
    closeSync(fd);
  }
}

/** The processes that have a certain text as one of their arguments. Looks at all of this machine's. */
export function pidsWithArgument(text: string): readonly number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => readProc(pid, 'cmdline').split('\0').includes(text));
}

/** The processes that a process has started, and not waited for yet. */
export function childrenOf(pid: number): readonly number[] {
  return readProc(pid, `task/${pid}/children`)
    .split(' ')
    .map(Number)
    .filter((child) => child > 0);
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8');
  } catch {
    return '';
  }
}

/** The process group that a process is in; `undefined` if there is no such process. */
export function processGroup(pid: number): number | undefined {
  try {
    return Number(statFields(pid)[PGRP_AFTER_STATE]);
  } catch {
    return undefined;
  }
}

/**
 * Signals all processes of a group.
 *
 * @param leaderPid Whoever made the group: the caller knows that it is still the one that is meant.
 * @returns `false` if there are none.
 */
export function signalGroup(leaderPid: number, signal: number): boolean {
  try {
    return process.kill(-leaderPid, signal);
  } catch {
    return false;
  }
}

function statFields(pid: number): readonly string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
