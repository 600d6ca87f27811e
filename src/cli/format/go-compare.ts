import { GoCallError } from './go-call-error.ts';
import { compareGoStrings, formatGoValue, goTypeName } from './go-value.ts';
import type { GoValue } from './go-value.ts';

/**
 * Go's `eq`.
 *
 * @throws {GoCallError} If the two types cannot be compared.
 */
export function equalGo(a: GoValue, b: GoValue): boolean {
  const left = a ?? null;
  const right = b ?? null;
  if (left === null || right === null) return left === right;
  if (basicKind(left) === undefined) throw new GoCallError(`non-comparable type ${formatGoValue(left)}: ${goTypeName(left)}`);
  checkKinds(left, right);
  // oxlint-disable-next-line eqeqeq -- a bigint and a number of the same value are equal to Go
  return left == right;
}

/**
 * Go's order of numbers and strings: negative, zero or positive.
 *
 * @throws {GoCallError} If the two types have no order.
 */
export function compareGo(a: GoValue, b: GoValue): number {
  const left = a ?? null;
  const right = b ?? null;
  const kind = basicKind(left);
  if (left === null || right === null || kind === undefined) throw new GoCallError('invalid type for comparison');
  checkKinds(left, right);
  if (kind === 'bool') throw new GoCallError('invalid type for comparison');
  if (typeof left === 'string' && typeof right === 'string') return compareGoStrings(left, right);
  return left < right ? -1 : left > right ? 1 : 0;
}

function checkKinds(a: GoValue, b: GoValue): void {
  if (basicKind(a) !== basicKind(b)) {
    throw new GoCallError(`incompatible types for comparison: ${goTypeName(a)} and ${goTypeName(b)}`);
  }
}

function basicKind(value: GoValue): 'string' | 'bool' | 'int' | 'float' | undefined {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'bigint') return 'int';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return undefined;
}
