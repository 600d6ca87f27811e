/**
 * The Docker Engine API over an engine: translates, decides nothing.
 *
 * @module
 */
export { serveApi } from './serve-api.ts';
export type { ApiConfig } from './serve-api.ts';
export type { ListenTarget } from './listen-on.ts';
export type { Backend } from './backend.ts';
