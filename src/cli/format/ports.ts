import { compareGoStrings } from './go-value.ts';
import type { PortSummary } from '../../wire/index.ts';

/** Consecutive ports with the same address and protocol. */
interface PortRange {
  readonly ip: string;
  readonly type: string;
  readonly first: number;
  last: number;
}

/** A container's ports as `docker ps` shows them, runs of ports joined: `0.0.0.0:80-81->80-81/tcp, 443/tcp`. */
export function displayPorts(ports: readonly PortSummary[]): string {
  const finished: PortRange[] = [];
  const open = new Map<string, PortRange>();
  const mapped: string[] = [];
  for (const { IP: ip = '', PrivatePort: port, PublicPort: publicPort, Type: type } of ports.toSorted(comparePorts)) {
    if (ip !== '' && publicPort !== port) {
      mapped.push(`${joinHostPort(ip, String(publicPort ?? 0))}->${port}/${type}`);
      continue;
    }
    const key = `${ip}/${type}`;
    const range = open.get(key);
    if (range !== undefined && port === range.last + 1) {
      range.last = port;
      continue;
    }
    if (range !== undefined) finished.push(range);
    // Setting a key that exists keeps its place, which is the order Docker lists the ranges in.
    open.set(key, { ip, type, first: port, last: port });
  }
  return [...[...finished, ...open.values()].map(displayRange), ...mapped].join(', ');
}

function displayRange({ ip, type, first, last }: PortRange): string {
  const ports = first === last ? String(first) : `${first}-${last}`;
  return `${ip === '' ? ports : `${joinHostPort(ip, ports)}->${ports}`}/${type}`;
}

function joinHostPort(ip: string, port: string): string {
  return ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function comparePorts(a: PortSummary, b: PortSummary): number {
  return (
    a.PrivatePort - b.PrivatePort ||
    compareGoStrings(a.IP ?? '', b.IP ?? '') ||
    (a.PublicPort ?? 0) - (b.PublicPort ?? 0) ||
    compareGoStrings(a.Type, b.Type)
  );
}
