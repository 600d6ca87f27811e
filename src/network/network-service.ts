/**
 * Networks and the sandboxes that join them.
 *
 * A sandbox is a network namespace kept alive by a bind mount; one or many containers join it. It is made before the
 * container's processes and needs none of its own. Links are never deleted on a path that someone waits for: the
 * namespace is dropped and the kernel collects what was inside.
 *
 * ```
 * createSandbox(key, 'bridge') ──► STATE/netns/<key> + veth on the bridge + address ──releaseSandbox(key)──► gone
 * ```
 *
 * @module
 */

/** How a container meets the network. `host` has no sandbox. */
export type NetworkMode = 'bridge' | 'none' | 'host';

/** A sandbox's place on one network. */
export interface Endpoint {
  readonly networkId: string;
  readonly networkName: string;
  readonly endpointId: string;
  /** `172.17.0.2` */
  readonly ipv4Address: string;
  readonly ipv4PrefixLength: number;
  readonly ipv4Gateway: string;
  /** `02:42:ac:11:00:02` */
  readonly macAddress: string;
}

/** A network namespace that containers join. */
export interface Sandbox {
  /** The owner's name for it (a container id). */
  readonly key: string;
  /** What runtimes put into `linux.namespaces[].path`. */
  readonly netnsPath: string;
  readonly endpoints: readonly Endpoint[];
}

/** A network as clients see it. */
export interface Network {
  readonly id: string;
  readonly name: string;
  readonly driver: 'bridge' | 'null' | 'host';
  readonly createdAt: string;
  /** `undefined` for `host` and `none`, and for a bridge that no container has used yet. */
  readonly ipv4Subnet: string | undefined;
  readonly ipv4Gateway: string | undefined;
  /** Linux name of the bridge. */
  readonly bridgeName: string | undefined;
}

/** The networks of one engine. */
export interface NetworkService extends AsyncDisposable {
  list(): readonly Network[];
  /** By name, id or unique id prefix. @throws {PierError} `NotFound`, reason `network.not-found`, facts `{ reference }`. */
  get(reference: string): Network;

  /**
   * Makes a sandbox with loopback up and, for `bridge`, an interface `eth0`, an address, a default route and NAT.
   * The bridge and its nftables rules are made on first use. Fails cleanly: nothing is left behind.
   *
   * @throws {PierError} `AlreadyExists` for the key; `ResourceExhausted` when no address is free.
   */
  createSandbox(key: string, mode: 'bridge' | 'none'): Promise<Sandbox>;

  /** A sandbox made earlier, also by an engine that died since; `undefined` if there is none or its namespace is gone. */
  sandbox(key: string): Sandbox | undefined;

  /** The host's ends of a sandbox's cables, in the order of its interfaces; none if there is no such sandbox. */
  hostInterfaces(key: string): readonly string[];

  /** Drops the namespace and gives the address back. Releasing what is not there succeeds. */
  releaseSandbox(key: string): Promise<void>;

  /** After a crash: releases every sandbox that is not in `liveKeys`, and mends the bridge and rules of those that are. */
  recover(liveKeys: ReadonlySet<string>): Promise<void>;

  /** Removes bridge and rules if no sandbox is left. Called on an orderly end. */
  removeIdleInfrastructure(): Promise<void>;
}
