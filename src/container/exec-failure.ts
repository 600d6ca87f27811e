const EXIT_NOT_FOUND = 127;
const EXIT_NOT_EXECUTABLE = 126;

/** Finds out from the runtime's words why a process could not be run in a container, and the exit code that stands for it. */
export function execFailure(startError: string): { readonly reason: string; readonly exitCode: number } {
  const isMissing = /executable file (?:.* )?not found|no such file or directory/i.test(startError);
  const exitCode = isMissing ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE;
  if (/\bchdir\b/.test(startError)) return { reason: 'exec.failed', exitCode };
  if (isMissing) return { reason: 'exec.command-not-found', exitCode };
  const isForbidden = /permission denied|is a directory|exec format error|open executable/i.test(startError);
  return { reason: isForbidden ? 'exec.command-not-executable' : 'exec.failed', exitCode };
}
