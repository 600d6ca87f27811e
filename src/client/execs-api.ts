import type { ExecCreateRequest, ExecInspect, ExecStartRequest } from '../wire/index.ts';
import type { Client, HijackedStream } from './client.ts';

/** The calls on commands that run in a container beside its own. All throw {@linkcode ApiError} or {@linkcode UnreachableError}. */
export class ExecsApi {
  readonly #client: Client;

  constructor(client: Client) {
    this.#client = client;
  }

  /** @returns The exec's id. */
  async create(containerId: string, body: ExecCreateRequest): Promise<string> {
    const path = `/containers/${encodeURIComponent(containerId)}/exec`;
    const { Id } = await this.#client.json<{ readonly Id: string }>({ method: 'POST', path, body });
    return Id;
  }

  /** Starts it and takes its streams. */
  async attach(id: string, body: ExecStartRequest): Promise<HijackedStream> {
    return await this.#client.hijack({ method: 'POST', path: `/exec/${id}/start`, body: { ...body, Detach: false } });
  }

  /** Starts it and leaves it alone. */
  async start(id: string, body: ExecStartRequest): Promise<void> {
    await this.#client.send({ method: 'POST', path: `/exec/${id}/start`, body: { ...body, Detach: true } });
  }

  async inspect(id: string): Promise<ExecInspect> {
    return await this.#client.json({ method: 'GET', path: `/exec/${id}/json` });
  }

  async resize(id: string, size: { readonly h: number; readonly w: number }): Promise<void> {
    await this.#client.send({ method: 'POST', path: `/exec/${id}/resize`, query: { ...size } });
  }
}
