import { readJsonLines } from '../../client/index.ts';
import { CommandError } from '../command-error.ts';
import { humanSize } from '../format/human-size.ts';
import type { Readable } from 'node:stream';
import type { JsonMessage } from '../../wire/index.ts';

/** Width of the bar between the brackets. */
const BAR_WIDTH = 50;

/** Terminals narrower than this show numbers only. */
const BAR_MIN_COLUMNS = 110;

/**
 * Prints the daemon's progress stream. On a terminal each id has a line of its own that is rewritten; elsewhere progress is left
 * out and the rest printed as it comes.
 *
 * @throws {CommandError} With the daemon's text if the stream reports a failure.
 */
export async function showProgress(stream: Readable): Promise<void> {
  const isTerminal = process.stdout.isTTY;
  /** Line number of each id, from the top of the block. */
  const lines = new Map<string, number>();
  for await (const message of readJsonLines<JsonMessage>(stream)) {
    const failure = message.errorDetail?.message ?? message.error;
    if (failure !== undefined) throw new CommandError(failure);
    const text = describe(message, isTerminal);
    if (text !== undefined) process.stdout.write(isTerminal ? place(message, text, lines) : text);
  }
}

/** The text of a message, or nothing if only a terminal shows it. */
function describe(message: JsonMessage, isTerminal: boolean): string | undefined {
  const { id, status, stream, progressDetail } = message;
  const bar = progressDetail === undefined ? '' : progressBar(progressDetail.current ?? 0, progressDetail.total ?? 0);
  if (bar !== '' && !isTerminal) return undefined;
  const prefix = id === undefined || id === '' ? '' : `${id}: `;
  if (bar !== '') return `${prefix}${status ?? ''} ${bar}`;
  if (stream !== undefined && stream !== '') return `${prefix}${stream}`;
  return `${prefix}${status ?? ''}\n`;
}

/** Moves to the line of the message's id, rewrites it and comes back below the block. */
function place({ id, progressDetail }: JsonMessage, text: string, lines: Map<string, number>): string {
  if (id === undefined || id === '' || progressDetail === undefined) {
    lines.clear();
    return text;
  }
  const line = lines.get(id);
  const content = `\u001b[2K\r${text.trimEnd()}\n`;
  if (line === undefined) {
    lines.set(id, lines.size);
    return content;
  }
  const up = lines.size - line;
  return `\u001b[${up}A${content}${up > 1 ? `\u001b[${up - 1}B` : ''}`;
}

/** `[=====>    ]  1.2MB/7.8MB`, as Docker draws it; empty where there is nothing to show. */
function progressBar(current: number, total: number): string {
  if (current <= 0 && total <= 0) return '';
  const currentText = humanSize(current).padStart(8);
  if (total <= 0) return currentText;
  const filled = Math.min(Math.trunc(Math.trunc((current / total) * 100) / 2), BAR_WIDTH);
  const hasBar = (process.stdout.columns ?? 0) > BAR_MIN_COLUMNS;
  const bar = hasBar ? `[${'='.repeat(filled)}>${' '.repeat(BAR_WIDTH - filled)}] ` : '';
  return bar + (current > total ? currentText : `${currentText}/${humanSize(total)}`);
}
