/**
 * Platforms: what an image is made for, and what a machine runs. The words are Go's (GOOS, GOARCH), the rules containerd's.
 *
 * @module
 */
import { arch } from 'node:process';
import { PierError } from './errors.ts';

/** What an image is made for. image-spec, config.md. */
export interface Platform {
  /** GOOS: `linux`. */
  readonly os: string;
  /** GOARCH: `amd64`, `arm64`, …. */
  readonly architecture: string;
  /** For example `v8`; empty where there is none. */
  readonly variant: string;
}

/** Node's names of processors that Go calls otherwise. */
const GO_ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386', mipsel: 'mipsle', ppc64: 'ppc64le' };

/** What this machine runs. */
export const HOST_PLATFORM: Platform = {
  os: 'linux',
  architecture: GO_ARCHITECTURES[arch] ?? arch,
  variant: arch === 'arm64' ? 'v8' : arch === 'arm' ? 'v7' : '',
};

const KNOWN_OS: ReadonlySet<string> = new Set(
  'aix android darwin dragonfly freebsd hurd illumos ios js linux nacl netbsd openbsd plan9 solaris wasip1 windows zos'.split(' '),
);
const KNOWN_ARCHITECTURES: ReadonlySet<string> = new Set(
  (
    '386 amd64 amd64p32 arm armbe arm64 arm64be ppc64 ppc64le loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le ppc riscv ' +
    'riscv64 s390 s390x sparc sparc64 wasm'
  ).split(' '),
);
const ALIASES: Readonly<Record<string, readonly [architecture: string, variant: string]>> = {
  i386: ['386', ''],
  'x86-64': ['amd64', ''],
  x86_64: ['amd64', ''],
  aarch64: ['arm64', ''],
  armhf: ['arm', 'v7'],
  armel: ['arm', 'v6'],
};
const OS_PATTERN = String.raw`^([A-Za-z0-9_-]+)(?:\(([A-Za-z0-9_.%-]*)((?:\+[A-Za-z0-9_.%-]+)*)\))?$`;
const PART_PATTERN = '^[A-Za-z0-9_.-]+$';

/**
 * Reads a platform as it is typed: `linux/arm64/v8`, or a system or a processor alone, which leaves the other to this machine.
 *
 * @throws {PierError} `InvalidArgument`, reason `platform.bad`, facts `{ detail }`: what containerd's parser says.
 */
export function parsePlatform(text: string): Platform {
  const parts = text.split('/');
  if (text.includes('*')) throw bad(text, `${JSON.stringify(text)}: wildcards not yet supported`);
  if (parts.length > 3) throw bad(text, `${JSON.stringify(text)}: cannot parse platform specifier`);
  for (const [i, part] of parts.entries()) checkPart(text, part, i === 0);
  const [first = '', architecture, variant = ''] = parts.map((part) => part.toLowerCase());
  if (architecture !== undefined) return asTyped(normalisePlatform({ os: first, architecture, variant }), parts.length);
  const os = first === 'macos' ? 'darwin' : first;
  if (KNOWN_OS.has(os)) return normalisePlatform({ ...HOST_PLATFORM, os });
  const alone = normalisePlatform({ os: HOST_PLATFORM.os, architecture: first, variant: '' });
  if (KNOWN_ARCHITECTURES.has(alone.architecture)) return asTyped(alone, 1);
  throw bad(text, `${JSON.stringify(text)}: unknown operating system or architecture`);
}

/** Whether the usual variant of an ARM is said depends on whether one was typed. */
function asTyped(platform: Platform, partCount: number): Platform {
  const { architecture, variant } = platform;
  if (partCount === 3) return architecture === 'arm64' && variant === '' ? { ...platform, variant: 'v8' } : platform;
  return architecture === 'arm' && variant === 'v7' ? { ...platform, variant: '' } : platform;
}

/** `linux/arm64/v8`; no variant, no last part. */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os || 'unknown', architecture, ...(variant === '' ? [] : [variant])].join('/');
}

/** One name for one platform: no aliases, and no variant where it is what the processor's name means anyway. */
export function normalisePlatform({ os, architecture, variant }: Platform): Platform {
  const lower = architecture.toLowerCase();
  const [name, implied] = ALIASES[lower] ?? [lower, ''];
  const system = os.toLowerCase();
  return {
    os: system === 'macos' ? 'darwin' : system,
    architecture: name,
    variant: normaliseVariant(name, variant.toLowerCase() || implied),
  };
}

/**
 * Tells whether something made for a platform is what was asked for: the same, or one that runs there by an older variant
 * of the processor. Who names no variant is content with any by default.
 */
export function platformMatches(wanted: Platform, actual: Platform): boolean {
  const want = normalisePlatform(wanted);
  const have = normalisePlatform(actual);
  if (want.os !== have.os) return false;
  if (want.architecture !== have.architecture) return runsOnSibling(want, have);
  if (actual.variant === '' || want.variant === have.variant) return true;
  return levelOf(have) <= levelOf(want);
}

function runsOnSibling(want: Platform, have: Platform): boolean {
  if (want.architecture === 'amd64') return have.architecture === '386';
  return want.architecture === 'arm64' && have.architecture === 'arm';
}

/** A variant's number; what is said by none is the first level, of 64-bit ARM the eighth, of 32-bit ARM the seventh. */
function levelOf({ architecture, variant }: Platform): number {
  const number = /^v(\d+(?:\.\d+)?)$/.exec(variant)?.[1];
  return number === undefined ? (IMPLIED_LEVEL[architecture] ?? 0) : Number(number);
}

const IMPLIED_LEVEL: Readonly<Record<string, number>> = { amd64: 1, arm: 7, arm64: 8 };

function normaliseVariant(architecture: string, variant: string): string {
  if (architecture === 'amd64') return variant === 'v1' ? '' : variant;
  if (architecture === 'arm64') return variant === '8' || variant === 'v8' ? '' : variant;
  if (architecture !== 'arm') return variant;
  if (variant === '' || variant === '7') return 'v7';
  return /^[568]$/.test(variant) ? `v${variant}` : variant;
}

function checkPart(text: string, part: string, isFirst: boolean): void {
  if (new RegExp(isFirst ? OS_PATTERN : PART_PATTERN).test(part)) return;
  const said = isFirst
    ? `an invalid OS component of ${JSON.stringify(text)}: OSAndVersion specifier`
    : `an invalid component of ${JSON.stringify(text)}: platform specifier`;
  throw bad(text, `${JSON.stringify(part)} is ${said} component must match ${JSON.stringify(isFirst ? OS_PATTERN : PART_PATTERN)}`);
}

function bad(text: string, said: string): PierError {
  const detail = `${said}: invalid argument`;
  return new PierError('InvalidArgument', `Cannot parse platform "${text}": ${detail}`, { reason: 'platform.bad', facts: { detail } });
}
