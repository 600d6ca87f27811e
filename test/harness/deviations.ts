/**
 * Places where dockerd 28.5 itself does not keep to the published description of its API.
 * Found by running the end-to-end tests through the validating proxy in front of a real dockerd; pier may deviate there in the
 * same way, because clients are made for what dockerd sends.
 *
 * @module
 */

/** A difference between a response and the description. */
export interface Difference {
  /** `GET /containers/{id}/json`; the plain path where it is not described. */
  readonly operation: string;
  readonly status: number;
  /** JSON pointer into the body with `*` for array indexes; empty for the response as a whole. */
  readonly where: string;
  readonly problem: string;
  /** Version of the description in use: `1.41`, `1.44`, `1.56`. */
  readonly description: string;
}

interface Deviation {
  readonly operation: string | RegExp;
  readonly status?: number;
  readonly where?: string | RegExp;
  readonly problem: RegExp;
  readonly descriptions?: readonly string[];
  /** Why dockerd does it. */
  readonly reason: string;
}

const DEVIATIONS: readonly Deviation[] = [];

/** The known deviation that explains a difference, if there is one. */
export function findDeviation(difference: Difference): string | undefined {
  const matches = (expected: string | RegExp | undefined, found: string): boolean =>
    expected === undefined || (typeof expected === 'string' ? expected === found : expected.test(found));
  return DEVIATIONS.find(
    (known) =>
      matches(known.operation, difference.operation) &&
      (known.status === undefined || known.status === difference.status) &&
      matches(known.where, difference.where) &&
      known.problem.test(difference.problem) &&
      (known.descriptions === undefined || known.descriptions.includes(difference.description)),
  )?.reason;
}
