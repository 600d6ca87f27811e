import { findPierError } from '../../base/errors.ts';
import { parsePlatform } from '../../base/platform.ts';
import type { Platform } from '../../base/platform.ts';
import { CommandError } from '../command-error.ts';

/**
 * A `--platform` flag as the API takes it for operations on images: JSON; `undefined` if it was not given.
 *
 * @throws {CommandError} In Docker's words.
 */
export function platformQuery(text: string): string | undefined {
  if (text === '') return undefined;
  const { os, architecture, variant } = parseTypedPlatform(text, 'invalid platform');
  return JSON.stringify({ architecture, os, ...(variant === '' ? {} : { variant }) });
}

/**
 * Reads a platform that was typed.
 *
 * @param prefix Begins the message.
 * @throws {CommandError} In Docker's words.
 */
export function parseTypedPlatform(text: string, prefix: string): Platform {
  try {
    return parsePlatform(text);
  } catch (error) {
    const detail = findPierError(error)?.facts['detail'];
    if (detail === undefined) throw error;
    throw new CommandError(`${prefix}: ${detail}`, 1, { cause: error });
  }
}
