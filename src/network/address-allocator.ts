import { PierError } from '../base/errors.ts';
import { formatSubnet, lastAddress } from './ipv4.ts';
import type { Ipv4Subnet } from './ipv4.ts';

/** Which addresses of a subnet are taken: in memory, built from the endpoints that the database knows. */
export class AddressAllocator {
  readonly #subnet: Ipv4Subnet;
  readonly #taken: Set<number>;
  /** Nothing below it is free. */
  #lowest: number;

  /**
   * @param subnet Its first address and its last are never given out.
   * @param taken The gateway's address and those of all endpoints.
   */
  constructor(subnet: Ipv4Subnet, taken: Iterable<number>) {
    this.#subnet = subnet;
    this.#taken = new Set(taken);
    this.#lowest = subnet.base + 1;
  }

  /** Takes the lowest free address, as Docker does. @throws {PierError} `ResourceExhausted`. */
  allocate(): number {
    const last = lastAddress(this.#subnet) - 1;
    for (let address = this.#lowest; address <= last; address++) {
      if (this.#taken.has(address)) continue;
      this.#taken.add(address);
      this.#lowest = address + 1;
      return address;
    }
    throw new PierError('ResourceExhausted', `Cannot allocate an address in subnet "${formatSubnet(this.#subnet)}": all are taken`, {
      reason: 'network.addresses-exhausted',
      facts: { subnet: formatSubnet(this.#subnet) },
    });
  }

  /** Gives an address back. Giving back what is free succeeds. */
  release(address: number): void {
    if (this.#taken.delete(address)) this.#lowest = Math.min(this.#lowest, address);
  }
}
