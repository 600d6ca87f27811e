import { newId } from '../base/ids.ts';
import { timestamp } from '../base/timestamp.ts';
import type { SQLOutputValue } from 'node:sqlite';
import type { Database, Schema } from '../store/index.ts';
import type { Endpoint, Network } from './network-service.ts';

/** The tables of networks and sandboxes. */
export const NETWORK_SCHEMA: Schema = {
  noun: 'network',
  migrations: [
    `CREATE TABLE network (
       id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, driver TEXT NOT NULL, created_at TEXT NOT NULL,
       ipv4_subnet TEXT, ipv4_gateway TEXT, bridge_name TEXT
     ) STRICT;
     CREATE TABLE network_sandbox (key TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;
     CREATE TABLE network_endpoint (
       id TEXT PRIMARY KEY,
       sandbox_key TEXT NOT NULL REFERENCES network_sandbox (key) ON DELETE CASCADE,
       network_id TEXT NOT NULL REFERENCES network (id),
       ipv4_address TEXT NOT NULL, ipv4_prefix_length INTEGER NOT NULL, ipv4_gateway TEXT NOT NULL,
       mac_address TEXT NOT NULL, host_interface TEXT NOT NULL,
       UNIQUE (network_id, ipv4_address)
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX network_endpoint_sandbox ON network_endpoint (sandbox_key)`,
  ],
};

/** An endpoint and what only this layer needs of it. */
export interface EndpointRecord extends Endpoint {
  /** The host's end of the veth pair. */
  readonly hostInterface: string;
}

/** A sandbox as the database knows it. */
export interface SandboxRecord {
  readonly key: string;
  readonly endpoints: readonly EndpointRecord[];
}

type Row = Record<string, SQLOutputValue>;

const PREDEFINED = [
  { name: 'bridge', driver: 'bridge' },
  { name: 'host', driver: 'host' },
  { name: 'none', driver: 'null' },
] as const;

/** Reads and writes the rows of networks and sandboxes. Every mutation is a transaction. */
export class NetworkTable {
  readonly #database: Database;
  readonly #insertSandbox;
  readonly #insertEndpoint;
  readonly #deleteSandbox;
  readonly #updateBridge;

  constructor(database: Database) {
    this.#database = database;
    const db = database.handle;
    this.#insertSandbox = db.prepare('INSERT INTO network_sandbox (key) VALUES (?)');
    this.#insertEndpoint = db.prepare('INSERT INTO network_endpoint VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
    this.#deleteSandbox = db.prepare('DELETE FROM network_sandbox WHERE key = ?');
    this.#updateBridge = db.prepare('UPDATE network SET ipv4_subnet = ?, ipv4_gateway = ?, bridge_name = ? WHERE id = ?');
  }

  /** Every network; the predefined ones are made the first time, so that their ids stay. */
  loadNetworks(): readonly Network[] {
    this.#database.transaction(() => {
      const insert = this.#database.handle.prepare('INSERT OR IGNORE INTO network (id, name, driver, created_at) VALUES (?, ?, ?, ?)');
      for (const { name, driver } of PREDEFINED) insert.run(newId(), name, driver, timestamp());
    });
    return this.#database.handle.prepare('SELECT * FROM network ORDER BY name').all().map(toNetwork);
  }

  /** Every sandbox. */
  loadSandboxes(): readonly SandboxRecord[] {
    const endpoints = this.#database.handle
      .prepare('SELECT e.*, n.name AS network_name FROM network_endpoint e JOIN network n ON n.id = e.network_id')
      .all();
    const bySandbox = Map.groupBy(endpoints, (row) => String(row['sandbox_key']));
    return this.#database.handle
      .prepare('SELECT key FROM network_sandbox')
      .all()
      .map(({ key }) => ({ key: String(key), endpoints: (bySandbox.get(String(key)) ?? []).map(toEndpoint) }));
  }

  /** Remembers a bridge's place. */
  saveBridge(network: Network): void {
    this.#updateBridge.run(network.ipv4Subnet ?? null, network.ipv4Gateway ?? null, network.bridgeName ?? null, network.id);
  }

  /** Records a sandbox and its endpoints. */
  insert({ key, endpoints }: SandboxRecord): void {
    this.#database.transaction(() => {
      this.#insertSandbox.run(key);
      for (const e of endpoints) {
        const { endpointId, networkId, ipv4Address, ipv4PrefixLength, ipv4Gateway, macAddress, hostInterface } = e;
        this.#insertEndpoint.run(endpointId, key, networkId, ipv4Address, ipv4PrefixLength, ipv4Gateway, macAddress, hostInterface);
      }
    });
  }

  /** Forgets a sandbox and its endpoints. */
  delete(key: string): void {
    this.#database.transaction(() => this.#deleteSandbox.run(key));
  }
}

function toNetwork(row: Row): Network {
  const driver = String(row['driver']);
  return {
    id: String(row['id']),
    name: String(row['name']),
    driver: driver === 'bridge' || driver === 'host' ? driver : 'null',
    createdAt: String(row['created_at']),
    ipv4Subnet: textOrUndefined(row['ipv4_subnet']),
    ipv4Gateway: textOrUndefined(row['ipv4_gateway']),
    bridgeName: textOrUndefined(row['bridge_name']),
  };
}

function toEndpoint(row: Row): EndpointRecord {
  return {
    networkId: String(row['network_id']),
    networkName: String(row['network_name']),
    endpointId: String(row['id']),
    ipv4Address: String(row['ipv4_address']),
    ipv4PrefixLength: Number(row['ipv4_prefix_length']),
    ipv4Gateway: String(row['ipv4_gateway']),
    macAddress: String(row['mac_address']),
    hostInterface: String(row['host_interface']),
  };
}

function textOrUndefined(value: SQLOutputValue | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
