/** An operand or a pipeline. `source` is how Go writes the node in its error texts. */
export type GoOperand =
  | { readonly kind: 'dot'; readonly source: string; readonly offset: number }
  | { readonly kind: 'nil'; readonly source: string; readonly offset: number }
  | { readonly kind: 'literal'; readonly value: string | boolean | number | bigint; readonly source: string; readonly offset: number }
  | { readonly kind: 'field'; readonly names: readonly string[]; readonly source: string; readonly offset: number }
  | {
      readonly kind: 'variable';
      readonly name: string;
      readonly names: readonly string[];
      readonly source: string;
      readonly offset: number;
    }
  | {
      readonly kind: 'chain';
      readonly base: GoOperand;
      readonly names: readonly string[];
      readonly source: string;
      readonly offset: number;
    }
  | { readonly kind: 'function'; readonly name: string; readonly source: string; readonly offset: number }
  | GoPipeline;

/** One word of a pipeline with its arguments: `index .Labels "a"`. */
export interface GoCommand {
  readonly operands: readonly [GoOperand, ...GoOperand[]];
  readonly source: string;
  readonly offset: number;
}

/** `$a, $b := command | command`. */
export interface GoPipeline {
  readonly kind: 'pipeline';
  /** Variables that it declares or, where `isAssignment`, sets. */
  readonly variables: readonly string[];
  readonly isAssignment: boolean;
  readonly commands: readonly GoCommand[];
  readonly source: string;
  readonly offset: number;
}

/** `{{if}}`, `{{with}}` or `{{range}}`, with its `{{else}}`. */
export interface GoBlock {
  readonly kind: 'if' | 'with' | 'range';
  readonly pipeline: GoPipeline;
  readonly body: readonly GoNode[];
  readonly otherwise: readonly GoNode[];
}

/** A piece of a template that is run for its output. */
export type GoNode =
  | GoBlock
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'print'; readonly pipeline: GoPipeline }
  /** `{{template "name" pipeline}}`. */
  | {
      readonly kind: 'template';
      readonly name: string;
      readonly pipeline: GoPipeline | undefined;
      readonly source: string;
      readonly offset: number;
    }
  | { readonly kind: 'break' }
  | { readonly kind: 'continue' };

/** A template that has been read: its own nodes, and the templates that it defines, by name. */
export interface GoTemplateTree {
  readonly nodes: readonly GoNode[];
  readonly definitions: ReadonlyMap<string, readonly GoNode[]>;
}
