import { PierError } from '../base/errors.ts';
import { lastAddress, overlaps, parseSubnet } from './ipv4.ts';
import type { Ipv4Subnet } from './ipv4.ts';

/** Where subnets of one size are cut from. */
export interface SubnetPool {
  /** `192.168.0.0/16` */
  readonly range: string;
  /** Prefix length of the subnets: 20. */
  readonly prefixLength: number;
}

/** Docker's own defaults, in its order. */
export const DEFAULT_SUBNET_POOLS: readonly SubnetPool[] = [
  { range: '172.17.0.0/16', prefixLength: 16 },
  { range: '172.18.0.0/16', prefixLength: 16 },
  { range: '172.19.0.0/16', prefixLength: 16 },
  { range: '172.20.0.0/14', prefixLength: 16 },
  { range: '172.24.0.0/14', prefixLength: 16 },
  { range: '172.28.0.0/14', prefixLength: 16 },
  { range: '192.168.0.0/16', prefixLength: 20 },
];

/** A route this wide is a default route by another name (VPNs install 0.0.0.0/1 and 128.0.0.0/1). */
const WIDEST_OWNED_PREFIX = 2;

/**
 * Finds a subnet that overlaps none in use.
 *
 * @param pools In order of preference.
 * @param inUse Addresses and routes of the host.
 * @param preferred Tried before the pools.
 * @throws {PierError} `ResourceExhausted` if there is none.
 */
export function chooseSubnet(pools: readonly SubnetPool[], inUse: readonly Ipv4Subnet[], preferred: Ipv4Subnet | undefined): Ipv4Subnet {
  const taken = inUse.filter(({ prefixLength }) => prefixLength >= WIDEST_OWNED_PREFIX);
  const isFree = (subnet: Ipv4Subnet): boolean => !taken.some((other) => overlaps(subnet, other));
  if (preferred !== undefined && isFree(preferred)) return preferred;
  for (const pool of pools) {
    for (const subnet of subnetsOf(pool)) if (isFree(subnet)) return subnet;
  }
  throw new PierError('ResourceExhausted', `Cannot choose a subnet: all ${pools.length} pools overlap addresses or routes of this host`, {
    reason: 'network.subnets-exhausted',
  });
}

function* subnetsOf({ range, prefixLength }: SubnetPool): Generator<Ipv4Subnet> {
  const whole = parseSubnet(range);
  if (prefixLength < whole.prefixLength || prefixLength > 30) {
    throw new PierError('InvalidArgument', `Cannot use subnet pool "${range}": ${prefixLength} bits do not fit`);
  }
  for (let base = whole.base; base <= lastAddress(whole); base += 2 ** (32 - prefixLength)) yield { base, prefixLength };
}
