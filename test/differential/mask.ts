/** Replaces what differs from run to run and from machine to machine. One for each answer: it numbers what it meets. */
export class Mask {
  readonly #directories: readonly (readonly [string, string])[];
  readonly #numbers = new Map<string, Map<string, number>>();

  /** @param directories What to write for paths that begin with them; the first that fits counts. */
  constructor(directories: readonly (readonly [path: string, name: string])[]) {
    this.#directories = directories;
  }

  /** The text as it would look on any machine at any time. */
  apply(text: string): string {
    let masked = text;
    for (const [path, name] of this.#directories) masked = masked.replaceAll(path, name);
    masked = masked
      .replaceAll(/<state>\/netns\/[0-9a-f]+/g, '<state>/netns/<id>')
      .replaceAll(/("(?:SandboxID|EndpointID)": ?)"[0-9a-f]{64}"/g, '$1"<id>"')
      .replaceAll(/"(?:<root>\/(?:overlay2|layers)\/[^":]+:?)+"/g, '"<layers>"')
      .replaceAll(/\b[0-9a-f]{64}\b/g, (id) => `<id-${this.#number('id', id.slice(0, 12))}>`)
      // As wide as what it stands for: tables stay in line.
      .replaceAll(/\b[0-9a-f]{12}\b/g, (id) => `<id-${String(this.#number('id', id)).padStart(7, '0')}>`)
      .replaceAll(/\b(?:[0-9a-f]{2}:){5}[0-9a-f]{2}\b/g, (mac) => `<mac-${this.#number('mac', mac)}>`)
      .replaceAll(/\b172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+\b/g, (ip) => `<ip-${this.#number('ip', ip)}>`)
      .replaceAll(/\b(?!0001)\d{4}-\d\d-\d\d([T ])\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| ?[-+]\d\d:?\d\d(?: [A-Z]+)?)?/g, '<time>')
      .replaceAll(/%2F[\w%.-]+\.sock\b/g, '<socket>')
      .replaceAll(/docker-import-\d+/g, 'docker-import-<number>')
      .replaceAll(/\b(execDuration(?:=|":"))\d+/g, '$1<number>')
      .replaceAll(/("?(?:time|timeNano|Created|Pid)"?: ?)[1-9]\d+\b/g, '$1<number>')
      .replaceAll(/\b(?:3276[89]|327[7-9]\d|32[89]\d\d|3[3-9]\d{3}|4\d{4}|5\d{4}|6[0-4]\d{3})\b(?=->|"|$)/gm, '<port>');
    masked = masked.replaceAll(DURATION, '<duration>');
    return WIDE.test(masked) ? masked.replaceAll(/ {2,}/g, '   ') : masked;
  }

  #number(kind: string, value: string): number {
    const known = this.#numbers.get(kind) ?? new Map<string, number>();
    this.#numbers.set(kind, known);
    const number = known.get(value) ?? known.size + 1;
    known.set(value, number);
    return number;
  }
}

const DURATION = /\b(?:Less than a second|About an? (?:minute|hour)|\d+ (?:seconds?|minutes?|hours?))\b/g;

/** How long ago, and where a daemon listens, changes the width of columns, so what is between columns is masked with it. */
const WIDE = /<duration>|<socket>/;
