const DECIMAL_UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB', 'EB', 'ZB', 'YB'];
const BINARY_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB', 'ZiB', 'YiB'];

/**
 * A size in decimal units, as Docker writes it: `7.798MB`.
 *
 * @param sizeBytes The size in bytes.
 * @param digits How many significant digits are kept; tables have three.
 * @default {4}
 */
export function humanSize(sizeBytes: number, digits: number = 4): string {
  return withUnit(sizeBytes, 1000, DECIMAL_UNITS, digits);
}

/** A size in binary units, as Docker writes memory: `23.54GiB`. */
export function binarySize(sizeBytes: number): string {
  return withUnit(sizeBytes, 1024, BINARY_UNITS, 4);
}

function withUnit(size: number, base: number, units: readonly string[], digits: number): string {
  let value = size;
  let unit = 0;
  while (value >= base && unit < units.length - 1) {
    value /= base;
    unit++;
  }
  return `${significant(value, digits)}${units[unit]}`;
}

/** Go's `%.4g`: no trailing zeros, and an exponent once rounding needs more digits than allowed (`1e+03kB`). */
function significant(value: number, digits: number): string {
  const text = value.toPrecision(digits);
  if (!text.includes('e')) return String(Number(text));
  const [mantissa = '', exponent = ''] = text.split('e');
  return `${Number(mantissa)}e${exponent.replace(/^([+-])(\d)$/, '$10$2')}`;
}
