import type { RestartPolicy } from '../../wire/index.ts';
import { CommandError } from '../command-error.ts';
import { parseFlagValue } from '../flag-value-parser.ts';

/** Reads the value of `--restart`: `on-failure:3`. @throws {CommandError} With exit code 125, in Docker's words. */
export function restartPolicy(text: string): RestartPolicy {
  const colon = text.indexOf(':');
  const name = colon === -1 ? text : text.slice(0, colon);
  const count = colon === -1 ? '' : text.slice(colon + 1);
  if (name === '' && colon !== -1) throw usageError('invalid restart policy format: no policy provided before colon');
  if (count === '') return { Name: name, MaximumRetryCount: 0 };
  if (!/^[+-]?\d+$/.test(count)) throw usageError('invalid restart policy format: maximum retry count must be an integer');
  return { Name: name, MaximumRetryCount: Number(parseFlagValue('int', count)) };
}

function usageError(message: string): CommandError {
  return new CommandError(message, 125, { hint: true });
}
