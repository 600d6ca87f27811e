import { syntaxError } from './go-template-error.ts';
import { parseGoChar, parseGoNumber, parseGoString } from './go-literal.ts';
import { quoteGo } from './go-printf.ts';
import { scanTemplate } from './go-template-scan.ts';
import type { GoTemplateError } from './go-template-error.ts';
import type { GoCommand, GoNode, GoOperand, GoPipeline, GoTemplateTree } from './go-template-ast.ts';
import type { Token, TokenKind } from './go-template-scan.ts';

/**
 * Reads a template.
 *
 * @param isFunction Tells which words are functions; others are refused, as Go does while parsing.
 * @throws {GoTemplateError} With Go's text for what it found.
 */
export function parseTemplate(text: string, isFunction: (name: string) => boolean): GoTemplateTree {
  return new TemplateParser(text, isFunction).parse();
}

type Terminator = 'end' | 'else' | 'end-of-text';

const TERM_STARTS: ReadonlySet<TokenKind> = new Set([
  'dot',
  'field',
  'variable',
  'word',
  'number',
  'char',
  'string',
  'raw-string',
  'left-paren',
]);

const BLOCKS: ReadonlySet<string> = new Set(['if', 'with', 'range']);

class TemplateParser {
  readonly #text: string;
  readonly #isFunction: (name: string) => boolean;
  readonly #tokens: readonly Token[];
  /** Variables in scope, innermost last. */
  #variables: string[] = ['$'];
  #at = 0;
  #rangeDepth = 0;
  /** How many blocks are open; templates are defined outside of all of them. */
  #depth = 0;
  readonly #definitions = new Map<string, readonly GoNode[]>();

  constructor(text: string, isFunction: (name: string) => boolean) {
    this.#text = text;
    this.#isFunction = isFunction;
    this.#tokens = scanTemplate(text);
  }

  parse(): GoTemplateTree {
    const { nodes, terminator } = this.#list();
    if (terminator !== 'end-of-text') throw this.#error(`unexpected {{${terminator}}}`);
    return { nodes, definitions: this.#definitions };
  }

  /** Nodes up to `{{end}}`, `{{else` (its word is taken, its pipeline is not) or the end of the text. */
  #list(): { readonly nodes: readonly GoNode[]; readonly terminator: Terminator } {
    const nodes: GoNode[] = [];
    for (;;) {
      const token = this.#next();
      if (token.kind === 'end') return { nodes, terminator: 'end-of-text' };
      if (token.kind === 'text') {
        nodes.push({ kind: 'text', text: token.text });
        continue;
      }
      const word = this.#peekWord();
      if (word === 'end' || word === 'else') {
        this.#skipSpace();
        this.#next();
        if (word === 'end') this.#closeAction('end');
        return { nodes, terminator: word };
      }
      if (word === 'define' && this.#depth === 0) this.#define();
      else nodes.push(this.#action(word));
    }
  }

  #action(word: string | undefined): GoNode {
    if (word === 'break' || word === 'continue') {
      if (this.#rangeDepth === 0) throw this.#error(`{{${word}}} outside {{range}}`);
      this.#skipSpace();
      this.#next();
      this.#closeAction(word);
      return { kind: word };
    }
    if (word !== undefined && BLOCKS.has(word)) {
      this.#skipSpace();
      this.#next();
      return this.#block(word === 'if' ? 'if' : word === 'with' ? 'with' : 'range');
    }
    if (word === 'define') throw this.#error('unexpected <define> in command');
    if (word === 'template') return this.#template();
    if (word === 'block') return this.#blockTemplate();
    return { kind: 'print', pipeline: this.#pipeline('command', 'right') };
  }

  /** `{{define "name"}}` to its `{{end}}`. */
  #define(): void {
    this.#skipSpace();
    this.#next();
    const { name } = this.#name('define clause');
    this.#closeAction('define clause');
    this.#definition(name, 'define clause');
  }

  /** The nodes of a defined template, which has variables of its own. */
  #definition(name: string, context: string): void {
    const [outerVariables, outerRanges] = [this.#variables, this.#rangeDepth];
    [this.#variables, this.#rangeDepth] = [['$'], 0];
    this.#depth++;
    const { nodes, terminator } = this.#list();
    this.#depth--;
    [this.#variables, this.#rangeDepth] = [outerVariables, outerRanges];
    if (terminator === 'end-of-text') throw this.#error('unexpected EOF');
    if (terminator === 'else') throw this.#error(`unexpected {{else}} in ${context}`);
    // A blank definition gives way to another one, in either order.
    const known = this.#definitions.get(name);
    if (known === undefined || isBlank(known)) this.#definitions.set(name, nodes);
    else if (!isBlank(nodes)) throw this.#error(`template: multiple definition of template ${quoteGo(name)}`);
  }

  #template(): GoNode {
    this.#skipSpace();
    this.#next();
    const { name, offset } = this.#name('template clause');
    return this.#templateCall(offset, name, 'template clause');
  }

  #templateCall(offset: number, name: string, context: string): GoNode & { readonly kind: 'template' } {
    this.#skipSpace();
    let pipeline: GoPipeline | undefined;
    if (this.#peek().kind === 'right') this.#next();
    else pipeline = this.#pipeline(context, 'right');
    const source = `{{template ${quoteGo(name)}${pipeline === undefined ? '' : ` ${pipeline.source}`}}}`;
    return { kind: 'template', name, pipeline, source, offset };
  }

  /** `{{block "name" pipeline}}`: a template, defined and run at once. */
  #blockTemplate(): GoNode {
    this.#skipSpace();
    this.#next();
    const { name, offset } = this.#name('block clause');
    const call = this.#templateCall(offset, name, 'block clause');
    if (call.pipeline === undefined) throw this.#error('missing value for block clause');
    this.#definition(name, 'block clause');
    return call;
  }

  /** A template's name, which is a string. */
  #name(context: string): { readonly name: string; readonly offset: number } {
    this.#skipSpace();
    const token = this.#next();
    if (token.kind !== 'string' && token.kind !== 'raw-string') throw this.#unexpected(token, context);
    return { name: String(this.#literal(token)), offset: token.offset };
  }

  /** `if`, `with` or `range`, from after its word to its `{{end}}`. */
  #block(kind: 'if' | 'with' | 'range'): GoNode {
    const outerVariables = this.#variables.length;
    const pipeline = this.#pipeline(kind, 'right');
    this.#depth++;
    if (kind === 'range') this.#rangeDepth++;
    const { nodes: body, terminator } = this.#list();
    if (kind === 'range') this.#rangeDepth--;
    const otherwise = terminator === 'else' ? this.#otherwise(kind) : [];
    this.#depth--;
    if (terminator === 'end-of-text') throw this.#error('unexpected EOF');
    this.#variables.length = outerVariables;
    return { kind, pipeline, body, otherwise };
  }

  /** What follows `{{else`: a list with its `{{end}}`, or a chained `if` (or `with`) that shares the `{{end}}`. */
  #otherwise(kind: 'if' | 'with' | 'range'): readonly GoNode[] {
    const word = this.#peekWord();
    if (word === kind && (word === 'if' || word === 'with')) {
      this.#skipSpace();
      this.#next();
      return [this.#block(word)];
    }
    this.#closeAction('else');
    const { nodes, terminator } = this.#list();
    if (terminator === 'end-of-text') throw this.#error('unexpected EOF');
    if (terminator === 'else') throw this.#error('expected end; found {{else}}');
    return nodes;
  }

  #pipeline(context: string, closing: TokenKind): GoPipeline {
    this.#skipSpace();
    const offset = this.#peek().offset;
    const { variables, isAssignment } = this.#declarations(context);
    const commands: GoCommand[] = [];
    for (;;) {
      this.#skipSpace();
      if (this.#peek().kind === closing) break;
      commands.push(this.#command());
      this.#skipSpace();
      if (this.#peek().kind === 'pipe') this.#next();
      else if (this.#peek().kind !== closing) throw this.#unexpected(this.#peek(), 'command');
    }
    this.#next();
    if (commands.length === 0) throw this.#error(`missing value for ${context}`);
    this.#checkPipeline(commands);
    if (!isAssignment) this.#variables.push(...variables);
    const prefix = variables.length === 0 ? '' : `${variables.join(', ')} ${isAssignment ? '=' : ':='} `;
    const source = prefix + commands.map((command) => command.source).join(' | ');
    return { kind: 'pipeline', variables, isAssignment, commands, source, offset };
  }

  /** Only the first command of a pipeline may be a value: the others must be able to take one. */
  #checkPipeline(commands: readonly GoCommand[]): void {
    for (const [index, command] of commands.entries()) {
      const kind = command.operands[0].kind;
      if (index > 0 && (kind === 'dot' || kind === 'nil' || kind === 'literal')) {
        throw this.#error(`non executable command in pipeline stage ${index + 1}`);
      }
    }
  }

  /** `$a :=`, `$a =` or, in a range, `$a, $b :=`. */
  #declarations(context: string): { readonly variables: readonly string[]; readonly isAssignment: boolean } {
    const start = this.#at;
    const variables: string[] = [];
    for (;;) {
      const token = this.#peek();
      if (token.kind !== 'variable') break;
      this.#next();
      this.#skipSpace();
      variables.push(token.text);
      const after = this.#peek();
      if (after.kind === 'declare' || after.kind === 'assign') {
        this.#next();
        if (after.kind === 'assign') for (const name of variables) this.#checkVariable(name);
        return { variables, isAssignment: after.kind === 'assign' };
      }
      if (after.kind !== 'comma' || context !== 'range' || variables.length > 1) break;
      this.#next();
      this.#skipSpace();
    }
    this.#at = start;
    return { variables: [], isAssignment: false };
  }

  #command(): GoCommand {
    const offset = this.#peek().offset;
    const operands: GoOperand[] = [];
    for (;;) {
      this.#skipSpace();
      const operand = this.#operand();
      if (operand === undefined) break;
      operands.push(operand);
      const after = this.#peek();
      if (after.kind === 'space') continue;
      if (after.kind === 'right' || after.kind === 'right-paren' || after.kind === 'pipe') break;
      throw this.#unexpected(after, 'operand');
    }
    const [first, ...rest] = operands;
    if (first === undefined) throw this.#unexpected(this.#peek(), 'command');
    const source = operands.map((operand) => (operand.kind === 'pipeline' ? `(${operand.source})` : operand.source)).join(' ');
    return { operands: [first, ...rest], source, offset };
  }

  /** A term with the fields that follow it. */
  #operand(): GoOperand | undefined {
    const term = this.#term();
    if (term === undefined) return undefined;
    const fields: Token[] = [];
    while (this.#peek().kind === 'field') fields.push(this.#next());
    const [first] = fields;
    if (first === undefined) return term;
    const names = fields.map((field) => field.text.slice(1));
    const suffix = fields.map((field) => field.text).join('');
    const { offset } = first;
    const source = (term.kind === 'pipeline' ? `(${term.source})` : term.source) + suffix;
    if (term.kind === 'field') return { kind: 'field', names: [...term.names, ...names], source, offset };
    if (term.kind === 'variable') return { kind: 'variable', name: term.name, names: [...term.names, ...names], source, offset };
    if (term.kind === 'dot' || term.kind === 'nil' || term.kind === 'literal') {
      throw this.#error(`unexpected . after term ${quoteGo(term.source)}`);
    }
    return { kind: 'chain', base: term, names, source, offset };
  }

  #term(): GoOperand | undefined {
    const token = this.#peek();
    const { kind, text: source, offset } = token;
    if (!TERM_STARTS.has(kind)) return undefined;
    this.#next();
    if (kind === 'dot') return { kind: 'dot', source, offset };
    if (kind === 'field') return { kind: 'field', names: [source.slice(1)], source, offset };
    if (kind === 'word') return this.#word(token);
    if (kind === 'left-paren') return this.#pipeline('parenthesized pipeline', 'right-paren');
    if (kind !== 'variable') return { kind: 'literal', value: this.#literal(token), source, offset };
    this.#checkVariable(source);
    return { kind: 'variable', name: source, names: [], source, offset };
  }

  #word({ text: name, offset }: Token): GoOperand {
    if (name === 'true' || name === 'false') return { kind: 'literal', value: name === 'true', source: name, offset };
    if (name === 'nil') return { kind: 'nil', source: name, offset };
    if (!this.#isFunction(name)) throw this.#error(`function "${name}" not defined`);
    return { kind: 'function', name, source: name, offset };
  }

  #literal(token: Token): string | number | bigint {
    const value =
      token.kind === 'number'
        ? parseGoNumber(token.text)
        : token.kind === 'char'
          ? parseGoChar(token.text)
          : token.kind === 'string'
            ? parseGoString(token.text)
            : token.text.slice(1, -1);
    if (value !== undefined) return value;
    throw this.#error(token.kind === 'number' ? `bad number syntax: "${token.text}"` : 'invalid syntax');
  }

  #checkVariable(name: string): void {
    if (!this.#variables.includes(name)) throw this.#error(`undefined variable "${name}"`);
  }

  #closeAction(context: string): void {
    this.#skipSpace();
    const token = this.#next();
    if (token.kind !== 'right') throw this.#unexpected(token, context);
  }

  #peekWord(): string | undefined {
    const token = this.#tokens[this.#peek().kind === 'space' ? this.#at + 1 : this.#at];
    return token?.kind === 'word' ? token.text : undefined;
  }

  #skipSpace(): void {
    while (this.#peek().kind === 'space') this.#at++;
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '', offset: this.#text.length };
  }

  #next(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #error(message: string): GoTemplateError {
    return syntaxError(this.#text, this.#peek().offset, message);
  }

  #unexpected(token: Token, context: string): GoTemplateError {
    const found = token.kind === 'end' ? 'EOF' : token.kind === 'dot' ? '<.>' : quoteGo(token.text);
    return syntaxError(this.#text, token.offset, `unexpected ${found} in ${context}`);
  }
}

function isBlank(nodes: readonly GoNode[]): boolean {
  return nodes.every((node) => node.kind === 'text' && node.text.trim() === '');
}
