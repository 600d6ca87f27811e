export { containerResolvConf, readHostResolvConf } from './resolv-conf.ts';
export { hostsFile } from './hosts-file.ts';
export { NETWORK_SCHEMA } from './network-table.ts';
export { openNetworkService } from './open-network-service.ts';
export type { NetworkConfig, NetworkServiceOptions } from './open-network-service.ts';
export type { Endpoint, Network, NetworkMode, NetworkService, Sandbox } from './network-service.ts';
export type { SubnetPool } from './subnet-pool.ts';
