import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

/** conmon's message on its control fifo: resize. */
const RESIZE = 1;

/** Tells a container's monitor the size of its terminal, in characters. */
export function resizeTerminal(bundleDir: string, size: { readonly height: number; readonly width: number }): void {
  // Non-blocking: a monitor that has gone must not hold anybody up. ENXIO says so.
  const fd = openSync(join(bundleDir, 'ctl'), constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    writeSync(fd, `${RESIZE} ${size.height} ${size.width}\n`);
  } finally {
    closeSync(fd);
  }
}
