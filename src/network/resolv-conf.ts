import { readFile } from 'node:fs/promises';
import { isErrno } from '../base/errors.ts';

const HOST_FILE = '/etc/resolv.conf';
/** Where systemd-resolved keeps the servers that it asks itself. */
const RESOLVED_FILE = '/run/systemd/resolve/resolv.conf';
/** The address on which systemd-resolved listens, on the host's loopback only. */
const RESOLVED_STUB = '127.0.0.53';
/** What Docker falls back to. */
const PUBLIC_SERVERS = ['8.8.8.8', '8.8.4.4'];

/**
 * The host's resolv.conf, for {@linkcode containerResolvConf}: the one behind systemd-resolved where that is the host's only
 * server. Containers on the host's own network take {@linkcode readHostResolvConf} of `isHostNetwork` as it is.
 *
 * @returns '' if the host has none.
 */
export async function readHostResolvConf(isHostNetwork: boolean): Promise<string> {
  const text = (await readIfPresent(HOST_FILE)) ?? '';
  const servers = serversIn(text);
  if (isHostNetwork || servers.length !== 1 || servers[0] !== RESOLVED_STUB) return text;
  return (await readIfPresent(RESOLVED_FILE)) ?? text;
}

/**
 * A container's /etc/resolv.conf in a sandbox of its own, by Docker's rules for networks without a name server of their own:
 * servers on the host's loopback cannot be reached from there, nor can IPv6 ones, and without any other the public ones serve.
 *
 * @param hostText The host's, from {@linkcode readHostResolvConf}.
 */
export function containerResolvConf(hostText: string): string {
  const reachable = serversIn(hostText).filter((server) => !server.startsWith('127.') && !server.includes(':'));
  const servers = reachable.length > 0 ? reachable : PUBLIC_SERVERS;
  const others = linesOf(hostText).filter((words) => words[0] !== 'nameserver');
  // Of several search lists the last counts. resolv.conf(5)
  const lastSearch = others.findLast((words) => words[0] === 'search');
  const kept = others.filter((words) => words[0] !== 'search' || words === lastSearch);
  return [...servers.map((server) => `nameserver ${server}`), ...kept.map((words) => words.join(' ')), ''].join('\n');
}

function serversIn(text: string): readonly string[] {
  return linesOf(text).flatMap(([word, server]) => (word === 'nameserver' && server !== undefined ? [server] : []));
}

/** Lines as words, without comments and empty ones. */
function linesOf(text: string): readonly (readonly string[])[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !/^[#;]/.test(line))
    .map((line) => line.split(/\s+/));
}

async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  }
}
