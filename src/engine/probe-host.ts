import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { PierError } from '../base/errors.ts';
import { HOST_PLATFORM } from '../base/platform.ts';
import type { Platform } from '../base/platform.ts';
import { Cgroups, SeccompCompiler, freeUnifiedControllers, ownCapabilities, x86Level } from '../linux/index.ts';
import { SeccompFilters, capture, findProgram, probeRuntime, readHostDevices, readHostFacts } from '../oci/index.ts';
import type { Logger } from '../base/logger.ts';
import type { ContainerHost } from '../container/index.ts';
import type { Runtime } from '../oci/index.ts';
import type { EngineConfig } from './engine-api.ts';

/** What was found out, and what a person should know about it. */
export interface ProbedHost {
  readonly host: ContainerHost;
  readonly platform: Platform;
  readonly monitorVersion: string;
  /** Empty without an init. */
  readonly initVersion: string;
  readonly warnings: readonly string[];
}

/** Where to find out, and for whom. */
export interface ProbeOptions {
  readonly root: string;
  readonly state: string;
  readonly engineId: string;
  readonly defaultRuntime: string | undefined;
  readonly runtimes: NonNullable<EngineConfig['runtimes']>;
  readonly cdiSpecDirs: readonly string[];
  readonly logger: Logger;
}

/** In the order of preference. */
const KNOWN_RUNTIMES = { crun: { path: 'crun' }, runc: { path: 'runc' } } as const;
/** A dynamically linked init would not find its libraries in the container. */
const INIT_PROGRAMS = ['tini-static', 'docker-init'];

/**
 * Finds out what this machine offers to containers.
 *
 * @throws {PierError} `Unavailable`, reason `engine.missing-program`, facts `{ program, package }`, if no runtime or no monitor is installed;
 * `InvalidArgument` if the default runtime is not registered.
 */
export async function probeHost(options: ProbeOptions): Promise<ProbedHost> {
  const warnings: string[] = [];
  const isCrunUsable = prepareForCrun(options.logger, warnings);
  const monitorPath = requireProgram('conmon', 'conmon');
  const registrations = Object.entries({ ...KNOWN_RUNTIMES, ...options.runtimes });
  const initPath = INIT_PROGRAMS.map(findProgram).find((path) => path !== undefined);
  const [monitor, init, ...probed] = await Promise.all([
    capture(monitorPath, ['--version']),
    initPath === undefined ? undefined : capture(initPath, ['--version']),
    ...registrations.map(([name, registration]) => probeRuntime(name, registration, join(options.state, 'runtimes'))),
  ]);
  const runtimes = new Map(probed.filter((runtime) => runtime !== undefined).map((runtime) => [runtime.name, runtime]));
  const filters = new SeccompFilters(new SeccompCompiler({ cacheDir: join(options.root, 'seccomp') }));
  return {
    host: {
      monitorPath,
      runtimes,
      defaultRuntime: chooseRuntime(options.defaultRuntime, runtimes, isCrunUsable),
      cgroups: new Cgroups(),
      cgroupParent: `/pier/${options.engineId}`,
      capabilities: ownCapabilities(),
      ...readHostFacts(),
      initPath,
      hostname: hostname(),
      cdiSpecDirs: options.cdiSpecDirs,
      logger: options.logger,
      hostDevices: readHostDevices,
      seccompFilter: (capabilities, text) => {
        const profile = text === undefined ? filters.filter(capabilities) : filters.custom(text, capabilities);
        return profile && { profile, bpf: filters.program(profile) };
      },
    },
    platform: hostPlatform(),
    monitorVersion: /version (\S+)/.exec(monitor.stdout)?.[1] ?? 'unknown',
    // tini says `tini version 0.19.0`, and more where it was built from a checkout.
    initVersion: /version (\S+)/.exec(init?.stdout ?? '')?.[1] ?? '',
    warnings,
  };
}

/** crun 1.8 refuses a hybrid cgroup host with controllers left in the version 2 tree. @returns Whether it can run now. */
function prepareForCrun(logger: Logger, warnings: string[]): boolean {
  const { mounted, problem } = freeUnifiedControllers();
  if (mounted.length > 0)
    logger.info('cgroup controllers moved out of the hybrid version 2 tree, which crun refuses', { controllers: mounted.join() });
  if (problem === undefined) return true;
  warnings.push(`crun cannot run here, so runc is the default: ${problem}`);
  logger.warn('falling back to runc', { problem });
  return false;
}

function chooseRuntime(wanted: string | undefined, runtimes: ReadonlyMap<string, Runtime>, isCrunUsable: boolean): string {
  if (wanted !== undefined) {
    if (runtimes.has(wanted)) return wanted;
    throw new PierError('InvalidArgument', `Cannot use default runtime "${wanted}": it is not registered, or its program is missing`, {
      reason: 'engine.unknown-runtime',
      facts: { runtime: wanted },
    });
  }
  const usable = Object.keys(KNOWN_RUNTIMES).filter((name) => runtimes.has(name) && (name !== 'crun' || isCrunUsable));
  const found = usable[0] ?? [...runtimes.keys()].find((name) => !(name in KNOWN_RUNTIMES));
  if (found !== undefined) return found;
  throw missingProgram('crun', 'crun');
}

function requireProgram(program: string, debianPackage: string): string {
  const path = findProgram(program);
  if (path === undefined) throw missingProgram(program, debianPackage);
  return path;
}

function missingProgram(program: string, debianPackage: string): PierError {
  return new PierError('Unavailable', `Cannot run containers: ${program} is not installed (on Debian: apt-get install ${debianPackage})`, {
    reason: 'engine.missing-program',
    facts: { program, package: debianPackage },
  });
}

function hostPlatform(): Platform {
  if (HOST_PLATFORM.architecture !== 'amd64') return HOST_PLATFORM;
  const level = x86Level();
  return level === 1 ? HOST_PLATFORM : { ...HOST_PLATFORM, variant: `v${level}` };
}

/** The distribution's name, from os-release(5). */
export function readOperatingSystem(): string {
  const path = ['/etc/os-release', '/usr/lib/os-release'].find((candidate) => existsSync(candidate));
  const text = path === undefined ? '' : readFileSync(path, 'utf8');
  return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(text)?.[1] ?? 'Linux';
}
