/**
 * libseccomp, which turns rules into BPF. It is present wherever crun is; runc links its own copy.
 *
 * @module
 */
import koffi from 'koffi';

/** The functions of libseccomp that pier calls. Results below 0 are negative errno values. */
export interface Libseccomp {
  /** `MAJOR.MINOR.MICRO` */
  readonly version: string;
  init(defaultAction: number): unknown;
  release(context: unknown): void;
  attrSet(context: unknown, attribute: number, value: number): number;
  archAdd(context: unknown, token: number): number;
  /** @returns The token, 0 for an unknown name. */
  archResolveName(name: string): number;
  /** @returns The number; -1 for an unknown name, below that for calls which this architecture lacks. */
  syscallResolveName(token: number, name: string): number;
  ruleAddArray(context: unknown, action: number, syscall: number, count: number, comparisons: Buffer): number;
  exportBpf(context: unknown, fd: number): number;
}

let loaded: { readonly library: Libseccomp | undefined } | undefined;

/** Loads the library once; `undefined` where there is none. */
export function libseccomp(): Libseccomp | undefined {
  loaded ??= { library: load() };
  return loaded.library;
}

function load(): Libseccomp | undefined {
  let library: ReturnType<typeof koffi.load>;
  try {
    library = koffi.load('libseccomp.so.2');
  } catch {
    return undefined;
  }
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters, typescript/no-unsafe-type-assertion -- each prototype is written beside the member that it fills
  const bind = <F>(declaration: string): F => library.func(declaration) as unknown as F;
  return {
    version: readVersion(bind<() => unknown>('const void *seccomp_version()')()),
    init: bind('void *seccomp_init(uint32_t action)'),
    release: bind('void seccomp_release(void *context)'),
    attrSet: bind('int seccomp_attr_set(void *context, int attribute, uint32_t value)'),
    archAdd: bind('int seccomp_arch_add(void *context, uint32_t token)'),
    archResolveName: bind('uint32_t seccomp_arch_resolve_name(const char *name)'),
    syscallResolveName: bind('int seccomp_syscall_resolve_name_arch(uint32_t token, const char *name)'),
    ruleAddArray: bind(
      'int seccomp_rule_add_array(void *context, uint32_t action, int syscall, unsigned int count, const void *comparisons)',
    ),
    exportBpf: bind('int seccomp_export_bpf(void *context, int fd)'),
  };
}

/** `struct scmp_version` is three unsigned ints. */
function readVersion(pointer: unknown): string {
  const numbers: unknown = koffi.decode(pointer, koffi.array('uint32_t', 3));
  return Array.from(numbers instanceof Uint32Array || Array.isArray(numbers) ? numbers : []).join('.');
}
