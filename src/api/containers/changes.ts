import type { FilesystemChange } from '../../wire/index.ts';
import { sendJson } from '../respond.ts';
import type { HttpExchange } from '../route.ts';

const KINDS = { modified: 0, added: 1, deleted: 2 } as const;

/** `GET /containers/{id}/changes` */
export async function listChanges({ backend, request, response }: HttpExchange): Promise<void> {
  const changes = await backend.containers.changes(request.param('id'));
  const answer = changes.map(({ path, kind }): FilesystemChange => ({ Path: path, Kind: KINDS[kind] }));
  // Docker's answer to no changes at all.
  sendJson(response, 200, answer.length === 0 ? null : answer);
}
