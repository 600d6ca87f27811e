import { GoCallError } from './go-call-error.ts';
import { GoTemplateError, lineOf } from './go-template-error.ts';
import { quoteGo } from './go-printf.ts';
import { formatGoValue, goTypeName, GoStruct, isGoList, isGoMap, isTrue, sortedKeys } from './go-value.ts';
import type { GoFunction, GoParameter } from './go-functions.ts';
import type { GoBlock, GoCommand, GoNode, GoOperand, GoPipeline, GoTemplateTree } from './go-template-ast.ts';
import type { GoValue } from './go-value.ts';

/** A template that has been read, and what to run it with. */
export interface TemplateRun {
  readonly text: string;
  readonly tree: GoTemplateTree;
  readonly functions: Readonly<Record<string, GoFunction>>;
  readonly data: GoValue;
  readonly missingKey: 'no-value' | 'error';
}

/**
 * Runs a template.
 *
 * @throws {GoTemplateError} With Go's text, place included.
 */
export function runTemplate(run: TemplateRun): string {
  return new TemplateRunner(run).run();
}

/** Templates that run each other deeper than this are taken for endless. Go's limit would exhaust our stack. */
const MAX_DEPTH = 500;

/** How a list of nodes ended: `break` and `continue` travel up to their `range`. */
type Flow = 'next' | 'break' | 'continue';

/** The value that a pipeline's earlier command hands on; a box, because the value may be Go's missing one. */
interface Piped {
  readonly value: GoValue;
}

/** What an error text points at. */
interface Place {
  readonly source: string;
  readonly offset: number;
}

class TemplateRunner {
  readonly #run: TemplateRun;
  #variables: { readonly name: string; value: GoValue }[];
  /** The templates that are being run, innermost last; the first is the nameless one. */
  readonly #names: string[] = [''];
  #output = '';

  constructor(run: TemplateRun) {
    this.#run = run;
    this.#variables = [{ name: '$', value: run.data }];
  }

  run(): string {
    this.#list(this.#run.tree.nodes, this.#run.data);
    return this.#output;
  }

  #list(nodes: readonly GoNode[], dot: GoValue): Flow {
    for (const node of nodes) {
      const flow = this.#node(node, dot);
      if (flow !== 'next') return flow;
    }
    return 'next';
  }

  #node(node: GoNode, dot: GoValue): Flow {
    if (node.kind === 'break' || node.kind === 'continue') return node.kind;
    if (node.kind === 'text') {
      this.#output += node.text;
      return 'next';
    }
    if (node.kind === 'print') {
      this.#print(node.pipeline, dot);
      return 'next';
    }
    if (node.kind === 'template') {
      this.#template(node, dot);
      return 'next';
    }
    const scope = this.#variables.length;
    const flow = node.kind === 'range' ? this.#range(node, dot) : this.#branch(node, dot);
    this.#variables.length = scope;
    return flow;
  }

  /** Runs a defined template, which sees none of our variables. */
  #template(node: GoNode & { readonly kind: 'template' }, dot: GoValue): void {
    const nodes = this.#run.tree.definitions.get(node.name);
    if (nodes === undefined) throw this.#error(node, `template ${quoteGo(node.name)} not defined`);
    if (this.#names.length > MAX_DEPTH) throw this.#error(node, 'exceeded maximum template depth (100000)');
    const data = node.pipeline === undefined ? undefined : this.#pipeline(node.pipeline, dot);
    const outer = this.#variables;
    this.#variables = [{ name: '$', value: data }];
    this.#names.push(node.name);
    this.#list(nodes, data);
    this.#names.pop();
    this.#variables = outer;
  }

  #print(pipeline: GoPipeline, dot: GoValue): void {
    const value = this.#pipeline(pipeline, dot);
    if (pipeline.variables.length > 0) return;
    this.#output += value === undefined ? '<no value>' : formatGoValue(value);
  }

  #branch(node: GoBlock, dot: GoValue): Flow {
    const value = this.#pipeline(node.pipeline, dot);
    if (isTrue(value)) return this.#list(node.body, node.kind === 'with' ? value : dot);
    return this.#list(node.otherwise, dot);
  }

  #range(node: GoBlock, dot: GoValue): Flow {
    const value = this.#commands(node.pipeline, dot);
    const items = this.#items(value, node.pipeline);
    const scope = this.#variables.length;
    for (const [key, item] of items) {
      this.#setRangeVariables(node.pipeline, key, item);
      const flow = this.#list(node.body, item);
      this.#variables.length = scope;
      if (flow === 'break') break;
    }
    return items.length === 0 ? this.#list(node.otherwise, dot) : 'next';
  }

  #items(value: GoValue, pipeline: GoPipeline): readonly (readonly [GoValue, GoValue])[] {
    if (value === undefined || value === null) return [];
    if (isGoList(value)) return value.map((item, index) => [index, item]);
    if (isGoMap(value)) return sortedKeys(value).map((key) => [key, value[key]]);
    if (typeof value === 'number' && Number.isInteger(value))
      return Array.from({ length: Math.max(value, 0) }, (_, index) => [index, index]);
    throw this.#error(lastPlace(pipeline), `range can't iterate over ${formatGoValue(value)}`);
  }

  #setRangeVariables({ variables, isAssignment }: GoPipeline, key: GoValue, item: GoValue): void {
    const values = variables.length === 1 ? [item] : [key, item];
    for (const [index, name] of variables.entries()) this.#setVariable(name, values[index], isAssignment);
  }

  #pipeline(pipeline: GoPipeline, dot: GoValue): GoValue {
    const value = this.#commands(pipeline, dot);
    for (const name of pipeline.variables) this.#setVariable(name, value, pipeline.isAssignment);
    return value;
  }

  #commands(pipeline: GoPipeline, dot: GoValue): GoValue {
    let piped: Piped | undefined;
    for (const command of pipeline.commands) piped = { value: this.#command(command, dot, piped) };
    return piped?.value;
  }

  #command(command: GoCommand, dot: GoValue, piped: Piped | undefined): GoValue {
    const [first, ...rest] = command.operands;
    const call = { place: first, args: rest, dot, piped };
    if (first.kind === 'function') return this.#function(first.name, { ...call, command });
    if (first.kind === 'field') return this.#fields(dot, first.names, call);
    if (first.kind === 'variable') return this.#fields(this.#variable(first.name), first.names, call);
    if (first.kind === 'chain') return this.#fields(this.#operand(first.base, dot), first.names, call);
    if (first.kind === 'nil') throw this.#error(first, 'nil is not a command');
    if (rest.length > 0 || piped !== undefined) throw this.#error(first, `can't give argument to non-function ${first.source}`);
    return this.#operand(first, dot);
  }

  #operand(operand: GoOperand, dot: GoValue): GoValue {
    if (operand.kind === 'dot') return dot;
    if (operand.kind === 'nil') return null;
    if (operand.kind === 'literal') return operand.value;
    if (operand.kind === 'pipeline') return this.#pipeline(operand, dot);
    return this.#command({ operands: [operand], source: operand.source, offset: operand.offset }, dot, undefined);
  }

  /** Follows a chain of fields; arguments, if any, go to the last. */
  #fields(start: GoValue, names: readonly string[], call: FieldCall): GoValue {
    let value = start;
    const hasArguments = call.args.length > 0 || call.piped !== undefined;
    if (names.length === 0 && hasArguments) throw this.#error(call.place, `can't give argument to non-function ${call.place.source}`);
    for (const [index, name] of names.entries()) {
      value = this.#field(
        value,
        name,
        index === names.length - 1 ? call : { place: call.place, args: [], dot: call.dot, piped: undefined },
      );
    }
    return value;
  }

  #field(receiver: GoValue, name: string, call: FieldCall): GoValue {
    const value = this.#member(receiver, name, call.place);
    if (typeof value === 'function') {
      const args = call.args.map((arg) => {
        // The one method with an argument takes a string.
        if (name === 'Label' && arg.kind === 'literal' && typeof arg.value !== 'string')
          throw this.#error(arg, `expected string; found ${arg.source}`);
        return this.#operand(arg, call.dot);
      });
      try {
        return value(...args, ...(call.piped === undefined ? [] : [call.piped.value]));
      } catch (error) {
        if (!(error instanceof GoCallError)) throw error;
        throw this.#error(call.place, error.message);
      }
    }
    if (call.args.length > 0 || call.piped !== undefined) {
      const given = call.args.length + (call.piped === undefined ? 0 : 1);
      // What is a field here is a method of Docker's where rows are concerned, which have a star in their name.
      if (receiver instanceof GoStruct && receiver.typeName.startsWith('*'))
        throw this.#error(call.place, `wrong number of args for ${name}: want 0 got ${given}`);
      const reason = receiver instanceof GoStruct ? 'has arguments but cannot be invoked as function' : 'is not a method but has arguments';
      throw this.#error(call.place, `${name} ${reason}`);
    }
    return value;
  }

  #member(receiver: GoValue, name: string, place: Place): GoValue {
    const isStrict = this.#run.missingKey === 'error';
    if (isGoMap(receiver)) {
      if (Object.hasOwn(receiver, name)) return receiver[name];
      if (isStrict) throw this.#error(place, `map has no entry for key ${JSON.stringify(name)}`);
      return undefined;
    }
    const holder = receiver instanceof GoStruct ? receiver.holderOf(name) : undefined;
    if (holder !== undefined) return holder.fields.get(name);
    if (receiver === undefined) {
      if (isStrict) throw this.#error(place, `nil data; no entry for key ${JSON.stringify(name)}`);
      return undefined;
    }
    // What is inside decoded JSON has, to Go, the type of the map's or list's elements.
    const typeName = isStrict ? 'interface {}' : goTypeName(receiver);
    if (receiver === null) throw this.#error(place, `nil pointer evaluating ${isStrict ? typeName : 'interface {}'}.${name}`);
    throw this.#error(place, `can't evaluate field ${name} in type ${typeName}`);
  }

  #function(name: string, call: FunctionCall): GoValue {
    const definition = this.#run.functions[name];
    if (definition === undefined) throw this.#error(call.place, `${JSON.stringify(name)} is not a defined function`);
    const given = call.args.length + (call.piped === undefined ? 0 : 1);
    const wanted = definition.parameters.length;
    if (given < wanted || (given > wanted && definition.rest === undefined)) {
      throw this.#error(
        call.place,
        `wrong number of args for ${name}: want ${definition.rest === undefined ? '' : 'at least '}${wanted} got ${given}`,
      );
    }
    if (name === 'and' || name === 'or') return this.#shortCircuit(name === 'or', call);
    const args = call.args.map((arg, index) => this.#argument(arg, definition.parameters[index] ?? definition.rest ?? 'any', call.dot));
    if (call.piped !== undefined) {
      const parameter = definition.parameters[call.args.length] ?? definition.rest ?? 'any';
      args.push(this.#checkType(call.piped.value, parameter, call.place));
    }
    if (name === 'call') {
      const problem = `non-function ${call.args[0]?.source ?? ''} of type ${goTypeName(args[0])}`;
      throw this.#error(call.command, `error calling call: ${problem}`);
    }
    try {
      return definition.call(args, this.#run.missingKey === 'error');
    } catch (error) {
      if (!(error instanceof GoCallError)) throw error;
      throw this.#error(call.command, `error calling ${name}: ${error.message}`);
    }
  }

  #shortCircuit(stopsAt: boolean, call: FunctionCall): GoValue {
    let value: GoValue;
    for (const arg of call.args) {
      value = this.#operand(arg, call.dot);
      if (isTrue(value) === stopsAt) return value;
    }
    return call.piped === undefined ? value : call.piped.value;
  }

  #argument(arg: GoOperand, parameter: GoParameter, dot: GoValue): GoValue {
    if (arg.kind === 'literal' && parameter !== 'any' && !hasType(arg.value, parameter)) {
      const reason =
        parameter === 'strings'
          ? `can't handle ${arg.source} for arg of type []string`
          : `expected ${parameter === 'int' ? 'integer' : parameter}; found ${arg.source}`;
      throw this.#error(arg, reason);
    }
    return this.#checkType(this.#operand(arg, dot), parameter, arg);
  }

  #checkType(value: GoValue, parameter: GoParameter, place: Place): GoValue {
    if (hasType(value, parameter)) return value;
    const wanted = parameter === 'strings' ? '[]string' : parameter;
    if (value === undefined) throw this.#error(place, `invalid value; expected ${wanted}`);
    throw this.#error(place, `wrong type for value; expected ${wanted}; got ${goTypeName(value)}`);
  }

  #variable(name: string): GoValue {
    return this.#variables.findLast((variable) => variable.name === name)?.value;
  }

  #setVariable(name: string, value: GoValue, isAssignment: boolean): void {
    const known = isAssignment ? this.#variables.findLast((variable) => variable.name === name) : undefined;
    if (known === undefined) this.#variables.push({ name, value });
    else known.value = value;
  }

  #error({ source, offset }: Place, message: string): GoTemplateError {
    const { text } = this.#run;
    const column = Buffer.byteLength(text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset));
    const place = `template: :${lineOf(text, offset)}:${column}`;
    return new GoTemplateError('run', `${place}: executing ${quoteGo(this.#names.at(-1) ?? '')} at <${source}>: ${message}`, this.#output);
  }
}

interface FieldCall {
  readonly place: Place;
  readonly args: readonly GoOperand[];
  readonly dot: GoValue;
  readonly piped: Piped | undefined;
}

interface FunctionCall extends FieldCall {
  readonly command: GoCommand;
}

function lastPlace(pipeline: GoPipeline): Place {
  return pipeline.commands.at(-1)?.operands[0] ?? pipeline;
}

function hasType(value: GoValue, parameter: GoParameter): boolean {
  if (parameter === 'string') return typeof value === 'string';
  if (parameter === 'int') return typeof value === 'number' && Number.isInteger(value);
  if (parameter === 'strings') return isGoList(value) && value.every((item) => typeof item === 'string');
  return true;
}
