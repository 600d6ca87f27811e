/**
 * Prints an error: as it is, and on a terminal in colour with what to do next. `NO_COLOR` and `TERM=dumb` keep the colour away.
 *
 * @param text Without a last line feed; nothing is printed when it is empty.
 * @param advise Knows advice that is not in the table; asked on a terminal only.
 */
export async function printError(text: string, advise?: (text: string) => Promise<string | undefined>): Promise<void> {
  if (text === '') return;
  process.stderr.write(`${process.stderr.isTTY ? await decorated(text, await advise?.(text)) : text}\n`);
}

async function decorated(text: string, advice: string | undefined): Promise<string> {
  const { forTerminal } = await import('./advice.ts');
  return forTerminal(text, !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb', advice);
}
