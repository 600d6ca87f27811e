import { closeSync, openSync, readdirSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { PierError } from '../base/errors.ts';
import { failpoint } from '../base/failpoint.ts';
import { newId } from '../base/ids.ts';
import { RouteSocket, createNetworkNamespace, dropNetworkNamespace, isNetworkNamespace, withNetworkNamespace } from '../linux/index.ts';
import { AddressAllocator } from './address-allocator.ts';
import { BridgeDriver } from './bridge-driver.ts';
import { formatIpv4, formatSubnet, macAddressOf, parseIpv4, parseSubnet } from './ipv4.ts';
import { NetworkTable } from './network-table.ts';
import { DEFAULT_SUBNET_POOLS } from './subnet-pool.ts';
import type { Logger } from '../base/logger.ts';
import type { Database } from '../store/index.ts';
import type { BridgePlace, BridgeState } from './bridge-driver.ts';
import type { Network, NetworkService, Sandbox } from './network-service.ts';
import type { EndpointRecord, SandboxRecord } from './network-table.ts';
import type { SubnetPool } from './subnet-pool.ts';

/** What an administrator may decide. */
export interface NetworkConfig {
  /** Linux name of the default bridge. @default {"pier0" for the default root, else "pier-" and 6 digits of the engine's id} */
  readonly bridgeName?: string;
  /** Where its subnet is taken from. @default {DEFAULT_SUBNET_POOLS} */
  readonly subnetPools?: readonly SubnetPool[];
}

/** What {@linkcode openNetworkService} needs. */
export interface NetworkServiceOptions {
  /** The engine's state directory; `netns/` is made below it. */
  readonly stateDir: string;
  /** Opened with `NETWORK_SCHEMA`. */
  readonly database: Database;
  /** 8 hexadecimal digits that no other engine of this host has. */
  readonly engineId: string;
  /** Only the engine of the default root calls its bridge `pier0`. */
  readonly isDefaultRoot: boolean;
  readonly logger: Logger;
  readonly config?: NetworkConfig;
}

/** Opens the networks of an engine. Nothing is made on the host before the first sandbox. */
export async function openNetworkService(options: NetworkServiceOptions): Promise<NetworkService> {
  const { engineId, isDefaultRoot, config = {}, logger } = options;
  const bridgeName = config.bridgeName ?? (isDefaultRoot ? 'pier0' : `pier-${engineId.slice(0, 6)}`);
  if (!/^[A-Za-z0-9][\w.-]{0,14}$/.test(bridgeName)) {
    throw new PierError('InvalidArgument', `Cannot use bridge "${bridgeName}": expected at most 15 letters, digits, ".", "_" and "-"`);
  }
  const pools = config.subnetPools ?? DEFAULT_SUBNET_POOLS;
  const driver = new BridgeDriver({ bridgeName, tableName: `pier-${engineId}`, pools, logger });
  const sandboxDir = join(options.stateDir, 'netns');
  await mkdir(sandboxDir, { recursive: true, mode: 0o711 });
  return new SandboxService({ table: new NetworkTable(options.database), driver, sandboxDir, engineId, bridgeName, logger });
}

interface Parts {
  readonly table: NetworkTable;
  readonly driver: BridgeDriver;
  readonly sandboxDir: string;
  readonly engineId: string;
  readonly bridgeName: string;
  readonly logger: Logger;
}

// On the way in the namespace comes first and the row second; on the way out the row goes first. A namespace without a row
// is what recover() drops; a row without a namespace would be an address that nobody uses.
class SandboxService implements NetworkService {
  readonly #parts: Parts;
  readonly #networks: Map<string, Network>;
  readonly #sandboxes: Map<string, SandboxRecord>;
  /** `undefined` until the bridge is used by this process. */
  #bridge: Promise<BridgeState> | undefined;
  #addresses: AddressAllocator | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#networks = new Map(parts.table.loadNetworks().map((network) => [network.name, network]));
    this.#sandboxes = new Map(parts.table.loadSandboxes().map((sandbox) => [sandbox.key, sandbox]));
  }

  list(): readonly Network[] {
    return [...this.#networks.values()];
  }

  get(reference: string): Network {
    const all = this.list();
    const exact = all.find(({ id }) => id === reference) ?? this.#networks.get(reference);
    if (exact !== undefined) return exact;
    const [match, ...others] = reference === '' ? [] : all.filter(({ id }) => id.startsWith(reference));
    if (match !== undefined && others.length === 0) return match;
    const facts = { reference, count: String(others.length + 1) };
    if (match === undefined) {
      throw new PierError('NotFound', `Cannot find network "${reference}"`, { reason: 'network.not-found', facts: { reference } });
    }
    throw new PierError('InvalidArgument', `Cannot find network "${reference}": ${facts.count} ids begin so`, {
      reason: 'network.ambiguous',
      facts,
    });
  }

  async createSandbox(key: string, mode: 'bridge' | 'none'): Promise<Sandbox> {
    if (!/^[A-Za-z0-9][\w.-]{0,127}$/.test(key)) throw new PierError('InvalidArgument', `Cannot create sandbox "${key}": not a valid name`);
    this.#requireFree(key);
    if (mode === 'none') return this.#make(key, []);
    const bridge = await this.#ensureBridge();
    try {
      return this.#makeOnBridge(key, bridge);
    } catch (error) {
      if (this.#parts.driver.isUp(bridge)) throw error;
      this.#parts.logger.warn('The bridge is gone; making it again', { bridge: this.#parts.bridgeName });
      await this.#mendBridge();
      return this.#makeOnBridge(key, await this.#ensureBridge());
    }
  }

  hostInterfaces(key: string): readonly string[] {
    return this.#sandboxes.get(key)?.endpoints.map(({ hostInterface }) => hostInterface) ?? [];
  }

  sandbox(key: string): Sandbox | undefined {
    const record = this.#sandboxes.get(key);
    return record !== undefined && isNetworkNamespace(this.#path(key)) ? this.#toSandbox(record) : undefined;
  }

  async releaseSandbox(key: string): Promise<void> {
    const record = this.#sandboxes.get(key);
    if (record === undefined) return;
    this.#parts.table.delete(key);
    this.#sandboxes.delete(key);
    failpoint('network.sandbox.forgotten');
    for (const endpoint of record.endpoints) {
      this.#parts.driver.disconnect(endpoint);
      this.#addresses?.release(parseIpv4(endpoint.ipv4Address));
    }
    dropNetworkNamespace(this.#path(key));
    failpoint('network.sandbox.dropped');
  }

  async recover(liveKeys: ReadonlySet<string>): Promise<void> {
    for (const key of this.#sandboxes.keys()) if (!liveKeys.has(key)) await this.releaseSandbox(key);
    for (const name of readdirSync(this.#parts.sandboxDir)) if (!this.#sandboxes.has(name)) dropNetworkNamespace(this.#path(name));
    if (this.#bridgeEndpoints().length > 0) await this.#mendBridge();
  }

  async removeIdleInfrastructure(): Promise<void> {
    const place = placeOf(this.get('bridge'));
    if (place === undefined || this.#bridgeEndpoints().length > 0) return;
    const wasUsed = this.#bridge !== undefined;
    this.#bridge = undefined;
    await this.#parts.driver.remove(place, wasUsed);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.driver[Symbol.dispose]();
  }

  #requireFree(key: string): void {
    if (!this.#sandboxes.has(key)) return;
    throw new PierError('AlreadyExists', `Cannot create sandbox "${key}": there is one of that name`, { reason: 'network.sandbox-exists' });
  }

  #makeOnBridge(key: string, bridge: BridgeState): Sandbox {
    this.#requireFree(key);
    const address = this.#allocatorOn(bridge).allocate();
    try {
      return this.#make(key, [this.#newEndpoint(address, bridge)], bridge);
    } catch (error) {
      this.#addresses?.release(address);
      throw error;
    }
  }

  /** Makes the namespace, then the row. Synchronous: nothing can come between. */
  #make(key: string, endpoints: readonly EndpointRecord[], bridge?: BridgeState): Sandbox {
    const record = { key, endpoints };
    const path = this.#path(key);
    // Without a row it is nobody's: what is left of a release that failed halfway.
    dropNetworkNamespace(path);
    createNetworkNamespace(path, () => {
      if (bridge === undefined) bringLoopbackUp();
      else this.#connect(record, bridge);
    });
    try {
      failpoint('network.sandbox.made');
      this.#parts.table.insert(record);
      this.#sandboxes.set(key, record);
      failpoint('network.sandbox.recorded');
    } catch (error) {
      if (this.#sandboxes.delete(key)) this.#parts.table.delete(key);
      dropNetworkNamespace(path);
      throw error;
    }
    return this.#toSandbox(record);
  }

  /** Joins a sandbox, which the calling thread is in, to its networks. */
  #connect({ key, endpoints }: SandboxRecord, bridge: BridgeState): void {
    const fd = openSync(this.#path(key), 'r');
    try {
      for (const endpoint of endpoints) this.#parts.driver.connect(endpoint, fd, bridge.linkIndex);
    } finally {
      closeSync(fd);
    }
  }

  #newEndpoint(address: number, { gateway, subnet }: BridgeState): EndpointRecord {
    const { id, name } = this.get('bridge');
    const endpointId = newId();
    return {
      networkId: id,
      networkName: name,
      endpointId,
      ipv4Address: formatIpv4(address),
      ipv4PrefixLength: subnet.prefixLength,
      ipv4Gateway: formatIpv4(gateway),
      macAddress: macAddressOf(address),
      // From the endpoint and not from the sandbox: the pair of an earlier sandbox of that name may still be there.
      hostInterface: `ve${this.#parts.engineId.slice(0, 4)}${endpointId.slice(0, 9)}`,
    };
  }

  async #ensureBridge(): Promise<BridgeState> {
    this.#bridge ??= this.#makeBridge();
    try {
      return await this.#bridge;
    } catch (error) {
      this.#bridge = undefined;
      throw error;
    }
  }

  async #makeBridge(): Promise<BridgeState> {
    const { driver, table, bridgeName } = this.#parts;
    const network = this.get('bridge');
    const state = await driver.ensure({ last: placeOf(network), isPinned: this.#bridgeEndpoints().length > 0 });
    const placed = { ...network, ipv4Subnet: formatSubnet(state.subnet), ipv4Gateway: formatIpv4(state.gateway), bridgeName };
    table.saveBridge(placed);
    this.#networks.set(network.name, placed);
    this.#addresses = undefined;
    return state;
  }

  /** Makes what is missing of the bridge, its rules and its ports. */
  async #mendBridge(): Promise<void> {
    this.#bridge = undefined;
    const bridge = await this.#ensureBridge();
    const links = this.#parts.driver.links();
    for (const record of this.#sandboxes.values()) {
      for (const endpoint of record.endpoints) {
        const link = links.get(endpoint.hostInterface);
        if (link === undefined) this.#reconnect(record, bridge);
        else if (link.masterIndex !== bridge.linkIndex) this.#parts.driver.attach(link, bridge.linkIndex);
      }
    }
  }

  /** Gives a sandbox whose interface was deleted a new one. One that cannot be helped does not keep the others from it. */
  #reconnect(record: SandboxRecord, bridge: BridgeState): void {
    const path = this.#path(record.key);
    if (!isNetworkNamespace(path)) return;
    try {
      withNetworkNamespace(path, () => this.#connect(record, bridge));
    } catch (error) {
      this.#parts.logger.warn('Cannot reconnect a sandbox', { sandbox: record.key, error });
    }
  }

  #allocatorOn({ subnet, gateway }: BridgeState): AddressAllocator {
    const taken = (): number[] => this.#bridgeEndpoints().map(({ ipv4Address }) => parseIpv4(ipv4Address));
    return (this.#addresses ??= new AddressAllocator(subnet, [gateway, ...taken()]));
  }

  #bridgeEndpoints(): readonly EndpointRecord[] {
    return [...this.#sandboxes.values()].flatMap(({ endpoints }) => endpoints);
  }

  #toSandbox({ key, endpoints }: SandboxRecord): Sandbox {
    return { key, netnsPath: this.#path(key), endpoints };
  }

  #path(key: string): string {
    return join(this.#parts.sandboxDir, key);
  }
}

function bringLoopbackUp(): void {
  using routes = new RouteSocket();
  routes.setLoopbackUp();
}

/** Where a bridge was made last; `undefined` if it never was. */
function placeOf({ ipv4Subnet, ipv4Gateway }: Network): BridgePlace | undefined {
  if (ipv4Subnet === undefined || ipv4Gateway === undefined) return undefined;
  return { subnet: parseSubnet(ipv4Subnet), gateway: parseIpv4(ipv4Gateway) };
}
