import { release } from 'node:os';
import type { SeccompCompiler, SeccompFilter } from '../linux/index.ts';
import { customSeccompFilter } from './custom-seccomp-filter.ts';
import { DEFAULT_SECCOMP_PROFILE } from './default-seccomp-profile.ts';
import { resolveSeccompProfile } from './seccomp-profile.ts';

/** People have a handful of profiles. */
const MAX_CUSTOM = 32;
/** The default filter has some 600; compiling takes time by the square of their number, and everybody waits for it. */
const MOST_CONDITIONS = 2000;

/** The default filter for each set of capabilities that containers use, resolved and compiled once. */
export class SeccompFilters {
  readonly #compiler: SeccompCompiler;
  readonly #filters = new Map<string, SeccompFilter>();
  readonly #custom = new Map<string, SeccompFilter>();

  constructor(compiler: SeccompCompiler) {
    this.#compiler = compiler;
  }

  /** The filter as runtimes take it in config.json. The same object for the same capabilities, in any order. */
  filter(capabilities: readonly string[]): SeccompFilter {
    const key = capabilities.toSorted().join();
    const known = this.#filters.get(key);
    if (known !== undefined) return known;
    const filter = resolveSeccompProfile(DEFAULT_SECCOMP_PROFILE, { arch: process.arch, kernelVersion: release(), capabilities });
    this.#filters.set(key, filter);
    return filter;
  }

  /**
   * The filter that a profile of a person's asks for. Likewise the same object, as long as not too many others came between.
   *
   * @returns `undefined` if it asks for none.
   * @throws {PierError} As `customSeccompFilter`.
   */
  custom(profile: string, capabilities: readonly string[]): SeccompFilter | undefined {
    const key = `${capabilities.toSorted().join()} ${profile}`;
    const known = this.#custom.get(key);
    if (known !== undefined) return known;
    const filter = customSeccompFilter(profile, { arch: process.arch, kernelVersion: release(), capabilities });
    if (filter === undefined) return undefined;
    if (this.#custom.size >= MAX_CUSTOM) this.#custom.clear();
    this.#custom.set(key, filter);
    return filter;
  }

  /** A compiled filter in base64, for crun; `undefined` where it cannot be compiled ahead: give the runtime the filter then. */
  program(filter: SeccompFilter): string | undefined {
    // Flags go with the filter's installation, which is the runtime's.
    const mayCompile = this.#compiler.isAvailable && filter.flags === undefined && conditionCount(filter) <= MOST_CONDITIONS;
    return mayCompile ? this.#compiler.compile(filter) : undefined;
  }
}

function conditionCount({ syscalls }: SeccompFilter): number {
  return syscalls.reduce((sum, { names, args = [] }) => sum + names.length * Math.max(1, args.length), 0);
}
