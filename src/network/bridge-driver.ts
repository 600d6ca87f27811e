import { PierError } from '../base/errors.ts';
import { failpoint } from '../base/failpoint.ts';
import { RouteSocket, readNetworkSysctl, writeNetworkSysctl } from '../linux/index.ts';
import { installBridgeRules, removeBridgeRules } from './bridge-rules.ts';
import { withHostNetworkLock } from './host-lock.ts';
import { formatIpv4, formatSubnet, isOwnMacAddress, lastAddress, macAddressOf, parseIpv4, subnetOf } from './ipv4.ts';
import { chooseSubnet } from './subnet-pool.ts';
import type { Logger } from '../base/logger.ts';
import type { Link } from '../linux/index.ts';
import type { Ipv4Subnet } from './ipv4.ts';
import type { EndpointRecord } from './network-table.ts';
import type { SubnetPool } from './subnet-pool.ts';

/** What a {@linkcode BridgeDriver} works on. */
export interface BridgeDriverConfig {
  /** The Linux name, at most 15 bytes. */
  readonly bridgeName: string;
  /** The nftables table, of family `ip`. */
  readonly tableName: string;
  readonly pools: readonly SubnetPool[];
  readonly logger: Logger;
}

/** Where a bridge is among the host's addresses. */
export interface BridgePlace {
  readonly subnet: Ipv4Subnet;
  /** The host's own address on the bridge. */
  readonly gateway: number;
}

/** A bridge that is there and up. */
export interface BridgeState extends BridgePlace {
  readonly linkIndex: number;
}

/** What {@linkcode BridgeDriver.ensure} starts from. */
export interface EnsureOptions {
  /** Where the bridge was last time. */
  readonly last: BridgePlace | undefined;
  /** Endpoints have addresses there: it can be nowhere else. */
  readonly isPinned: boolean;
}

/** Name of the interface inside a sandbox. */
const SANDBOX_INTERFACE = 'eth0';

/** A Linux bridge, its rules, and the veth pairs that join sandboxes to it. */
export class BridgeDriver implements Disposable {
  readonly #config: BridgeDriverConfig;
  /** Opened on first use, in the host's namespace. */
  #routes: RouteSocket | undefined;

  constructor(config: BridgeDriverConfig) {
    this.#config = config;
  }

  /**
   * Makes bridge, rules and forwarding, or mends what is missing of them. A bridge of that name that is there already is
   * taken as it is.
   *
   * @throws {PierError} `ResourceExhausted` without a free subnet; `Conflict` if the name belongs to something else;
   * `Unavailable` if nftables are missing. A bridge that was made here is gone again then.
   */
  async ensure(options: EnsureOptions): Promise<BridgeState> {
    return await withHostNetworkLock(() => {
      const found = this.#host().findLink(this.#config.bridgeName);
      if (found !== undefined && !this.#isHalfMade(found, options)) return this.#mend(found, options);
      if (found !== undefined) this.#host().deleteLink(this.#config.bridgeName);
      const place = this.#choosePlace(options);
      const linkIndex = this.#host().addBridge(this.#config.bridgeName, macAddressOf(place.gateway));
      try {
        failpoint('network.bridge.made');
        return this.#complete({ ...place, linkIndex });
      } catch (error) {
        this.#host().deleteLink(this.#config.bridgeName);
        throw error;
      }
    });
  }

  /**
   * Joins the sandbox that the calling thread is in. Synchronous.
   *
   * @param namespaceFd Of that same sandbox.
   * @throws {SyscallError} among others if the bridge is gone.
   */
  connect(endpoint: EndpointRecord, namespaceFd: number, masterIndex: number): void {
    this.#host().addVethPair({
      name: endpoint.hostInterface,
      masterIndex,
      peerName: SANDBOX_INTERFACE,
      peerMacAddress: endpoint.macAddress,
      peerNamespaceFd: namespaceFd,
    });
    // As Docker has it on a network without IPv6; it also spares the kernel the search for duplicate addresses.
    writeNetworkSysctl(`ipv6/conf/${SANDBOX_INTERFACE}/disable_ipv6`, '1');
    using sandbox = new RouteSocket();
    const { index: linkIndex } = sandbox.requireLink(SANDBOX_INTERFACE);
    const { ipv4Address: address, ipv4PrefixLength: prefixLength, ipv4Gateway: gateway } = endpoint;
    sandbox.configureInterface({ linkIndex, address, prefixLength, gateway });
    this.#host().settleCarriers([endpoint.hostInterface, this.#config.bridgeName]);
  }

  /**
   * Cuts an endpoint off at once. The kernel collects the pair only some time after the namespace is dropped, and until then
   * it would answer for an address that may be another sandbox's by now.
   */
  disconnect(endpoint: EndpointRecord): void {
    try {
      const link = this.#host().findLink(endpoint.hostInterface);
      if (link?.masterIndex !== undefined) this.#host().silencePort(link.index);
    } catch (error) {
      this.#config.logger.debug('Cannot silence a bridge port', { interface: endpoint.hostInterface, error });
    }
  }

  /** Tells whether the bridge is still the one that was made. */
  isUp({ linkIndex }: BridgeState): boolean {
    const link = this.#host().findLink(this.#config.bridgeName);
    return link?.index === linkIndex && link.isUp;
  }

  /** The host's links by name. */
  links(): ReadonlyMap<string, Link> {
    return new Map(
      this.#host()
        .listLinks()
        .map((link) => [link.name, link]),
    );
  }

  /** Makes an endpoint's interface a port of the bridge again. */
  attach(link: Link, masterIndex: number): void {
    this.#host().attachToBridge(link.index, masterIndex);
  }

  /**
   * Removes rules and bridge, if it is one that was made here. About 40 ms.
   *
   * @param wasUsed There are rules even if somebody deleted the bridge meanwhile.
   */
  async remove(place: BridgePlace, wasUsed: boolean): Promise<void> {
    await withHostNetworkLock(() => {
      const link = this.#host().findLink(this.#config.bridgeName);
      if (link === undefined && !wasUsed) return;
      removeBridgeRules(this.#config, this.#config.logger);
      failpoint('network.bridge.unruled');
      if (link?.macAddress === macAddressOf(place.gateway)) this.#host().deleteLink(this.#config.bridgeName);
    });
  }

  [Symbol.dispose](): void {
    this.#routes?.[Symbol.dispose]();
  }

  #host(): RouteSocket {
    return (this.#routes ??= new RouteSocket());
  }

  /**
   * Tells whether a bridge was made here, but never got its address because the engine died: its MAC address, by which it
   * is known for ours when it shall go, may be of a subnet that is not free any more.
   */
  #isHalfMade(link: Link, { isPinned }: EnsureOptions): boolean {
    const isMadeHere = link.kind === 'bridge' && link.macAddress !== undefined && isOwnMacAddress(link.macAddress);
    return (
      isMadeHere &&
      !isPinned &&
      !this.#host()
        .listAddresses()
        .some(({ linkIndex }) => linkIndex === link.index)
    );
  }

  #mend(link: Link, options: EnsureOptions): BridgeState {
    if (link.kind !== 'bridge') {
      throw new PierError('Conflict', `Cannot use bridge "${link.name}": an interface of another kind has that name`);
    }
    const addresses = this.#host()
      .listAddresses()
      .filter(({ linkIndex }) => linkIndex === link.index);
    const [present] = addresses;
    if (options.isPinned || present === undefined) return this.#complete({ ...this.#choosePlace(options), linkIndex: link.index });
    const gateway = parseIpv4(present.address);
    return this.#complete({ subnet: subnetOf(gateway, present.prefixLength), gateway, linkIndex: link.index });
  }

  #choosePlace({ last, isPinned }: EnsureOptions): BridgePlace {
    if (isPinned && last !== undefined) return last;
    const inUse = [...this.#host().listAddresses(), ...this.#host().listRouteDestinations()].map(({ address, prefixLength }) =>
      subnetOf(parseIpv4(address), prefixLength),
    );
    const subnet = chooseSubnet(this.#config.pools, inUse, last?.subnet);
    const isLast = last !== undefined && subnet.base === last.subnet.base && subnet.prefixLength === last.subnet.prefixLength;
    return isLast ? last : { subnet, gateway: subnet.base + 1 };
  }

  #complete(state: BridgeState): BridgeState {
    const { bridgeName, tableName, logger } = this.#config;
    const address = { linkIndex: state.linkIndex, address: formatIpv4(state.gateway), prefixLength: state.subnet.prefixLength };
    const hasAddress = this.#host()
      .listAddresses()
      .some((present) => present.linkIndex === address.linkIndex && present.address === address.address);
    if (!hasAddress) this.#host().addAddress(address);
    this.#host().setUp(state.linkIndex);
    installBridgeRules({ tableName, bridgeName, subnet: formatSubnet(state.subnet) }, logger);
    allowForwarding(logger);
    const range = `${formatIpv4(state.subnet.base)}-${formatIpv4(lastAddress(state.subnet))}`;
    logger.debug('The bridge is ready', { bridge: bridgeName, range, gateway: address.address });
    return state;
  }
}

function allowForwarding(logger: Logger): void {
  if (readNetworkSysctl('ipv4/ip_forward') === '1') return;
  if (writeNetworkSysctl('ipv4/ip_forward', '1')) {
    logger.info('This host forwards packets from now on, for its containers (net.ipv4.ip_forward=1)');
  } else {
    logger.warn('Containers have no way out: net.ipv4.ip_forward is 0 and cannot be changed');
  }
}
