import type { ContainerCreateRequest } from '../../wire/index.ts';
import type { CommitOptions } from '../backend.ts';
import { checkFields } from '../field-kinds.ts';
import { MAX_JSON_BYTES, parseJson, readBody } from '../json-body.ts';
import { sendJson } from '../respond.ts';
import type { HttpExchange } from '../route.ts';
import { CREATE_KINDS } from './create-kinds.ts';
import { fromHealthConfig } from './health.ts';

type Body = Readonly<Record<string, unknown>>;
type RunConfig = NonNullable<CommitOptions['config']>;

/** `POST /commit` */
export async function commitContainer({ backend, request, response }: HttpExchange): Promise<void> {
  const text = (await readBody(request.message, MAX_JSON_BYTES)).toString('utf8').trim();
  // Docker's client sends `null` where it has no config.
  const body = text === '' || text === 'null' ? undefined : parseJson(text, request.message.headers['content-type']);
  const [repository, tag] = [request.text('repo'), request.text('tag')];
  const id = await backend.containers.commit(request.text('container'), {
    ...(repository === '' ? {} : { reference: tag === '' ? repository : `${repository}:${tag}` }),
    author: request.text('author'),
    message: request.text('comment'),
    changes: request.query.getAll('changes').filter((change) => change.trim() !== ''),
    ...(body === undefined ? {} : { config: toRunConfig(body) }),
    pause: request.query.has('pause') ? request.flag('pause') : true,
  });
  sendJson(response, 201, { Id: id });
}

/** What a config says; the container's own fills the rest. */
function toRunConfig(body: Body): RunConfig {
  const config: ContainerCreateRequest = checkFields(body, CREATE_KINDS);
  return {
    user: config.User ?? '',
    exposedPorts: Object.keys(config.ExposedPorts ?? {}),
    env: config.Env ?? [],
    entrypoint: listOf(config.Entrypoint),
    command: listOf(config.Cmd),
    volumes: Object.keys(config.Volumes ?? {}),
    workingDir: config.WorkingDir ?? '',
    labels: config.Labels ?? {},
    stopSignal: config.StopSignal || undefined,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an object; what is in it is checked there
    healthcheck: fromHealthConfig(config.Healthcheck as Body | undefined),
    shell: config.Shell ?? undefined,
    onBuild: config.OnBuild ?? [],
  };
}

function listOf(value: string | readonly string[] | null | undefined): readonly string[] | undefined {
  return typeof value === 'string' ? [value] : (value ?? undefined);
}
