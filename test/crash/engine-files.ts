import { readdirSync } from 'node:fs';
import type { EngineMarks } from '../harness/leaks.ts';

/** All that an engine's directories hold once every container and image is removed and the engine has ended. */
const ROOT_FILES =
  /^(engine\.lock|pier\.db(-wal|-shm|\.spare)?|containers|layers|layers\/\.trash|blobs|blobs\/sha256|blobs\/ingest|seccomp|seccomp\/[0-9a-f]{64}\.bpf)$/;
const STATE_FILES = /^(lock|c|exits|netns|x|runtimes|runtimes\/\w+)$/;

/** What is in an engine's directories although everything was removed: one line each. */
export function unexpectedFiles({ root, state }: EngineMarks): string[] {
  return [
    ...namesIn(root).flatMap((name) => (ROOT_FILES.test(name) ? [] : [`file ROOT/${name}`])),
    ...namesIn(state).flatMap((name) => (STATE_FILES.test(name) ? [] : [`file STATE/${name}`])),
  ];
}

function namesIn(directory: string): string[] {
  return readdirSync(directory, { recursive: true }).map(String).toSorted();
}
