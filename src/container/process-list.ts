import { PierError } from '../base/errors.ts';
import { capture, findProgram } from '../oci/index.ts';
import type { ProcessList } from './container-service.ts';

const DEFAULT_ARGUMENTS = '-ef';

/**
 * Lists the processes with certain pids as `ps` shows them.
 *
 * @param pids The host's.
 * @param psArguments Options of ps(1), separated by blanks. They must keep a column PID.
 * @throws {PierError} `Unavailable` without ps; `InvalidArgument`, reason `container.ps-failed`, facts `{ detail }`; reason `container.ps-without-pid`.
 */
export async function listProcesses(pids: ReadonlySet<number>, psArguments: string): Promise<ProcessList> {
  const ps = findProgram('ps');
  if (ps === undefined)
    throw new PierError('Unavailable', 'Cannot list processes: ps is not installed (on Debian: apt-get install procps)');
  const args = (psArguments === '' ? DEFAULT_ARGUMENTS : psArguments).split(/\s+/).filter((argument) => argument !== '');
  const { code, stdout, stderr } = await capture(ps, args);
  if (code !== 0) {
    const detail = stderr.trim();
    throw new PierError('InvalidArgument', `Cannot list processes: ${detail}`, { reason: 'container.ps-failed', facts: { detail } });
  }
  const [header = '', ...lines] = stdout.split('\n').filter((line) => line !== '');
  const titles = header.split(/\s+/).filter((title) => title !== '');
  const pidColumn = titles.indexOf('PID');
  if (pidColumn === -1) {
    throw new PierError('InvalidArgument', 'Cannot list processes: the output of ps has no column PID', {
      reason: 'container.ps-without-pid',
    });
  }
  const processes = lines.map((line) => splitColumns(line, titles.length)).filter((columns) => pids.has(Number(columns[pidColumn])));
  return { titles, processes };
}

/** The last column, the command, keeps its blanks. */
function splitColumns(line: string, count: number): string[] {
  const words = line.split(/\s+/).filter((word) => word !== '');
  return words.length <= count ? words : [...words.slice(0, count - 1), words.slice(count - 1).join(' ')];
}
