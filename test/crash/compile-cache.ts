import { join } from 'node:path';

/** Lets the many daemons that this process starts find their modules compiled: it halves the time that they take to start. */
export function useCompileCache(): void {
  process.env['NODE_COMPILE_CACHE'] ??= join(process.env['PIER_TEST_CACHE'] ?? '/var/cache/pier-tests', 'compiled');
}
