import type { EngineEvent, EventFilter } from './engine-api.ts';

/** How many past events can be had again; Docker keeps as many. */
const REMEMBERED = 256;
/** A listener that is further behind has lost interest: its stream ends. */
const LONGEST_QUEUE = 16_384;

/** Passes events to whoever listens, and remembers the latest. */
export class EventHub {
  readonly #past: EngineEvent[] = [];
  readonly #listeners = new Set<(event: EngineEvent) => void>();

  /** How many listen. */
  get listenerCount(): number {
    return this.#listeners.size;
  }

  publish(event: EngineEvent): void {
    this.#past.push(event);
    if (this.#past.length > REMEMBERED) this.#past.shift();
    for (const listener of this.#listeners) listener(event);
  }

  /** See {@linkcode EventFilter}. Listening begins with the call, not with the first event that is asked for. */
  subscribe(filter: EventFilter = {}): AsyncIterable<EngineEvent> {
    const { sinceNs, untilNs, matches = () => true, signal } = filter;
    const queue: EngineEvent[] =
      sinceNs === undefined
        ? []
        : this.#past.filter((event) => event.timeNs >= sinceNs && event.timeNs <= (untilNs ?? event.timeNs) && matches(event));
    let isEnded = false;
    let wake: (() => void) | undefined;
    const listener = (event: EngineEvent): void => {
      if (!matches(event) || (untilNs !== undefined && event.timeNs > untilNs)) return;
      queue.push(event);
      if (queue.length > LONGEST_QUEUE) end();
      wake?.();
    };
    const end = (): void => {
      isEnded = true;
      this.#listeners.delete(listener);
      wake?.();
    };
    this.#listeners.add(listener);
    signal?.addEventListener('abort', end, { once: true });
    if (signal?.aborted === true) end();
    const timer = untilNs === undefined ? undefined : setTimeout(end, msUntil(untilNs));
    async function* iterate(): AsyncGenerator<EngineEvent> {
      try {
        for (;;) {
          const next = queue.shift();
          if (next !== undefined) yield next;
          else if (isEnded) return;
          else await new Promise<void>((resolve) => (wake = resolve));
        }
      } finally {
        clearTimeout(timer);
        end();
      }
    }
    return iterate();
  }
}

/** Timers take at most 2^31 - 1 ms; a later end is as good as none. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

function msUntil(timeNs: bigint): number {
  return Math.min(Math.max(0, Number(timeNs / 1_000_000n) - Date.now()), LONGEST_TIMER_MS);
}
