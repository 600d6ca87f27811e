import { parseGoRegExp } from './parse.ts';
import { GoRegExpSyntaxError, isWordCodePoint } from './syntax.ts';
import type { Assertion, CodePointTest, Node } from './syntax.ts';

/** More than any pattern that a person writes comes to. It bounds what a match may cost: this times the length of the text. */
const MAX_INSTRUCTIONS = 4_000;

/** A step of the automaton: take a code point, hold a place, go on at two places, or be done. */
type Instruction =
  | { readonly op: 'one'; readonly test: CodePointTest }
  | { readonly op: 'assert'; readonly assertion: Assertion }
  | { readonly op: 'split'; readonly targets: readonly number[] }
  | { readonly op: 'match' };

/**
 * A regular expression of Go's (RE2), matched as Go does: in time that grows with the text's length and nothing else, whatever
 * the pattern. JavaScript's own would let a client's pattern hold the process for ever, and means other things by some texts.
 */
export class GoRegExp {
  readonly #program: readonly Instruction[];

  /** @throws {GoRegExpSyntaxError} If Go could not read the pattern either, or it is absurdly large. */
  constructor(pattern: string) {
    this.#program = compile(parseGoRegExp(pattern));
  }

  /** Tells whether the pattern matches anywhere in the text. */
  test(text: string): boolean {
    const codePoints = Array.from(text, (char) => char.codePointAt(0) ?? 0);
    let waiting: number[] = [];
    for (let at = 0; at <= codePoints.length; at++) {
      // A match may begin anywhere.
      const here = this.#follow([...waiting, 0], codePoints, at);
      if (here === undefined) return true;
      const codePoint = codePoints[at];
      waiting = [];
      if (codePoint === undefined) break;
      for (const index of here) {
        const instruction = this.#program[index];
        if (instruction?.op === 'one' && instruction.test(codePoint)) waiting.push(index + 1);
      }
    }
    return false;
  }

  /** The instructions that take a code point and can be reached without taking one; `undefined` once the end is among them. */
  #follow(from: readonly number[], codePoints: readonly number[], at: number): readonly number[] | undefined {
    const seen = new Set<number>();
    const takers: number[] = [];
    const open = [...from];
    for (let index = open.pop(); index !== undefined; index = open.pop()) {
      if (seen.has(index)) continue;
      seen.add(index);
      const instruction = this.#program[index];
      if (instruction === undefined || instruction.op === 'match') return undefined;
      if (instruction.op === 'one') takers.push(index);
      else if (instruction.op === 'split') open.push(...instruction.targets);
      else if (holds(instruction.assertion, codePoints, at)) open.push(index + 1);
    }
    return takers;
  }
}

function holds(assertion: Assertion, codePoints: readonly number[], at: number): boolean {
  const before = codePoints[at - 1];
  const after = codePoints[at];
  const isBoundary = (before !== undefined && isWordCodePoint(before)) !== (after !== undefined && isWordCodePoint(after));
  switch (assertion) {
    case 'text-start':
      return before === undefined;
    case 'text-end':
      return after === undefined;
    case 'line-start':
      return before === undefined || before === 0x0a;
    case 'line-end':
      return after === undefined || after === 0x0a;
    case 'word-boundary':
      return isBoundary;
    case 'no-word-boundary':
      return !isBoundary;
  }
}

function compile(root: Node): readonly Instruction[] {
  const program: Instruction[] = [];
  emit(program, root);
  program.push({ op: 'match' });
  return program;
}

function emit(program: Instruction[], node: Node): void {
  if (program.length > MAX_INSTRUCTIONS) throw new GoRegExpSyntaxError('expression too large');
  switch (node.kind) {
    case 'one':
      program.push({ op: 'one', test: node.test });
      return;
    case 'assert':
      program.push({ op: 'assert', assertion: node.assertion });
      return;
    case 'sequence':
      // Emptiness counts too: a thousand times a thousand times nothing would never be done.
      if (node.items.length === 0) program.push({ op: 'split', targets: [program.length + 1] });
      for (const item of node.items) emit(program, item);
      return;
    case 'choice':
      return emitChoice(program, node.items);
    case 'repeat':
      return emitRepeat(program, node.item, node.min, node.max);
  }
}

/** `split(1, 2); 1: …; goto end; 2: …` with targets filled in as they become known. */
function emitChoice(program: Instruction[], items: readonly Node[]): void {
  const starts: number[] = [];
  const end: number[] = [];
  program.push({ op: 'split', targets: starts });
  for (const item of items) {
    starts.push(program.length);
    emit(program, item);
    program.push({ op: 'split', targets: end });
  }
  end.push(program.length);
}

function emitRepeat(program: Instruction[], item: Node, min: number, max: number): void {
  for (let count = 0; count < min; count++) emit(program, item);
  if (max === Infinity) {
    const start = program.length;
    const targets = [start + 1];
    program.push({ op: 'split', targets });
    emit(program, item);
    program.push({ op: 'split', targets: [start] });
    targets.push(program.length);
    return;
  }
  const end: number[] = [];
  for (let count = min; count < max; count++) {
    program.push({ op: 'split', targets: [program.length + 1, -1] });
    const skip = program.length - 1;
    emit(program, item);
    end.push(skip);
  }
  for (const skip of end) program[skip] = { op: 'split', targets: [skip + 1, program.length] };
}
