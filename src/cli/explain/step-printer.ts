import type { ExplainedLine } from './explained-step.ts';

const WHOM_COLUMN = 9;
const NUMBER_COLUMN = 4;

/** Prints an explanation: requests as headings, numbered lines below them, reasons under what they are about. */
export class StepPrinter {
  readonly #out: NodeJS.WriteStream;
  readonly #dim: (text: string) => string;
  readonly #given = new Set<string>();
  #count = 0;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
    const isColoured = out.isTTY && process.env['NO_COLOR'] === undefined;
    this.#dim = (text) => (isColoured ? `\u001B[2m${text}\u001B[22m` : text);
  }

  /** A request of the command's to the daemon. */
  request(method: string, target: string): void {
    this.#out.write(`\n${method} ${shorten(target)}\n`);
  }

  /** Something that the engine asked for it. */
  line({ whom, what, why }: ExplainedLine): void {
    this.#count += 1;
    const number = String(this.#count).padStart(NUMBER_COLUMN);
    const indent = `\n${' '.repeat(NUMBER_COLUMN + 2 + WHOM_COLUMN)}`;
    this.#out.write(`${number}  ${whom.padEnd(WHOM_COLUMN)}${shorten(what).replaceAll('\n', indent)}`);
    // Once is enough for a reader who begins at the top.
    if (why !== '' && !this.#given.has(why)) this.#out.write(indent + this.#dim(shorten(why)));
    this.#given.add(why);
    this.#out.write('\n');
  }

  /** Says so if there was nothing. @param isQuestion Nothing was to be changed. */
  end(isQuestion: boolean): void {
    if (this.#count > 0) return;
    const rest = isQuestion ? 'it answered from what it knows' : 'what changed are its own records';
    this.#out.write(`\nThe engine asked nothing of the kernel: ${rest}.\n`);
  }
}

/** Ids as people write them. */
function shorten(text: string): string {
  return text.replaceAll(/([0-9a-f]{12})[0-9a-f]{52}/g, '$1…');
}
