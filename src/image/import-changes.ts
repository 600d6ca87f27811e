/**
 * The Dockerfile instructions that `docker import -c` and `docker commit -c` take: those that change nothing but a
 * config. Syntax: docs.docker.com/reference/dockerfile.
 *
 * @module
 */
import { posix } from 'node:path';
import { PierError, findPierError } from '../base/errors.ts';
import { expandWord, splitWords } from './dockerfile-words.ts';
import { parseGoDuration } from './go-duration.ts';
import type { Healthcheck, ImageRunConfig } from './image.ts';

type Apply = (config: ImageRunConfig, text: string, instruction: string) => ImageRunConfig;

const DEFAULT_SHELL: readonly string[] = ['/bin/sh', '-c'];

const INSTRUCTIONS: Readonly<Record<string, Apply>> = {
  CMD: (config, text) => ({ ...config, command: commandOf(config, text) }),
  ENTRYPOINT: (config, text) => ({ ...config, entrypoint: commandOf(config, text) }),
  ENV: (config, text, name) => pairsOf(config, text, name).reduce(withEnv, config),
  EXPOSE: applyExpose,
  HEALTHCHECK: (config, text, name) => ({ ...config, healthcheck: healthcheckOf(text, name) }),
  LABEL: (config, text, name) => ({ ...config, labels: { ...config.labels, ...Object.fromEntries(pairsOf(config, text, name)) } }),
  ONBUILD: applyOnBuild,
  STOPSIGNAL: (config, text, name) => ({ ...config, stopSignal: signalOf(expand(config, requireText(text, name)), name) }),
  USER: (config, text, name) => ({ ...config, user: expand(config, requireText(text, name)) }),
  VOLUME: applyVolume,
  WORKDIR: (config, text, name) => ({
    ...config,
    workingDir: posix.resolve('/', config.workingDir, expand(config, requireText(text, name))),
  }),
};

/**
 * Applies instructions one after the other.
 *
 * @param changes Each one or more lines of a Dockerfile.
 * @throws {PierError} `InvalidArgument`, reason `image.bad-change`, facts `{ instruction, problem }`; `problem` is
 * `not-allowed` for an instruction that is not one of these, else `syntax`.
 */
export function applyChanges(config: ImageRunConfig, changes: readonly string[]): ImageRunConfig {
  const lines = joinContinued(changes.join('\n').split('\n'));
  if (changes.length > 0 && lines.length === 0) throw badChange('', 'no instruction', 'syntax');
  const parsed = lines.map((line) => {
    const [, name = '', text = ''] = /^(\S+)\s*([^]*)$/.exec(line) ?? [];
    const apply = Object.hasOwn(INSTRUCTIONS, name.toUpperCase()) ? INSTRUCTIONS[name.toUpperCase()] : undefined;
    if (apply === undefined) throw badChange(name, 'it does not only change the config', 'not-allowed');
    return { apply, text, name };
  });
  // As in Docker's builder, an entry point drops the command that was there before, unless a command is set as well.
  const isCommandSet = parsed.some(({ name }) => name.toUpperCase() === 'CMD');
  const start =
    parsed.some(({ name }) => name.toUpperCase() === 'ENTRYPOINT') && !isCommandSet ? { ...config, command: undefined } : config;
  return parsed.reduce((result, { apply, text, name }) => applyOne(result, apply, text, name), start);
}

function applyOne(config: ImageRunConfig, apply: Apply, text: string, name: string): ImageRunConfig {
  try {
    return apply(config, text, name.toUpperCase());
  } catch (error) {
    const found = findPierError(error);
    if (found?.reason === 'image.bad-change' || found === undefined) throw error;
    throw badChange(name, found.message, 'syntax', error);
  }
}

/** Drops comments and empty lines, and joins a line that ends in a backslash with the next. */
function joinContinued(lines: readonly string[]): readonly string[] {
  const joined: string[] = [];
  let open = '';
  for (const line of lines) {
    if (/^\s*(#|$)/.test(line)) continue;
    if (line.trimEnd().endsWith('\\')) {
      open += line.trimEnd().slice(0, -1);
      continue;
    }
    joined.push((open + line).trim());
    open = '';
  }
  if (open.trim() !== '') joined.push(open.trim());
  return joined;
}

function commandOf(config: ImageRunConfig, text: string): readonly string[] | undefined {
  const list = jsonList(text);
  if (list !== undefined) return list;
  return text === '' ? undefined : [...(config.shell ?? DEFAULT_SHELL), text];
}

/**
 * A JSON array of texts; `undefined` for text that is not JSON.
 *
 * @throws {PierError} `InvalidArgument` for an array of something else.
 */
function jsonList(text: string): readonly string[] | undefined {
  if (!text.startsWith('[')) return undefined;
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch {
    return undefined; // Docker takes what only begins like JSON for shell text: `[ -f x ] && y`.
  }
  if (!Array.isArray(list)) return undefined;
  return list.map((item: unknown) => {
    if (typeof item !== 'string') throw new PierError('InvalidArgument', 'Cannot read JSON list: its items must be texts');
    return item;
  });
}

function pairsOf(config: ImageRunConfig, text: string, name: string): readonly (readonly [string, string])[] {
  const words = splitWords(requireText(text, name));
  if (words[0]?.includes('=') !== true) {
    const [, key = '', value] = /^(\S+)\s+([^]*)$/.exec(text) ?? [];
    if (value === undefined) throw badChange(name, 'expected a name and a value', 'syntax');
    return [[expand(config, key), expand(config, value)]];
  }
  return words.map((word) => {
    const equals = word.indexOf('=');
    if (equals === -1) throw badChange(name, `expected NAME=VALUE, found "${word}"`, 'syntax');
    if (equals === 0) throw badChange(name, 'a name is empty', 'syntax');
    return [expand(config, word.slice(0, equals)), expand(config, word.slice(equals + 1))];
  });
}

function withEnv(config: ImageRunConfig, [name, value]: readonly [string, string]): ImageRunConfig {
  const line = `${name}=${value}`;
  const at = config.env.findIndex((item) => item.startsWith(`${name}=`));
  return { ...config, env: at === -1 ? [...config.env, line] : config.env.with(at, line) };
}

function applyExpose(config: ImageRunConfig, text: string, name: string): ImageRunConfig {
  const ports = splitWords(requireText(text, name))
    .flatMap((word) => splitWords(expand(config, word)))
    .flatMap((spec) => portsOf(spec, name));
  return { ...config, exposedPorts: [...new Set([...config.exposedPorts, ...ports])].toSorted() };
}

/** `80`, `80/udp`, `3000-3002/tcp`; a host side before a colon counts for nothing here. */
function portsOf(spec: string, name: string): readonly string[] {
  const match = /^(?:[^/]*:)?(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(spec);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (match === null || last > 65535 || first > last) throw badChange(name, `"${spec}" is not a port`, 'syntax');
  return Array.from({ length: last - first + 1 }, (_, i) => `${first + i}/${(match[3] ?? 'tcp').toLowerCase()}`);
}

function applyVolume(config: ImageRunConfig, text: string, name: string): ImageRunConfig {
  const paths = (jsonList(text) ?? splitWords(requireText(text, name))).map((path) => expand(config, path));
  if (paths.length === 0 || paths.includes('')) throw badChange(name, 'a path is empty', 'syntax');
  return { ...config, volumes: [...new Set([...config.volumes, ...paths])].toSorted() };
}

function applyOnBuild(config: ImageRunConfig, text: string, name: string): ImageRunConfig {
  const trigger = (/^\S+/.exec(requireText(text, name))?.[0] ?? '').toUpperCase();
  if (['ONBUILD', 'FROM', 'MAINTAINER'].includes(trigger)) throw badChange(name, `"${trigger}" cannot be a trigger`, 'syntax');
  return { ...config, onBuild: [...config.onBuild, text] };
}

function healthcheckOf(text: string, name: string): Healthcheck {
  const flags = new Map<string, string>();
  let rest = text;
  for (let match = HEALTH_FLAG.exec(rest); match !== null; match = HEALTH_FLAG.exec(rest)) {
    flags.set(match[1] ?? '', match[2] ?? '');
    rest = rest.slice(match[0].length);
  }
  const [, kind = '', command = ''] = /^(\S*)\s*([^]*)$/.exec(rest) ?? [];
  return {
    test: healthTest(kind.toUpperCase(), command, name),
    intervalNs: durationOf(flags, 'interval', name),
    timeoutNs: durationOf(flags, 'timeout', name),
    startPeriodNs: durationOf(flags, 'start-period', name),
    startIntervalNs: durationOf(flags, 'start-interval', name),
    retries: retriesOf(flags, name),
  };
}

const HEALTH_FLAG = /^--(interval|timeout|start-period|start-interval|retries)=(\S+)\s*/;

function healthTest(kind: string, command: string, name: string): readonly string[] {
  if (kind === 'NONE' && command === '') return ['NONE'];
  if (kind !== 'CMD') throw badChange(name, `expected CMD or NONE, found "${kind}"`, 'syntax');
  if (command === '') throw badChange(name, 'the command is empty', 'syntax');
  const list = jsonList(command);
  return list === undefined ? ['CMD-SHELL', command] : ['CMD', ...list];
}

function durationOf(flags: ReadonlyMap<string, string>, flag: string, name: string): number {
  const text = flags.get(flag);
  if (text === undefined) return 0;
  const ns = parseGoDuration(text);
  // Docker's API refuses what is set and shorter than a millisecond.
  if (ns === undefined || (ns !== 0 && ns < 1e6)) throw badChange(name, `"${text}" is not a duration of at least 1ms`, 'syntax');
  return ns;
}

function retriesOf(flags: ReadonlyMap<string, string>, name: string): number {
  const text = flags.get('retries') ?? '0';
  if (!/^\d{1,9}$/.test(text)) throw badChange(name, `"${text}" is not a number of retries`, 'syntax');
  return Number(text);
}

function signalOf(text: string, name: string): string {
  const isKnown = /^\d{1,2}$/.test(text)
    ? Number(text) >= 1 && Number(text) <= 64
    : SIGNAL_NAMES.has(text.toUpperCase().replace(/^SIG/, ''));
  if (!isKnown) throw badChange(name, `"${text}" is not a signal`, 'syntax');
  return text;
}

const SIGNAL_NAMES: ReadonlySet<string> = new Set(
  (
    'ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP SYS TERM TRAP TSTP TTIN TTOU ' +
    'URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX'
  )
    .split(' ')
    .concat(Array.from({ length: 15 }, (_, i) => `RTMIN+${i + 1}`))
    .concat(Array.from({ length: 14 }, (_, i) => `RTMAX-${i + 1}`)),
);

function expand(config: ImageRunConfig, word: string): string {
  return expandWord(word, (name) => config.env.find((line) => line.startsWith(`${name}=`))?.slice(name.length + 1));
}

function requireText(text: string, name: string): string {
  if (text === '') throw badChange(name, 'it needs an argument', 'syntax');
  return text;
}

function badChange(instruction: string, found: string, problem: 'not-allowed' | 'syntax', cause?: unknown): PierError {
  return new PierError('InvalidArgument', `Cannot apply change "${instruction}": ${found}`, {
    reason: 'image.bad-change',
    facts: { instruction, problem, detail: found },
    cause,
  });
}
