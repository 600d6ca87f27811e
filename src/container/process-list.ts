import { PierError } from '../base/errors.ts';
import { capture, findProgram } from '../oci/index.ts';
import type { ProcessList } from './container-service.ts';

const DEFAULT_ARGUMENTS = '-ef';

/** Stands for the pid on the lines of a process's threads. */
const NO_PID = '-';

/**
 * Lists the processes with certain pids as `ps` shows them.
 *
 * @param pids The host's.
 * @param psArguments Options of ps(1), separated by blanks. They must keep a column PID.
 * @throws {PierError} `Unavailable` without ps; `InvalidArgument`, reason `container.ps-failed`, facts `{ detail }`; reason
 * `container.ps-without-pid`; reason `container.ps-renames-pid`, facts `{ key, title }`.
 */
export async function listProcesses(pids: ReadonlySet<number>, psArguments: string): Promise<ProcessList> {
  const args = words(psArguments === '' ? DEFAULT_ARGUMENTS : psArguments);
  refuseFalsePids(args);
  const lines = (await runPs(args, pids)).split('\n').filter((line) => line !== '');
  const titles = words(lines[0] ?? '');
  const pidColumn = titles.indexOf('PID');
  if (pidColumn === -1) {
    throw new PierError('InvalidArgument', 'Cannot list processes: the output of ps has no column PID', {
      reason: 'container.ps-without-pid',
    });
  }
  const processes: string[][] = [];
  let isOurs = false;
  for (const line of lines.slice(1)) {
    const columns = splitColumns(line, titles.length);
    const pid = columns[pidColumn];
    if (pid !== NO_PID) isOurs = pids.has(Number(pid));
    if (isOurs) processes.push(columns);
  }
  return { titles, processes };
}

/** Asks for our pids alone, and where an option does not bear that, for what the options say. */
async function runPs(args: readonly string[], pids: ReadonlySet<number>): Promise<string> {
  const ps = findProgram('ps');
  if (ps === undefined)
    throw new PierError('Unavailable', 'Cannot list processes: ps is not installed (on Debian: apt-get install procps)');
  const quick = await capture(ps, [...args, `-q${[...pids].join(',')}`]);
  if (quick.code === 0) return quick.stdout;
  const { code, stdout, stderr } = await capture(ps, args);
  if (code === 0) return stdout;
  const detail = stderr.split('\n', 1)[0] || `exit status ${code}`;
  throw new PierError('InvalidArgument', `Cannot list processes: ${detail}`, { reason: 'container.ps-failed', facts: { detail } });
}

/** Refuses `-o comm=PID`: a column under that name would be taken for pids, and show any process of the host. */
function refuseFalsePids(args: readonly string[]): void {
  for (const [index, word] of args.entries()) {
    const next = args[index + 1] ?? '';
    const split = word.endsWith('=') && next.startsWith('PID') ? word.length - 1 : word.lastIndexOf('=PID');
    const key = word.slice(0, split);
    if (index === 0 || split === -1 || key === 'pid') continue;
    const title = word.slice(split + 1) || next;
    throw new PierError('InvalidArgument', `Cannot list processes: column "${key}" may not be called "${title}"`, {
      reason: 'container.ps-renames-pid',
      facts: { key, title },
    });
  }
}

/** The last column, the command, keeps its words. */
function splitColumns(line: string, count: number): string[] {
  const columns = words(line);
  return columns.length <= count ? columns : [...columns.slice(0, count - 1), columns.slice(count - 1).join(' ')];
}

/** ASCII's blanks alone separate: a process may have any others in its name. */
function words(text: string): string[] {
  return text.split(/[ \t\n\v\f\r]/).filter((word) => word !== '');
}
