/**
 * The bytes of netlink: messages that carry a fixed body and a list of attributes. netlink(7), rtnetlink(7).
 *
 * Numbers are in the machine's byte order, which is little-endian wherever pier runs; addresses are in network order.
 *
 * @module
 */

/** Size of `struct nlmsghdr`. */
const MESSAGE_HEADER_BYTES = 16;

/** `nlmsg_flags`. */
export const MessageFlag = { request: 0x1, ack: 0x4, dumpInterrupted: 0x10, dump: 0x300, exclusive: 0x200, create: 0x400 } as const;

/** `nlmsg_type` below 16: what the kernel says about a request. */
export const ControlType = { error: 2, done: 3 } as const;

/** One request, not yet sent. */
export interface NetlinkRequest {
  /** For errors: what the request does, `add bridge`. */
  readonly verb: string;
  /** For errors: to what. */
  readonly subject: string;
  /** `nlmsg_type`. */
  readonly type: number;
  /** `nlmsg_flags` besides REQUEST and ACK. */
  readonly flags: number;
  /** The fixed body and the attributes. */
  readonly payload: Buffer;
}

/** One message received. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  /** A copy: the fixed body and the attributes. */
  readonly payload: Buffer;
}

/** An attribute with a binary value, or with attributes nested in it. */
export function attribute(type: number, ...values: readonly Buffer[]): Buffer {
  const lengthBytes = 4 + values.reduce((sum, value) => sum + value.length, 0);
  const bytes = Buffer.alloc(align(lengthBytes));
  bytes.writeUInt16LE(lengthBytes, 0);
  bytes.writeUInt16LE(type, 2);
  let offset = 4;
  for (const value of values) offset += value.copy(bytes, offset);
  return bytes;
}

/** An attribute with a 32-bit number. */
export function numberAttribute(type: number, value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value);
  return attribute(type, bytes);
}

/** An attribute with a byte. */
export function byteAttribute(type: number, value: number): Buffer {
  return attribute(type, Buffer.of(value));
}

/** An attribute with text, ended by a zero byte. */
export function textAttribute(type: number, value: string): Buffer {
  return attribute(type, Buffer.from(`${value}\0`));
}

/** A request as it goes over the socket. */
export function encodeMessage(request: NetlinkRequest, sequence: number): Buffer {
  const lengthBytes = MESSAGE_HEADER_BYTES + request.payload.length;
  const bytes = Buffer.alloc(align(lengthBytes));
  bytes.writeUInt32LE(lengthBytes, 0);
  bytes.writeUInt16LE(request.type, 4);
  bytes.writeUInt16LE(request.flags | MessageFlag.request | MessageFlag.ack, 6);
  bytes.writeUInt32LE(sequence, 8);
  request.payload.copy(bytes, MESSAGE_HEADER_BYTES);
  return bytes;
}

/** Takes a datagram apart. The messages share nothing with it. */
export function decodeMessages(datagram: Buffer): readonly NetlinkMessage[] {
  const messages: NetlinkMessage[] = [];
  for (let offset = 0; offset + MESSAGE_HEADER_BYTES <= datagram.length;) {
    const lengthBytes = datagram.readUInt32LE(offset);
    messages.push({
      type: datagram.readUInt16LE(offset + 4),
      flags: datagram.readUInt16LE(offset + 6),
      sequence: datagram.readUInt32LE(offset + 8),
      payload: Buffer.from(datagram.subarray(offset + MESSAGE_HEADER_BYTES, offset + lengthBytes)),
    });
    offset += Math.max(align(lengthBytes), MESSAGE_HEADER_BYTES);
  }
  return messages;
}

/**
 * The attributes that follow a fixed body, by type.
 *
 * @param payload As received.
 * @param bodyBytes Size of the fixed body.
 */
export function decodeAttributes(payload: Buffer, bodyBytes: number): ReadonlyMap<number, Buffer> {
  const attributes = new Map<number, Buffer>();
  for (let offset = align(bodyBytes); offset + 4 <= payload.length;) {
    const lengthBytes = Math.max(payload.readUInt16LE(offset), 4);
    // The two upper bits say "nested" and "network order".
    attributes.set(payload.readUInt16LE(offset + 2) & 0x3fff, payload.subarray(offset + 4, offset + lengthBytes));
    offset += align(lengthBytes);
  }
  return attributes;
}

/** Text without the zero byte that ends it. */
export function decodeText(value: Buffer): string {
  const end = value.indexOf(0);
  return value.toString('utf8', 0, end < 0 ? value.length : end);
}

function align(lengthBytes: number): number {
  return (lengthBytes + 3) & ~3;
}
