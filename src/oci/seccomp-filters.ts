import { release } from 'node:os';
import type { SeccompCompiler, SeccompFilter } from '../linux/index.ts';
import { DEFAULT_SECCOMP_PROFILE } from './default-seccomp-profile.ts';
import { resolveSeccompProfile } from './seccomp-profile.ts';

/** The default filter for each set of capabilities that containers use, resolved and compiled once. */
export class SeccompFilters {
  readonly #compiler: SeccompCompiler;
  readonly #filters = new Map<string, SeccompFilter>();

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

  /** The compiled filter in base64, for crun; `undefined` on a machine that cannot compile: give the runtime `filter` then. */
  program(capabilities: readonly string[]): string | undefined {
    return this.#compiler.isAvailable ? this.#compiler.compile(this.filter(capabilities)) : undefined;
  }
}
