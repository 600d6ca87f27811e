import { dockerError } from './errors.ts';

/**
 * Docker's `[rows, columns]`.
 *
 * @returns `undefined` where none is given or a side is 0.
 * @throws {PierError} `InvalidArgument` if it is not two whole numbers.
 */
export function consoleSizeOf(value: unknown): { readonly height: number; readonly width: number } | undefined {
  if (value === undefined || value === null) return undefined;
  const [height, width, ...more]: readonly unknown[] = Array.isArray(value) ? value : [];
  if (!isSide(height) || !isSide(width) || more.length > 0) {
    throw dockerError('InvalidArgument', 'invalid JSON: ConsoleSize must be two whole numbers');
  }
  return height === 0 || width === 0 ? undefined : { height, width };
}

function isSide(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffff;
}
