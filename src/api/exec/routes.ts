import type { Duplex } from 'node:stream';
import { findPierError } from '../../base/errors.ts';
import type { ExecCreateRequest, ExecCreateResponse, ExecInspect, ExecStartRequest } from '../../wire/index.ts';
import type { ExecSpec } from '../backend.ts';
import { consoleSizeOf } from '../console-size.ts';
import { dockerError, messageOf } from '../errors.ts';
import { checkFields } from '../field-kinds.ts';
import type { FieldKinds } from '../field-kinds.ts';
import { endConnection } from '../hijack.ts';
import { MAX_JSON_BYTES, parseJson, readJson } from '../json-body.ts';
import { pumpSession } from '../pump-session.ts';
import { resizeOf } from '../resize-query.ts';
import { sendEmpty, sendJson } from '../respond.ts';
import type { HijackExchange, HttpExchange, Route } from '../route.ts';
import { StreamWriter } from '../stream-writer.ts';

/** Commands beside a container's own process. */
export const EXEC_ROUTES: readonly Route[] = [
  { method: 'POST', path: '/containers/{id}/exec', handle: create },
  { method: 'POST', path: '/exec/{id}/start', hijack: start },
  { method: 'GET', path: '/exec/{id}/json', handle: inspect },
  { method: 'POST', path: '/exec/{id}/resize', handle: resize },
];

const CREATE_KINDS: FieldKinds<ExecCreateRequest> = {
  AttachStdin: 'boolean',
  AttachStdout: 'boolean',
  AttachStderr: 'boolean',
  ConsoleSize: 'any',
  DetachKeys: 'string',
  Tty: 'boolean',
  Detach: 'boolean',
  Env: 'strings',
  Cmd: 'command',
  Privileged: 'boolean',
  User: 'string',
  WorkingDir: 'string',
};

const START_KINDS: FieldKinds<ExecStartRequest> = { Detach: 'boolean', Tty: 'boolean', ConsoleSize: 'any' };

async function create({ backend, request, response }: HttpExchange): Promise<void> {
  const body: ExecCreateRequest = checkFields(await readJson(request.message), CREATE_KINDS);
  const ref = request.param('id');
  const spec = toExecSpec(body);
  if (spec.argv.length === 0) throw dockerError('InvalidArgument', 'No exec command specified');
  try {
    const id = await backend.containers.createExec(ref, spec);
    sendJson(response, 201, { Id: id } satisfies ExecCreateResponse);
  } catch (error) {
    if (findPierError(error)?.reason !== 'container.paused') throw error;
    throw dockerError('Conflict', `Container ${ref} is paused, unpause the container before exec`, error);
  }
}

function toExecSpec(body: ExecCreateRequest): ExecSpec {
  return {
    argv: typeof body.Cmd === 'string' ? [body.Cmd] : (body.Cmd ?? []),
    tty: body.Tty ?? false,
    attachStdin: body.AttachStdin ?? false,
    attachStdout: body.AttachStdout ?? false,
    attachStderr: body.AttachStderr ?? false,
    env: body.Env ?? [],
    user: body.User ?? '',
    workingDir: body.WorkingDir ?? '',
    isPrivileged: body.Privileged ?? false,
    // Docker's empty string means the default keys.
    detachKeys: body.DetachKeys === '' ? undefined : (body.DetachKeys ?? undefined),
    consoleSize: consoleSizeOf(body.ConsoleSize),
  };
}

async function start(exchange: HijackExchange): Promise<void> {
  const { backend, request } = exchange;
  const text = (await exchange.readBody(MAX_JSON_BYTES)).toString('utf8');
  const body: ExecStartRequest = text === '' ? {} : checkFields(parseJson(text, request.message.headers['content-type']), START_KINDS);
  const id = request.param('id');
  const { spec } = backend.containers.getExec(id);
  const consoleSize = consoleSizeOf(body.ConsoleSize);
  const detach = body.Detach ?? false;
  let accepted: Duplex | undefined;
  const accept = (): Duplex => (accepted ??= exchange.accept(!spec.tty));
  // Before there is output: clients that read the head into a buffer of their own (docker-py) lose what comes along with it.
  const onSpawned = detach ? undefined : (): void => void accept().on('error', () => undefined);
  try {
    const session = await backend.containers.startExec(id, {
      detach,
      ...(consoleSize && { consoleSize }),
      ...(onSpawned && { onSpawned }),
    });
    if (session === undefined) exchange.decline();
    else await pumpSession(session, accept(), spec.attachStdin);
  } catch (error) {
    // The command cannot be run. Docker tells a client that waits on the stream there, and only then the exit code by inspect.
    if (detach || !isFailureToRun(error)) throw error;
    const connection = accept();
    const writer = new StreamWriter(connection, !spec.tty);
    await writer.write(spec.attachStdout ? 'stdout' : 'stderr', Buffer.from(`${messageOf(error)}\r\n`));
    await writer.flush();
    endConnection(connection);
  }
}

function isFailureToRun(error: unknown): boolean {
  const reason = findPierError(error)?.reason;
  return reason === 'exec.command-not-found' || reason === 'exec.command-not-executable' || reason === 'exec.failed';
}

function inspect({ backend, request, response }: HttpExchange): void {
  const exec = backend.containers.getExec(request.param('id'));
  const { spec } = exec;
  const [entrypoint = '', ...args] = spec.argv;
  const answer: ExecInspect = {
    ID: exec.id,
    Running: exec.isRunning,
    ExitCode: exec.exitCode ?? null,
    ProcessConfig: {
      tty: spec.tty,
      entrypoint,
      arguments: args,
      privileged: spec.isPrivileged,
      ...(spec.user === '' ? {} : { user: spec.user }),
    },
    OpenStdin: spec.attachStdin,
    OpenStderr: spec.attachStderr,
    OpenStdout: spec.attachStdout,
    CanRemove: false,
    ContainerID: exec.containerId,
    DetachKeys: spec.detachKeys ?? '',
    Pid: exec.pid,
  };
  sendJson(response, 200, answer);
}

async function resize({ backend, request, response }: HttpExchange): Promise<void> {
  await backend.containers.resizeExec(request.param('id'), resizeOf(request));
  sendEmpty(response, 200);
}
