/**
 * A client of the Docker Engine API over a unix socket or TCP. It knows nothing of the engine behind it.
 *
 * @module
 */
export { ApiError, UnreachableError } from './api-error.ts';
export { API_VERSION, Client } from './client.ts';
export type { ApiRequest, ClientConfig, HijackedStream, Query } from './client.ts';
export { ContainersApi } from './containers-api.ts';
export type { AttachQuery, LogsQuery, PendingWait, StopQuery, WaitCondition } from './containers-api.ts';
export { ExecsApi } from './execs-api.ts';
export { parseHost } from './host.ts';
export type { HostAddress, TcpAddress, TlsMaterial, UnixAddress } from './host.ts';
export { readJsonLines } from './json-lines.ts';
