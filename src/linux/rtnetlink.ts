/**
 * Interfaces, addresses and routes, through rtnetlink(7).
 *
 * @module
 */
import { NetlinkSocket } from './netlink-socket.ts';
import { MessageFlag, attribute, byteAttribute, decodeAttributes, decodeText, numberAttribute, textAttribute } from './netlink-message.ts';
import { PierError, isErrno } from '../base/errors.ts';
import type { NetlinkMessage, NetlinkRequest } from './netlink-message.ts';

/** An interface as the kernel lists it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  readonly isUp: boolean;
  /** Index of the bridge that it is a port of. */
  readonly masterIndex: number | undefined;
  /** `bridge`, `veth`; `undefined` for a physical one. */
  readonly kind: string | undefined;
  /** `02:42:ac:11:00:01` */
  readonly macAddress: string | undefined;
}

/** An address, or the destination of a route. */
export interface Ipv4Prefix {
  /** `172.17.0.1` */
  readonly address: string;
  readonly prefixLength: number;
}

/** An address on an interface. */
export interface LinkAddress extends Ipv4Prefix {
  readonly linkIndex: number;
}

/** A pair of connected interfaces: one in the socket's namespace, one in another. The first is up, its peer is not yet. */
export interface VethPairSpec {
  /** At most 15 bytes, unique in the socket's namespace. */
  readonly name: string;
  /** The bridge that it becomes a port of. */
  readonly masterIndex: number;
  readonly peerName: string;
  readonly peerMacAddress: string;
  /** Descriptor of the peer's network namespace. */
  readonly peerNamespaceFd: number;
}

/** An interface's way into a network. */
export interface InterfaceSpec extends LinkAddress {
  /** Where the default route goes to. */
  readonly gateway: string;
}

const Type = { newLink: 16, deleteLink: 17, getLink: 18, setLink: 19, newAddress: 20, getAddress: 22, newRoute: 24, getRoute: 26 } as const;
const Ifla = { address: 1, name: 3, master: 10, protocolInfo: 12, linkInfo: 18, namespaceFd: 28, extMask: 29 } as const;
const LinkInfo = { kind: 1, data: 2 } as const;
const VETH_INFO_PEER = 1;
const BridgePort = { state: 1, flush: 24 } as const;
const PORT_DISABLED = 0;
const IfAddress = { address: 1, local: 2, broadcast: 4 } as const;
const RouteAttribute = { destination: 1, outputInterface: 4, gateway: 5 } as const;
const SKIP_STATISTICS = 8;
const AF_INET = 2;
const AF_BRIDGE = 7;
const IFF_UP = 1;
const NLA_F_NESTED = 0x8000;
const NEW = MessageFlag.create | MessageFlag.exclusive;
const ROUTE_TABLE_MAIN = 254;
const ROUTE_PROTOCOL_BOOT = 3;
const ROUTE_TYPE_UNICAST = 1;
const LOOPBACK_INDEX = 1;
const LINK_BODY_BYTES = 16;
const ADDRESS_BODY_BYTES = 8;
const ROUTE_BODY_BYTES = 12;

/**
 * The interfaces, addresses and routes of the namespace in which it was made. Every method is synchronous, takes well under
 * a millisecond unless it says otherwise, and throws {@linkcode SyscallError} for what the kernel refuses.
 */
export class RouteSocket implements Disposable {
  readonly #socket = new NetlinkSocket();

  /** Makes a bridge with an address and brings it up. @throws {SyscallError} `AlreadyExists` for the name. */
  addBridge(name: string, macAddress: string): number {
    const payload = [
      linkBody({ flags: IFF_UP }),
      textAttribute(Ifla.name, name),
      attribute(Ifla.address, macBytes(macAddress)),
      attribute(Ifla.linkInfo, textAttribute(LinkInfo.kind, 'bridge')),
    ];
    this.#socket.exchange([request('add bridge', name, Type.newLink, NEW, payload)]);
    return this.requireLink(name).index;
  }

  /** Makes a pair in one request. @throws {SyscallError} `AlreadyExists` for a name; `EINVAL` if the bridge is gone. */
  addVethPair(spec: VethPairSpec): void {
    const peer = [
      // It cannot come up here: the kernel has not tied the two together yet (ENOTCONN).
      linkBody({}),
      textAttribute(Ifla.name, spec.peerName),
      attribute(Ifla.address, macBytes(spec.peerMacAddress)),
      numberAttribute(Ifla.namespaceFd, spec.peerNamespaceFd),
    ];
    const payload = [
      linkBody({ flags: IFF_UP }),
      textAttribute(Ifla.name, spec.name),
      numberAttribute(Ifla.master, spec.masterIndex),
      attribute(Ifla.linkInfo, textAttribute(LinkInfo.kind, 'veth'), attribute(LinkInfo.data, attribute(VETH_INFO_PEER, ...peer))),
    ];
    this.#socket.exchange([request('add veth pair', spec.name, Type.newLink, NEW, payload)]);
  }

  /** Makes a link a port of a bridge and brings it up. */
  attachToBridge(linkIndex: number, masterIndex: number): void {
    const payload = [linkBody({ index: linkIndex, flags: IFF_UP }), numberAttribute(Ifla.master, masterIndex)];
    this.#socket.exchange([request('attach link', String(linkIndex), Type.newLink, 0, payload)]);
  }

  /**
   * Makes a bridge deaf to one of its ports at once, without the wait that removing the port costs, and forget the addresses
   * it learnt there.
   */
  silencePort(linkIndex: number): void {
    const info = attribute(Ifla.protocolInfo | NLA_F_NESTED, byteAttribute(BridgePort.state, PORT_DISABLED), attribute(BridgePort.flush));
    const payload = [linkBody({ family: AF_BRIDGE, index: linkIndex }), info];
    this.#socket.exchange([request('silence bridge port', String(linkIndex), Type.setLink, 0, payload)]);
  }

  /** Brings a link up. */
  setUp(linkIndex: number): void {
    this.#socket.exchange([setUpRequest(linkIndex)]);
  }

  /** Brings loopback up; the kernel gives it 127.0.0.1 and ::1. */
  setLoopbackUp(): void {
    this.setUp(LOOPBACK_INDEX);
  }

  /** Brings loopback and an interface up, and gives it its address and the default route, in one exchange. */
  configureInterface(spec: InterfaceSpec): void {
    this.#socket.exchange([setUpRequest(LOOPBACK_INDEX), setUpRequest(spec.linkIndex), addressRequest(spec), defaultRouteRequest(spec)]);
  }

  /** @throws {SyscallError} `AlreadyExists`. */
  addAddress(address: LinkAddress): void {
    this.#socket.exchange([addressRequest(address)]);
  }

  /** Deletes a link. A veth blocks for some 30 ms: drop its namespace instead. Absence is success. */
  deleteLink(name: string): void {
    try {
      this.#socket.exchange([request('delete link', name, Type.deleteLink, 0, [linkBody({}), textAttribute(Ifla.name, name)])]);
    } catch (error) {
      if (!isErrno(error, 'ENODEV')) throw error;
    }
  }

  /** The link of that name, if any. */
  findLink(name: string): Link | undefined {
    try {
      return this.requireLink(name);
    } catch (error) {
      if (isErrno(error, 'ENODEV')) return undefined;
      throw error;
    }
  }

  /** @throws {SyscallError} `ENODEV` if there is none. */
  requireLink(name: string): Link {
    const [answer] = this.#socket.exchange([findRequest(name)]);
    if (answer === undefined) throw new PierError('Internal', `Cannot find link "${name}": the kernel gave no answer`);
    return decodeLink(answer);
  }

  /**
   * Makes links that have just got a carrier ready to send. The kernel does that in the background otherwise, and drops what
   * is sent before; to answer for a link by name it catches up first (since Linux 6.8).
   */
  settleCarriers(names: readonly string[]): void {
    this.#socket.exchange(names.map(findRequest));
  }

  /** All links. */
  listLinks(): readonly Link[] {
    const payload = [linkBody({}), numberAttribute(Ifla.extMask, SKIP_STATISTICS)];
    return this.#socket.dump(request('list', 'links', Type.getLink, 0, payload)).map(decodeLink);
  }

  /** All IPv4 addresses. */
  listAddresses(): readonly LinkAddress[] {
    return this.#socket.dump(request('list', 'addresses', Type.getAddress, 0, [addressBody(0, 0)])).map(decodeAddress);
  }

  /** Destinations of all IPv4 routes of all tables; a default route is `0.0.0.0/0`. */
  listRouteDestinations(): readonly Ipv4Prefix[] {
    return this.#socket.dump(request('list', 'routes', Type.getRoute, 0, [routeBody()])).map(decodeDestination);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

function request(verb: string, subject: string, type: number, flags: number, payload: readonly Buffer[]): NetlinkRequest {
  return { verb, subject, type, flags, payload: Buffer.concat(payload) };
}

function findRequest(name: string): NetlinkRequest {
  const payload = [linkBody({}), textAttribute(Ifla.name, name), numberAttribute(Ifla.extMask, SKIP_STATISTICS)];
  return request('find link', name, Type.getLink, 0, payload);
}

function setUpRequest(linkIndex: number): NetlinkRequest {
  return request('bring up link', String(linkIndex), Type.newLink, 0, [linkBody({ index: linkIndex, flags: IFF_UP })]);
}

function addressRequest({ linkIndex, address, prefixLength }: LinkAddress): NetlinkRequest {
  const local = ipv4Bytes(address);
  const payload = [
    addressBody(linkIndex, prefixLength),
    attribute(IfAddress.local, local),
    attribute(IfAddress.address, local),
    attribute(IfAddress.broadcast, broadcastBytes(local, prefixLength)),
  ];
  return request('add address', `${address}/${prefixLength}`, Type.newAddress, NEW, payload);
}

function defaultRouteRequest({ linkIndex, gateway }: InterfaceSpec): NetlinkRequest {
  const payload = [
    routeBody(),
    attribute(RouteAttribute.gateway, ipv4Bytes(gateway)),
    numberAttribute(RouteAttribute.outputInterface, linkIndex),
  ];
  return request('add default route', gateway, Type.newRoute, NEW, payload);
}

/** `struct ifinfomsg`; `flags` are set, the others stay as they are. */
function linkBody(fields: { readonly family?: number; readonly index?: number; readonly flags?: number }): Buffer {
  const body = Buffer.alloc(LINK_BODY_BYTES);
  body.writeUInt8(fields.family ?? 0, 0);
  body.writeInt32LE(fields.index ?? 0, 4);
  body.writeUInt32LE(fields.flags ?? 0, 8);
  body.writeUInt32LE(fields.flags ?? 0, 12);
  return body;
}

/** `struct ifaddrmsg`, global scope. */
function addressBody(linkIndex: number, prefixLength: number): Buffer {
  const body = Buffer.alloc(ADDRESS_BODY_BYTES);
  body.writeUInt8(AF_INET, 0);
  body.writeUInt8(prefixLength, 1);
  body.writeUInt32LE(linkIndex, 4);
  return body;
}

/** `struct rtmsg`: a default route unless a destination follows. */
function routeBody(): Buffer {
  const body = Buffer.alloc(ROUTE_BODY_BYTES);
  body.writeUInt8(AF_INET, 0);
  body.writeUInt8(ROUTE_TABLE_MAIN, 4);
  body.writeUInt8(ROUTE_PROTOCOL_BOOT, 5);
  body.writeUInt8(ROUTE_TYPE_UNICAST, 7);
  return body;
}

function decodeLink({ payload }: NetlinkMessage): Link {
  const attributes = decodeAttributes(payload, LINK_BODY_BYTES);
  const info = attributes.get(Ifla.linkInfo);
  const kind = info === undefined ? undefined : decodeAttributes(info, 0).get(LinkInfo.kind);
  return {
    index: payload.readInt32LE(4),
    name: decodeText(attributes.get(Ifla.name) ?? Buffer.alloc(0)),
    isUp: (payload.readUInt32LE(8) & IFF_UP) !== 0,
    masterIndex: attributes.get(Ifla.master)?.readUInt32LE(0),
    kind: kind === undefined ? undefined : decodeText(kind),
    macAddress: attributes
      .get(Ifla.address)
      ?.toString('hex')
      .replace(/..(?=.)/g, '$&:'),
  };
}

function decodeAddress({ payload }: NetlinkMessage): LinkAddress {
  const attributes = decodeAttributes(payload, ADDRESS_BODY_BYTES);
  const address = attributes.get(IfAddress.local) ?? attributes.get(IfAddress.address);
  return { linkIndex: payload.readUInt32LE(4), address: ipv4Text(address), prefixLength: payload.readUInt8(1) };
}

function decodeDestination({ payload }: NetlinkMessage): Ipv4Prefix {
  const destination = decodeAttributes(payload, ROUTE_BODY_BYTES).get(RouteAttribute.destination);
  return { address: ipv4Text(destination), prefixLength: payload.readUInt8(1) };
}

function ipv4Bytes(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number));
}

function ipv4Text(bytes: Buffer | undefined): string {
  return bytes === undefined ? '0.0.0.0' : bytes.join('.');
}

function broadcastBytes(local: Buffer, prefixLength: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE((local.readUInt32BE(0) | (2 ** (32 - prefixLength) - 1)) >>> 0);
  return bytes;
}

function macBytes(macAddress: string): Buffer {
  return Buffer.from(macAddress.replaceAll(':', ''), 'hex');
}
