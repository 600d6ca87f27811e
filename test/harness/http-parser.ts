/** First line and headers of an HTTP/1.1 message. */
export interface MessageHead {
  readonly startLine: string;
  /** Lower-case names. */
  readonly headers: ReadonlyMap<string, string>;
}

/** What a parser tells about one direction of a connection. */
export interface ParserEvents {
  /** Says how the body that follows is delimited; `raw` gives the rest of the connection up. */
  readonly onHead: (head: MessageHead) => 'by-headers' | 'none' | 'until-close' | 'raw';
  /** Body bytes, chunked encoding taken off. */
  readonly onBody: (data: Buffer) => void;
  readonly onEnd: () => void;
}

type State = 'head' | 'length' | 'chunk-size' | 'chunk-data' | 'chunk-end' | 'trailer' | 'until-close' | 'raw';

/**
 * Follows the HTTP/1.1 messages of one direction of a connection that someone else carries.
 * It watches only: whatever it makes of the bytes, they have gone on already.
 */
export class HttpParser {
  readonly #events: ParserEvents;
  #buffer: Buffer = Buffer.alloc(0);
  #state: State = 'head';
  #remaining = 0;

  constructor(events: ParserEvents) {
    this.#events = events;
  }

  /** Takes what passed. */
  push(data: Buffer): void {
    if (this.#state === 'raw') return;
    this.#buffer = this.#buffer.length === 0 ? data : Buffer.concat([this.#buffer, data]);
    while (this.#step());
  }

  /** The connection has ended: so has a message that only its end delimits. */
  end(): void {
    if (this.#state === 'until-close') this.#events.onEnd();
    this.#state = 'raw';
  }

  /** One step; false when more bytes are needed. */
  #step(): boolean {
    switch (this.#state) {
      case 'head':
        return this.#head();
      case 'length':
      case 'chunk-data':
        return this.#data();
      case 'chunk-size':
        return this.#withLine((line) => {
          this.#remaining = Number.parseInt(line, 16);
          this.#state = this.#remaining === 0 ? 'trailer' : 'chunk-data';
        });
      case 'chunk-end':
        return this.#withLine(() => {
          this.#state = 'chunk-size';
        });
      case 'trailer':
        return this.#withLine((line) => {
          if (line === '') this.#finish();
        });
      case 'until-close':
        if (this.#buffer.length > 0) this.#events.onBody(this.#buffer);
        this.#buffer = Buffer.alloc(0);
        return false;
      case 'raw':
        this.#buffer = Buffer.alloc(0);
        return false;
    }
  }

  #head(): boolean {
    const end = this.#buffer.indexOf('\r\n\r\n');
    if (end < 0) return false;
    const [startLine = '', ...lines] = this.#buffer.subarray(0, end).toString('latin1').split('\r\n');
    this.#buffer = this.#buffer.subarray(end + 4);
    const headers = new Map(
      lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
    );
    const framing = this.#events.onHead({ startLine, headers });
    if (framing === 'raw' || framing === 'until-close') this.#state = framing;
    else if (framing === 'none') this.#finish();
    else if (/chunked/i.test(headers.get('transfer-encoding') ?? '')) this.#state = 'chunk-size';
    else {
      this.#remaining = Number(headers.get('content-length') ?? 0);
      if (this.#remaining === 0) this.#finish();
      else this.#state = 'length';
    }
    return true;
  }

  #data(): boolean {
    if (this.#buffer.length === 0) return false;
    const piece = this.#buffer.subarray(0, this.#remaining);
    this.#buffer = this.#buffer.subarray(piece.length);
    this.#remaining -= piece.length;
    this.#events.onBody(piece);
    if (this.#remaining > 0) return false;
    if (this.#state === 'length') this.#finish();
    else this.#state = 'chunk-end';
    return true;
  }

  #withLine(act: (line: string) => void): boolean {
    const end = this.#buffer.indexOf('\r\n');
    if (end < 0) return false;
    const line = this.#buffer.subarray(0, end).toString('latin1');
    this.#buffer = this.#buffer.subarray(end + 2);
    act(line);
    return true;
  }

  #finish(): void {
    this.#state = 'head';
    this.#events.onEnd();
  }
}
