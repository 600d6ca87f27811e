/** A step as the daemon tells it; which facts there are depends on the kind. */
export interface ExplainedStep {
  readonly kind: string;
  readonly facts: Readonly<Record<string, unknown>>;
}

/** One line of an explanation. */
export interface ExplainedLine {
  /** Who is asked: `kernel`, `crun`, `disk`. */
  readonly whom: string;
  /** What is asked, in the words of the interface: a system call, a file and its value, a command line. */
  readonly what: string;
  /** What that is good for; empty if it explains itself. */
  readonly why: string;
}
