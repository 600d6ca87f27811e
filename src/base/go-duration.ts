/** Writes a duration as Go does: `500ms`, `1m30s`, `0s`. @param ns Not negative. */
export function formatGoDuration(ns: number): string {
  if (ns < 1e9) {
    if (ns >= 1e6) return `${ns / 1e6}ms`;
    if (ns >= 1e3) return `${ns / 1e3}µs`;
    return ns === 0 ? '0s' : `${ns}ns`;
  }
  const hours = Math.floor(ns / 3600e9);
  const minutes = Math.floor((ns % 3600e9) / 60e9);
  const seconds = `${(ns % 60e9) / 1e9}s`;
  if (hours > 0) return `${hours}h${minutes}m${seconds}`;
  return minutes > 0 ? `${minutes}m${seconds}` : seconds;
}
