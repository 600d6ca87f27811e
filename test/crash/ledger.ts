import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import type { TestDaemon } from '../harness/daemon.ts';
import { api, jsonOf, type ApiRequestOptions, type ApiResponse } from '../harness/http.ts';
import { until } from '../harness/until.ts';
import { fileTar } from './small-images.ts';

/** What a client was told of a container. */
export interface KnownContainer {
  readonly id: string;
  /** `undefined` where the client was not told how far it is. */
  readonly status: 'created' | 'running' | 'paused' | 'exited' | undefined;
  /** While it runs. */
  readonly pid?: number;
  readonly exitCode?: number;
  /** As an update set it. */
  readonly pidsLimit?: number;
  /** What a file that was copied in holds. */
  readonly file?: string;
}

/** Where files are copied to. */
const FILE_PATH = '/campaign';

/** A request, the names it may change, and what its acknowledgement promises. */
export interface Act {
  readonly method: string;
  readonly path: string;
  readonly options?: ApiRequestOptions;
  /** Names of containers and `image:` tags that may be either way until the answer is there. */
  readonly touches: readonly string[];
  readonly promises?: (ledger: Ledger, response: ApiResponse) => Promise<void> | void;
}

/** A request that was refused. */
export interface Refusal {
  readonly request: string;
  readonly status: number;
  readonly message: string;
}

/** The part of an inspected container that the tests rely on. */
export interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly HostConfig: { readonly PidsLimit: number | null };
  readonly State: { readonly Status: string; readonly Pid: number; readonly ExitCode: number; readonly Error: string };
}

/** A client that remembers all that it was told, to hold a daemon to it after a crash. */
export class Ledger {
  readonly containers: Map<string, KnownContainer> = new Map();
  readonly tags: Set<string> = new Set();
  /** Touched by a request that was not answered, or not as it should. */
  readonly doubtful: Set<string> = new Set();
  /** Ends that were not reported yet of processes that were started. */
  readonly owed: Map<string, { readonly id: string; readonly exitCode: number }> = new Map();
  /** Refused requests, each of which succeeded when it was sent again. */
  readonly refusals: Refusal[] = [];
  readonly daemon: TestDaemon;

  constructor(daemon: TestDaemon) {
    this.daemon = daemon;
  }

  /** A request past the validating proxy, which would only slow these tests down. */
  async request(method: string, path: string, options?: ApiRequestOptions): Promise<ApiResponse> {
    return await api(this.daemon.directSocket, method, path, options);
  }

  /**
   * Sends a request, once more if it is refused, and notes down what its answer promises.
   *
   * @throws {Error} if the daemon dies of it, or refuses twice.
   */
  async act(act: Act): Promise<ApiResponse> {
    for (const name of act.touches) this.doubtful.add(name);
    let response = await this.request(act.method, act.path, act.options);
    if (isRefused(response)) {
      const request = `${act.method} ${act.path}`;
      this.refusals.push({ request, status: response.status, message: response.body.toString() });
      response = await this.request(act.method, act.path, act.options);
      // What failed after it was done cannot be done again.
      const isDoneAlready = [304, 404, 409].includes(response.status);
      assert.ok(!isRefused(response) || isDoneAlready, `${request} again: ${response.status} ${response.body.toString()}`);
    }
    await act.promises?.(this, response);
    for (const name of act.touches) this.doubtful.delete(name);
    return response;
  }

  async create(name: string, config: object): Promise<void> {
    await this.act({
      method: 'POST',
      path: `/containers/create?name=${name}`,
      options: { json: config },
      touches: [name],
      promises: async (_, response) => {
        const id = response.status === 201 ? jsonOf<{ Id: string }>(response).Id : (await this.inspect(name)).Id;
        this.containers.set(name, { id, status: 'created' });
      },
    });
  }

  /** Posts to a container; afterwards it has the given status, and a pid if that is one of a process. */
  async verb(name: string, verb: string, status: KnownContainer['status'], exitCode?: number): Promise<void> {
    await this.act({
      method: 'POST',
      path: `/containers/${name}/${verb}`,
      touches: [name],
      promises: () => {
        const id = this.containers.get(name)?.id ?? '';
        const { pidsLimit, file } = this.containers.get(name) ?? {};
        const kept = { ...(pidsLimit === undefined ? {} : { pidsLimit }), ...(file === undefined ? {} : { file }) };
        this.containers.set(name, { id, status, ...kept, ...(exitCode === undefined ? {} : { exitCode }) });
      },
    });
    const known = this.containers.get(name);
    if (status === undefined || known === undefined) return;
    const { State } = await this.inspect(name);
    assert.equal(State.Status, status, `${verb} ${name}`);
    if (exitCode !== undefined) assert.equal(State.ExitCode, exitCode, `${verb} ${name}`);
    if (status === 'running' || status === 'paused') this.containers.set(name, { ...known, pid: State.Pid });
  }

  /** Changes the limit of processes. */
  async update(name: string, pidsLimit: number): Promise<void> {
    await this.act({
      method: 'POST',
      path: `/containers/${name}/update`,
      options: { json: { PidsLimit: pidsLimit } },
      touches: [name],
      promises: () => this.#learn(name, { pidsLimit }),
    });
  }

  /** Copies a file in. */
  async copyIn(name: string, text: string): Promise<void> {
    await this.act({
      method: 'PUT',
      path: `/containers/${name}/archive?path=/`,
      options: { body: await fileTar(text, FILE_PATH.slice(1)), headers: { 'content-type': 'application/x-tar' } },
      touches: [name],
      promises: () => this.#learn(name, { file: text }),
    });
  }

  /** Makes an image of a container. */
  async commit(name: string, repo: string, tag: string): Promise<void> {
    await this.act({
      method: 'POST',
      path: `/commit?container=${name}&repo=${repo}&tag=${tag}`,
      // It is paused meanwhile, and that is not told.
      touches: [name, `image:${repo}:${tag}`],
      promises: () => void this.tags.add(`${repo}:${tag}`),
    });
  }

  async rename(from: string, to: string): Promise<void> {
    await this.act({
      method: 'POST',
      path: `/containers/${from}/rename?name=${to}`,
      touches: [from, to],
      promises: () => {
        const known = this.containers.get(from);
        this.containers.delete(from);
        if (known !== undefined) this.containers.set(to, known);
      },
    });
  }

  #learn(name: string, news: Partial<KnownContainer>): void {
    const known = this.containers.get(name);
    if (known !== undefined) this.containers.set(name, { ...known, ...news });
  }

  async remove(name: string): Promise<void> {
    await this.act({
      method: 'DELETE',
      path: `/containers/${name}?force=1`,
      touches: [name],
      promises: () => void this.containers.delete(name),
    });
  }

  /** Brings an image in by a request with an archive. */
  async bringIn(tag: string, path: string, body: Buffer): Promise<void> {
    await this.act({
      method: 'POST',
      path,
      options: { body, headers: { 'content-type': 'application/x-tar' } },
      touches: [`image:${tag}`],
      promises: () => void this.tags.add(tag),
    });
  }

  async tag(from: string, to: string): Promise<void> {
    const [repo = '', tag = ''] = to.split(':');
    await this.act({
      method: 'POST',
      path: `/images/${from}/tag?repo=${repo}&tag=${tag}`,
      touches: [`image:${to}`],
      promises: () => void this.tags.add(to),
    });
  }

  async untag(tag: string): Promise<void> {
    await this.act({
      method: 'DELETE',
      path: `/images/${tag}`,
      touches: [`image:${tag}`],
      promises: () => void this.tags.delete(tag),
    });
  }

  async inspect(name: string): Promise<Inspected> {
    const response = await this.request('GET', `/containers/${name}/json`);
    assert.equal(response.status, 200, `inspect ${name}: ${response.body.toString()}`);
    return jsonOf<Inspected>(response);
  }

  async listContainers(): Promise<readonly { readonly Id: string; readonly Names: readonly string[]; readonly State: string }[]> {
    return jsonOf(await this.request('GET', '/containers/json?all=1'));
  }

  async listTags(): Promise<readonly string[]> {
    const images = jsonOf<{ RepoTags: string[] }[]>(await this.request('GET', '/images/json'));
    return images.flatMap((image) => image.RepoTags).filter((tag) => tag !== '<none>:<none>');
  }

  /** Waits until monitors have recorded a number of ends. */
  async untilRecorded(exitDirectory: string, count: number): Promise<void> {
    const recorded = (): string[] => readdirSync(exitDirectory).filter((name) => /^[0-9a-f]{64}$/.test(name));
    await until(
      () => recorded().length >= count,
      () => `${recorded().length} ends are recorded`,
    );
  }

  /** Waits until the daemon has reported all ends that it owes, with their codes. */
  async assertEndsReported(): Promise<void> {
    for (const [name, { exitCode }] of this.owed) {
      let state = 'nothing';
      const hasEnded = async (): Promise<boolean> => {
        const { State } = await this.inspect(name);
        state = `${State.Status} ${State.ExitCode}`;
        return State.Status === 'exited';
      };
      await until(hasEnded, () => `${name} is ${state}`);
      assert.equal(state, `exited ${exitCode}`, `the end of ${name}`);
      this.containers.set(name, { id: this.owed.get(name)?.id ?? '', status: 'exited', exitCode });
    }
    this.owed.clear();
  }

  /** Fails unless the daemon stands by all that it acknowledged, and holds nothing that nobody asked for. */
  async assertKept(): Promise<void> {
    await this.assertOwnKept();
    const names = (await this.listContainers()).map((container) => container.Names[0]?.slice(1) ?? '');
    for (const name of names) assert.ok(this.containers.has(name) || this.doubtful.has(name), `container ${name} is nobody's`);
    for (const tag of await this.listTags()) {
      assert.ok(this.tags.has(tag) || this.doubtful.has(`image:${tag}`), `image ${tag} is nobody's`);
    }
  }

  /** Fails unless the daemon stands by all that it acknowledged to this client. */
  async assertOwnKept(): Promise<void> {
    for (const [name, known] of this.containers) if (!this.doubtful.has(name)) await this.#assertContainerKept(name, known);
    const tags = new Set(await this.listTags());
    for (const tag of this.tags) assert.ok(tags.has(tag) || this.doubtful.has(`image:${tag}`), `image ${tag} is gone`);
  }

  /** Asks for all that was in doubt when the last daemon died: what is there counts from now on. */
  async settleDoubts(): Promise<void> {
    const tags = new Set(await this.listTags());
    for (const doubt of this.doubtful) {
      if (doubt.startsWith('image:')) {
        const tag = doubt.slice('image:'.length);
        if (tags.has(tag)) this.tags.add(tag);
        else this.tags.delete(tag);
      } else await this.#settleContainer(doubt);
    }
    this.doubtful.clear();
  }

  async #settleContainer(name: string): Promise<void> {
    const response = await this.request('GET', `/containers/${name}/json`);
    if (response.status === 404) {
      this.containers.delete(name);
      return;
    }
    assert.equal(response.status, 200, `inspect ${name}: ${response.body.toString()}`);
    const { Id, State } = jsonOf<Inspected>(response);
    const known = this.containers.get(name);
    const status = STATUSES.find((candidate) => candidate === State.Status);
    assert.ok(status !== undefined, `the status of ${name}, which was touched when the daemon died, is ${State.Status}`);
    if (known !== undefined) assert.equal(Id, known.id, `the id of ${name}`);
    this.containers.set(name, { id: Id, status, ...(State.Pid > 0 ? { pid: State.Pid } : {}) });
  }

  async #assertContainerKept(name: string, known: KnownContainer): Promise<void> {
    const { Id, State, HostConfig } = await this.inspect(name);
    assert.equal(Id, known.id, `the id of ${name}`);
    if (known.pidsLimit !== undefined) assert.equal(HostConfig.PidsLimit, known.pidsLimit, `the limit of ${name}`);
    if (known.file !== undefined) {
      const archive = await this.request('GET', `/containers/${name}/archive?path=${FILE_PATH}`);
      assert.ok(archive.body.toString('latin1').includes(known.file), `the file in ${name} is gone`);
    }
    if (known.status === undefined) return;
    assert.equal(State.Status, known.status, `the status of ${name}`);
    if (known.pid !== undefined) assert.equal(State.Pid, known.pid, `the pid of ${name}`);
    if (known.exitCode !== undefined) assert.equal(State.ExitCode, known.exitCode, `the exit code of ${name}`);
  }
}

const STATUSES = ['created', 'running', 'paused', 'exited'] as const;

function isRefused({ status, body }: ApiResponse): boolean {
  // A stream that began well says at its end that it failed.
  return status >= 400 || (status === 200 && /^\{"error/m.test(body.toString()));
}
