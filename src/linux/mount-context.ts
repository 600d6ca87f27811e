import { closeSync } from 'node:fs';
import { checkSyscall, libcFunction } from './libc.ts';

/**
 * The mount interface of Linux 5.2, which has no limit on the length of all options together. Called by number because
 * musl has no wrappers; x86_64 and arm64 share the numbers.
 */
const SYS = { moveMount: 429, fsopen: 430, fsconfig: 431, fsmount: 432 } as const;

const syscallText = libcFunction<(number: number, text: string, flags: number) => number>(
  'long syscall(long number, const char *text, long flags)',
);
const syscallConfig = libcFunction<
  (number: number, fd: number, command: number, key: string | null, value: string | null, aux: number) => number
>('long syscall(long number, long fd, long command, const char *key, const char *value, long aux)');
const syscallNumbers = libcFunction<(number: number, fd: number, flags: number, attributes: number) => number>(
  'long syscall(long number, long fd, long flags, long attributes)',
);
const syscallMove = libcFunction<(number: number, fromFd: number, fromPath: string, toFd: number, toPath: string, flags: number) => number>(
  'long syscall(long number, long fromFd, const char *fromPath, long toFd, const char *toPath, long flags)',
);

const FSCONFIG = { setFlag: 0, setString: 1, create: 6 } as const;
const CLOEXEC = 1;
const AT_FDCWD = -100;
const MOVE_MOUNT_F_EMPTY_PATH = 4;

/** A mount as fsopen(2) and its companions want it. */
export interface ContextMount {
  readonly type: string;
  readonly source: string;
  readonly target: string;
  /** Options in mount(2)'s escaped form, one each. `lowerdir=a:b` is taken apart, because one value holds 256 bytes at most. */
  readonly data: readonly string[];
  readonly readOnly: boolean;
  /** `MOUNT_ATTR_*`. */
  readonly attributes: number;
}

/**
 * Mounts by fsopen(2), fsconfig(2), fsmount(2) and move_mount(2).
 *
 * @throws {SyscallError} as the kernel answers; `EINVAL` from `fsconfig` before Linux 6.5, which lacks `lowerdir+`.
 */
export function mountByContext(mount: ContextMount): void {
  const { target } = mount;
  const context = checkSyscall(syscallText(SYS.fsopen, mount.type, CLOEXEC), 'fsopen', mount.type);
  try {
    const set = (key: string, value: string): number =>
      checkSyscall(syscallConfig(SYS.fsconfig, context, FSCONFIG.setString, key, value, 0), 'fsconfig', target);
    set('source', mount.source);
    if (mount.readOnly) checkSyscall(syscallConfig(SYS.fsconfig, context, FSCONFIG.setFlag, 'ro', null, 0), 'fsconfig', target);
    for (const [key, value] of mount.data.flatMap(toParameters)) set(key, value);
    checkSyscall(syscallConfig(SYS.fsconfig, context, FSCONFIG.create, null, null, 0), 'fsconfig', target);
    const fd = checkSyscall(syscallNumbers(SYS.fsmount, context, CLOEXEC, mount.attributes), 'fsmount', target);
    try {
      checkSyscall(syscallMove(SYS.moveMount, fd, '', AT_FDCWD, target, MOVE_MOUNT_F_EMPTY_PATH), 'move_mount', target);
    } finally {
      closeSync(fd);
    }
  } finally {
    closeSync(context);
  }
}

function toParameters(option: string): readonly (readonly [string, string])[] {
  const equals = option.indexOf('=');
  const key = equals < 0 ? option : option.slice(0, equals);
  const value = equals < 0 ? '' : option.slice(equals + 1);
  if (key !== 'lowerdir') return [[key, unescape(value)]];
  return (value.match(/(?:\\.|[^\\:])+/g) ?? []).map((path) => ['lowerdir+', unescape(path)]);
}

function unescape(text: string): string {
  return text.replaceAll(/\\(.)/g, '$1');
}
