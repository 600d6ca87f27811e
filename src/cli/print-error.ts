/**
 * Prints an error: as it is, and on a terminal in colour with what to do next. `NO_COLOR` and `TERM=dumb` keep the colour away.
 *
 * @param text Without a last line feed; nothing is printed when it is empty.
 */
export async function printError(text: string): Promise<void> {
  if (text === '') return;
  process.stderr.write(`${process.stderr.isTTY ? await decorated(text) : text}\n`);
}

async function decorated(text: string): Promise<string> {
  const { forTerminal } = await import('./advice.ts');
  return forTerminal(text, !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb');
}
