import { PierError } from '../base/errors.ts';
import { ALL_CAPABILITIES } from '../linux/index.ts';

/** What a container gets when nothing else is said: enough to be root inside, little of what reaches outside. Docker's list. */
export const DEFAULT_CAPABILITIES: readonly string[] = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FSETID',
  'CAP_FOWNER',
  'CAP_MKNOD',
  'CAP_NET_RAW',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETFCAP',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
  'CAP_SYS_CHROOT',
  'CAP_KILL',
  'CAP_AUDIT_WRITE',
];

/** What a container asks for and what there is to give. */
export interface CapabilityRequest {
  /** `CAP_` optional, in any case, or `ALL`. */
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
  readonly isPrivileged: boolean;
  /** What the engine itself has. */
  readonly available: ReadonlySet<string>;
}

/** The outcome of {@linkcode resolveCapabilities}. */
export interface ResolvedCapabilities {
  readonly capabilities: readonly string[];
  /** Asked for by name or by default, but not to be had on this machine: worth a warning. `ALL` and privileged ask for what there is. */
  readonly missing: readonly string[];
}

/**
 * Decides a container's capabilities by Docker's rules: dropped ones leave the default list, added ones join it; `ALL`
 * in either list starts from everything or from nothing.
 *
 * @throws {PierError} `InvalidArgument`, reason `container.bad-capability`, facts `{ capability, list: 'add' | 'drop' }`, for an unknown name. Runtimes ignore those in silence.
 */
export function resolveCapabilities(request: CapabilityRequest): ResolvedCapabilities {
  const added = request.capAdd.map((name) => normalise(name, 'add'));
  const dropped = request.capDrop.map((name) => normalise(name, 'drop'));
  const available = ALL_CAPABILITIES.filter((name) => request.available.has(name));
  if (request.isPrivileged) return { capabilities: available, missing: [] };
  const named = added.filter((name) => name !== 'ALL');
  const wanted = new Set<string>();
  if (added.includes('ALL')) {
    for (const name of available) if (!dropped.includes(name)) wanted.add(name);
  } else {
    if (!dropped.includes('ALL')) for (const name of DEFAULT_CAPABILITIES) if (!dropped.includes(name)) wanted.add(name);
    for (const name of named) wanted.add(name);
  }
  const names = [...wanted];
  return {
    capabilities: names.filter((name) => request.available.has(name)),
    missing: names.filter((name) => !request.available.has(name)),
  };
}

const KNOWN: ReadonlySet<string> = new Set(ALL_CAPABILITIES);

function normalise(text: string, list: 'add' | 'drop'): string {
  const upper = text.toUpperCase();
  if (upper === 'ALL') return upper;
  const name = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (KNOWN.has(name)) return name;
  throw new PierError('InvalidArgument', `Cannot use capability "${text}": the kernel has none of this name`, {
    reason: 'container.bad-capability',
    facts: { capability: name, list },
  });
}
