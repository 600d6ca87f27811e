/**
 * Arithmetic on IPv4 addresses. An address is a number from 0 to 2³²-1 here, and dotted text everywhere else.
 *
 * @module
 */
import { PierError } from '../base/errors.ts';

/** A range of addresses. */
export interface Ipv4Subnet {
  /** The first address, all host bits zero. */
  readonly base: number;
  readonly prefixLength: number;
}

/** Reads `172.17.0.1`. @throws {PierError} `InvalidArgument`. */
export function parseIpv4(text: string): number {
  const parts = text.split('.');
  const isValid = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
  if (!isValid) throw new PierError('InvalidArgument', `Cannot parse IPv4 address "${text}": expected four numbers below 256`);
  return parts.reduce((sum, part) => sum * 256 + Number(part), 0);
}

/** Writes `172.17.0.1`. */
export function formatIpv4(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}

/** Reads `172.17.0.0/16`; host bits are dropped. @throws {PierError} `InvalidArgument`. */
export function parseSubnet(text: string): Ipv4Subnet {
  const match = /^([^/]+)\/(\d{1,2})$/.exec(text);
  if (match === null || Number(match[2]) > 32) {
    throw new PierError('InvalidArgument', `Cannot parse subnet "${text}": expected ADDRESS/BITS`);
  }
  return subnetOf(parseIpv4(match[1] ?? ''), Number(match[2]));
}

/** Writes `172.17.0.0/16`. */
export function formatSubnet({ base, prefixLength }: Ipv4Subnet): string {
  return `${formatIpv4(base)}/${prefixLength}`;
}

/** The subnet that an address is in. */
export function subnetOf(address: number, prefixLength: number): Ipv4Subnet {
  return { base: address - (address % sizeOf(prefixLength)), prefixLength };
}

/** The last address of a subnet: its broadcast address. */
export function lastAddress({ base, prefixLength }: Ipv4Subnet): number {
  return base + sizeOf(prefixLength) - 1;
}

/** Tells whether two subnets share an address. */
export function overlaps(a: Ipv4Subnet, b: Ipv4Subnet): boolean {
  return a.base <= lastAddress(b) && b.base <= lastAddress(a);
}

/** A locally administered MAC address made from an IPv4 address, so that neighbours' caches stay right when it is reused. */
export function macAddressOf(address: number): string {
  const bytes = [0x02, 0x42, ...[24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff)];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

/** Tells whether {@linkcode macAddressOf} could have made a MAC address. */
export function isOwnMacAddress(macAddress: string): boolean {
  return macAddress.startsWith('02:42:');
}

function sizeOf(prefixLength: number): number {
  return 2 ** (32 - prefixLength);
}
