import { dockerError } from './errors.ts';

/**
 * Docker's `[rows, columns]`.
 *
 * @returns `undefined` where none is given or a side is 0.
 * @throws {PierError} `InvalidArgument` if it is not two whole numbers.
 */
export function consoleSizeOf(value: unknown): { readonly height: number; readonly width: number } | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || value.length !== 2 || !value.every((side) => Number.isInteger(side) && side >= 0 && side <= 0xffff)) {
    throw dockerError('InvalidArgument', 'invalid JSON: ConsoleSize must be two whole numbers');
  }
  const [height, width] = value as [number, number];
  return height === 0 || width === 0 ? undefined : { height, width };
}
