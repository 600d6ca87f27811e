import type { RoutePattern } from './route.ts';

/** A route that fits a request. */
export interface Match<R extends RoutePattern> {
  readonly route: R;
  /** Decoded parts of the path by their names in the template. */
  readonly params: Readonly<Record<string, string>>;
}

/** A path taken apart. */
export interface ParsedTarget {
  /** `1.51` of `/v1.51/…`; `undefined` if the path has no version. */
  readonly version: string | undefined;
  /** Path without version and query. */
  readonly path: string;
  readonly query: URLSearchParams;
}

interface Compiled<R> {
  readonly route: R;
  readonly pattern: RegExp;
}

/** Finds the route for a method and a path. The first that fits wins. */
export class Router<R extends RoutePattern> {
  // By method and first segment, so that a lookup tries a handful of patterns.
  readonly #buckets = new Map<string, Compiled<R>[]>();

  constructor(routes: readonly R[]) {
    for (const route of routes) {
      const key = bucketKey(route.method, route.path);
      const bucket = this.#buckets.get(key) ?? [];
      bucket.push({ route, pattern: compile(route.path) });
      this.#buckets.set(key, bucket);
    }
  }

  /** The route for a request, `undefined` if there is none. */
  match(method: string, path: string): Match<R> | undefined {
    for (const { route, pattern } of this.#buckets.get(bucketKey(method, path)) ?? []) {
      const found = pattern.exec(path);
      if (found === null) continue;
      const params = decodeParams(found.groups ?? {});
      if (params !== undefined) return { route, params };
    }
    return undefined;
  }
}

/** Takes a request's target apart: `/v1.51/containers/json?all=1`. */
export function parseTarget(target: string): ParsedTarget {
  const mark = target.indexOf('?');
  const whole = mark < 0 ? target : target.slice(0, mark);
  const query = new URLSearchParams(mark < 0 ? '' : target.slice(mark + 1));
  const versioned = /^\/v([0-9][0-9.]*)(\/.*)$/.exec(whole);
  return { version: versioned?.[1], path: versioned?.[2] ?? whole, query };
}

function bucketKey(method: string, path: string): string {
  const end = path.indexOf('/', 1);
  return `${method} ${end < 0 ? path : path.slice(0, end)}`;
}

function compile(template: string): RegExp {
  const source = template
    .replace(/[.*+?^$()|[\]\\]/g, String.raw`\$&`)
    .replace(/\{(\w+)\\\.\\\.\\\.\}/g, '(?<$1>.+)')
    .replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
  return new RegExp(`^${source}$`);
}

function decodeParams(groups: Readonly<Record<string, string>>): Record<string, string> | undefined {
  try {
    return Object.fromEntries(Object.entries(groups).map(([name, value]) => [name, decodeURIComponent(value)]));
  } catch {
    return undefined;
  }
}
